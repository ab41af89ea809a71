#pragma once

#include "peerjsd/core/client.hpp"

#include <string_view>

namespace peerjsd::net {

/// One IPv4 address, or the /64 of an IPv6 address, is a group of its own. Loopback, private and
/// link-local addresses are Local. What is no address is Unknown.
core::AddressGroup address_group(std::string_view address);

}  // namespace peerjsd::net
