#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace peerjsd::net {

/// The versions that clients say they have, each kept once, so that a connection needs one byte for
/// its own.
class ClientVersions {
 public:
  using Number = std::uint8_t;

  static constexpr std::size_t kMostBytes = 32;

  /// 0 if there is none, if it is longer than a version is, or if there are too many others
  /// already.
  Number number_of(std::string_view text);

  /// Empty: none.
  std::string_view text_of(Number number) const;

 private:
  std::vector<std::string> texts_;
};

}  // namespace peerjsd::net
