#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace peerjsd::core {

/// How often something happened, by what it was: an enumeration whose last value is `kLast`.
template <class Kind, Kind kLast>
class CountBy {
 public:
  static constexpr std::size_t kKinds = static_cast<std::size_t>(kLast) + 1;

  void add(Kind kind) { ++counts_[static_cast<std::size_t>(kind)]; }
  std::uint64_t of(Kind kind) const { return counts_[static_cast<std::size_t>(kind)]; }

  bool operator==(const CountBy&) const = default;

 private:
  std::array<std::uint64_t, kKinds> counts_{};
};

}  // namespace peerjsd::core
