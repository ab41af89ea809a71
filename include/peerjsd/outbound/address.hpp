#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace peerjsd::outbound {

/// Where another server is.
struct Address {
  std::string host;        ///< a name or an address; of a Unix socket its path
  std::uint16_t port = 0;  ///< 0: of a Unix socket

  bool operator==(const Address&) const = default;
};

/// Reads `HOST[:PORT]`, where a host may be an IPv6 address in brackets, which are left out then.
/// False if it is nothing of the kind.
bool read_address(std::string_view text, std::uint16_t default_port, Address& address);

/// For logs: "10.0.0.1:6379", "[::1]:6379" or "/run/redis.sock".
std::string to_string(const Address& address);

}  // namespace peerjsd::outbound
