#pragma once

#include "peerjsd/outbound/address.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace peerjsd::cluster {

/// Where a Redis is, and how to get in.
struct RedisUrl {
  std::vector<outbound::Address> addresses;  ///< at least one
  std::string user;                          ///< empty: Redis' default user
  std::string password;                      ///< secret; empty: none
  unsigned database = 0;
  bool has_tls = false;

  bool operator==(const RedisUrl&) const = default;
};

/// redis://[[user]:password@]host[:port][,host[:port]]...[/database], where a host may be an IPv6
/// address in brackets; the same with rediss:// for TLS; or unix://[[user]:password@]/path
/// [?db=database]. User and password are escaped as in any URL. Nothing if it is no such URL.
std::optional<RedisUrl> parse_redis_url(std::string_view text);

}  // namespace peerjsd::cluster
