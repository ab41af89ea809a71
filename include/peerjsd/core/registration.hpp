#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <tuple>

namespace peerjsd::core {

/// Tells registrations apart: an id that is registered anew is another peer.
struct Registration {
  /// On this node. One with its highest bit set stands for a peer of another node.
  std::uint64_t number = 0;

  /// Says on every node whose it is: see mark_of().
  std::uint32_t mark = 0;

  bool operator==(const Registration&) const = default;
  bool operator<(const Registration& other) const {
    return std::tie(number, mark) < std::tie(other.number, other.mark);
  }
};

inline constexpr std::uint64_t kRegisteredElsewhere = std::uint64_t{1} << 63;

constexpr bool is_elsewhere(Registration registration) {
  return (registration.number & kRegisteredElsewhere) != 0;
}

/// The same on every node for the same token, and as good as never for another one. Of 32 bits, so
/// that who sees it on its way between nodes cannot find the token out.
std::uint32_t mark_of(std::string_view key, std::string_view id, std::string_view token);

}  // namespace peerjsd::core

template <>
struct std::hash<peerjsd::core::Registration> {
  std::size_t operator()(const peerjsd::core::Registration& registration) const noexcept {
    return std::hash<std::uint64_t>()(registration.number);
  }
};
