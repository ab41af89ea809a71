#include "peerjsd/net/client_address.hpp"

#include "peerjsd/core/log_text.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace peerjsd::net {
namespace {

namespace ip = boost::asio::ip;
using core::AddressGroup;

struct Network {
  std::uint32_t prefix;
  unsigned length;
};

constexpr std::array<Network, 6> kLocalNetworks = {{
    {0x00000000, 8},   // this host
    {0x0A000000, 8},   // RFC 1918
    {0x7F000000, 8},   // loopback
    {0xA9FE0000, 16},  // link-local
    {0xAC100000, 12},  // RFC 1918
    {0xC0A80000, 16},  // RFC 1918
}};

AddressGroup group_of(const ip::address_v4& address) {
  const std::uint32_t number = address.to_uint();
  const bool is_local = std::ranges::any_of(kLocalNetworks, [number](const Network& network) {
    return number >> (32 - network.length) == network.prefix >> (32 - network.length);
  });
  // No global /64 begins with sixteen zeros.
  return is_local ? AddressGroup::Local : AddressGroup{std::uint64_t{1} << 32 | number};
}

AddressGroup group_of(const ip::address_v6& address) {
  const auto bytes = address.to_bytes();
  const bool is_unique_local = (bytes[0] & 0xFE) == 0xFC;  // RFC 4193
  if (address.is_loopback() || address.is_link_local() || is_unique_local) {
    return AddressGroup::Local;
  }
  std::uint64_t network = 0;
  for (std::size_t i = 0; i < 8; ++i) network = network << 8 | bytes[i];
  return AddressGroup{network};
}

}  // namespace

ip::address unmapped(const ip::address& address) {
  if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return address;
  return ip::make_address_v4(ip::v4_mapped, address.to_v6());
}

AddressGroup address_group(const ip::address& address) {
  const ip::address plain = unmapped(address);
  return plain.is_v4() ? group_of(plain.to_v4()) : group_of(plain.to_v6());
}

ClientAddress::ClientAddress(const ip::address& address)
    : ClientAddress(unmapped(address).to_string(), address_group(address)) {}

ClientAddress::ClientAddress(std::string with_text, AddressGroup in_group)
    : text(std::move(with_text)), group(in_group) {}

ClientAddress ClientAddress::unknown(std::string_view text) {
  return {core::log_text(text.empty() ? "unknown" : text), AddressGroup::Unknown};
}

}  // namespace peerjsd::net
