#include "peerjsd/net/trusted_proxies.hpp"

#include "peerjsd/net/forwarded.hpp"

#include <algorithm>

#include <boost/algorithm/string/classification.hpp>
#include <boost/algorithm/string/split.hpp>
#include <boost/algorithm/string/trim.hpp>
#include <boost/range/adaptor/reversed.hpp>

namespace peerjsd::net {

namespace ip = boost::asio::ip;

std::optional<TrustedProxies> TrustedProxies::parse(std::string_view text) {
  TrustedProxies proxies;
  proxies.anybody_ = text == "true";
  if (proxies.anybody_ || text == "false") return proxies;
  std::vector<std::string> items;
  boost::algorithm::split(items, text, boost::algorithm::is_any_of(","));
  for (std::string& item : items) {
    boost::algorithm::trim(item);
    const auto network = parse_network(item);
    if (!network) return std::nullopt;
    proxies.networks_.push_back(*network);
  }
  return proxies;
}

std::optional<TrustedProxies::Network> TrustedProxies::parse_network(const std::string& text) {
  boost::system::error_code error;
  if (text.find('/') == text.npos) {
    const ip::address address = unmapped(ip::make_address(text, error));
    if (error) return std::nullopt;
    if (address.is_v4()) return ip::network_v4(address.to_v4(), 32);
    return ip::network_v6(address.to_v6(), 128);
  }
  const ip::network_v4 v4 = ip::make_network_v4(text, error);
  if (!error) return v4.canonical();
  const ip::network_v6 v6 = ip::make_network_v6(text, error);
  if (!error) return v6.canonical();
  return std::nullopt;
}

bool TrustedProxies::trust(const ip::address& neighbour) const {
  return anybody_ || lists(neighbour);
}

bool TrustedProxies::lists(const ip::address& address) const {
  const ip::address plain = unmapped(address);
  return std::ranges::any_of(networks_, [&plain](const Network& network) {
    if (const auto* const v4 = std::get_if<ip::network_v4>(&network)) {
      return plain.is_v4() && ip::network_v4(plain.to_v4(), v4->prefix_length()).canonical() == *v4;
    }
    const auto& v6 = std::get<ip::network_v6>(network);
    return plain.is_v6() && ip::network_v6(plain.to_v6(), v6.prefix_length()).canonical() == v6;
  });
}

ClientAddress TrustedProxies::client(const ip::address& neighbour,
                                     const std::vector<std::string>& hops) const {
  ip::address nearest = neighbour;
  for (const std::string& hop : boost::adaptors::reverse(hops)) {
    const auto address = address_of_hop(hop);
    if (!address) return ClientAddress::unknown(hop);
    nearest = *address;
    if (!lists(nearest)) break;
  }
  return ClientAddress(nearest);
}

std::string TrustedProxies::to_text() const {
  if (networks_.empty()) return anybody_ ? "true" : "false";
  std::string text;
  for (const Network& network : networks_) {
    if (!text.empty()) text += ", ";
    text += std::visit([](const auto& each) { return each.to_string(); }, network);
  }
  return text;
}

}  // namespace peerjsd::net
