#pragma once

#include "peerjsd/core/client.hpp"

#include <string>
#include <string_view>

#include <boost/asio/ip/address.hpp>

namespace peerjsd::net {

/// Whence a client comes, as far as is known.
struct ClientAddress {
  explicit ClientAddress(const boost::asio::ip::address& address);

  /// What a proxy wrote in place of an address; the group is Unknown.
  static ClientAddress unknown(std::string_view text);

  std::string text;  ///< for logs
  core::AddressGroup group;

 private:
  ClientAddress(std::string with_text, core::AddressGroup in_group);
};

/// IPv4 addresses that came as IPv6 ones (::ffff:192.0.2.1) become IPv4.
boost::asio::ip::address unmapped(const boost::asio::ip::address& address);

/// One IPv4 address, or the /64 of an IPv6 address, is a group of its own. Loopback, private and
/// link-local addresses are Local.
core::AddressGroup address_group(const boost::asio::ip::address& address);

}  // namespace peerjsd::net
