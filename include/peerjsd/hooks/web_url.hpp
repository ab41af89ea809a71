#pragma once

#include "peerjsd/outbound/address.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace peerjsd::hooks {

/// Where a service is that speaks HTTP.
struct WebUrl {
  outbound::Address address;
  bool has_tls = false;
  std::string authority;  ///< for the Host header, as it stands in the URL
  std::string target;     ///< path and query

  bool operator==(const WebUrl&) const = default;
};

/// http://host[:port][/path][?query] or the same with https. Nothing if it is no such URL; one with
/// a user or a fragment is none.
std::optional<WebUrl> parse_web_url(std::string_view text);

}  // namespace peerjsd::hooks
