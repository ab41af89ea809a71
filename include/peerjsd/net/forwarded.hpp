#pragma once

#include "peerjsd/net/http_wire.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/ip/address.hpp>

namespace peerjsd::net {

/// For whom the proxies that a request has come over say they forwarded it, the nearest last: the
/// elements of X-Forwarded-For, or if there is no such header, the `for` of those of Forwarded (RFC
/// 7239). An element that does not say it is empty.
std::vector<std::string> hops_of(const HttpRequest& request);

/// The address of one: 192.0.2.1, 192.0.2.1:4711, 2001:db8::1 or [2001:db8::1]:4711. nullopt: it is
/// no address, but a word like unknown.
std::optional<boost::asio::ip::address> address_of_hop(std::string_view hop);

}  // namespace peerjsd::net
