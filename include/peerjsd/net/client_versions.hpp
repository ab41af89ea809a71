#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace peerjsd::net {

/// The versions that connected clients say they have, each kept once, so that a connection needs
/// one byte for its own.
class ClientVersions {
 public:
  using Number = std::uint8_t;

  static constexpr std::size_t kMostBytes = 32;

  /// For one more client. 0 if there is none, if it is longer than a version is, or if clients have
  /// too many others at this time.
  Number acquire(std::string_view text);

  /// One client that had acquired it has gone.
  void release(Number number);

  /// Empty: none.
  std::string_view text_of(Number number) const;

 private:
  struct Version {
    std::string text;
    std::uint32_t clients = 0;  ///< 0: free for another
  };

  std::vector<Version> versions_;
};

}  // namespace peerjsd::net
