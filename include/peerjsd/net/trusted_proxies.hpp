#pragma once

#include "peerjsd/net/client_address.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>

namespace peerjsd::net {

/// The neighbours that are believed when they say for whom they speak.
class TrustedProxies {
 public:
  /// Nobody.
  TrustedProxies() = default;

  /// "false": nobody; "true": whoever connects to us, but nobody whom that one names; or a list, as
  /// in "10.0.0.0/8, ::1". nullopt: it is none of these.
  static std::optional<TrustedProxies> parse(std::string_view text);

  bool trust(const boost::asio::ip::address& neighbour) const;

  /// Who is behind `neighbour`, whom we trust: of the `hops` that a request has come over, as
  /// hops_of() gives them, the last one that is not a trusted proxy itself. What stands before that
  /// one anybody may have written.
  ClientAddress client(const boost::asio::ip::address& neighbour,
                       const std::vector<std::string>& hops) const;

  /// As parse() takes it.
  std::string to_text() const;

 private:
  using Network = std::variant<boost::asio::ip::network_v4, boost::asio::ip::network_v6>;

  static std::optional<Network> parse_network(const std::string& text);
  bool lists(const boost::asio::ip::address& address) const;

  bool anybody_ = false;
  std::vector<Network> networks_;
};

}  // namespace peerjsd::net
