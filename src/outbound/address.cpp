#include "peerjsd/outbound/address.hpp"

#include "peerjsd/core/number.hpp"

namespace peerjsd::outbound {
namespace {

bool is_host(std::string_view host) {
  constexpr std::string_view others = ".-_:";
  if (host.empty()) return false;
  for (const char c : host) {
    const bool is_word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!is_word && others.find(c) == std::string_view::npos) return false;
  }
  return true;
}

bool read_port(std::string_view text, std::uint16_t& port) {
  return core::read_number(text, port) && port != 0;
}

}  // namespace

bool read_address(std::string_view text, std::uint16_t default_port, Address& address) {
  const bool is_bracketed = text.starts_with('[');
  const std::size_t end = is_bracketed ? text.find(']') : text.find(':');
  if (is_bracketed && end == std::string_view::npos) return false;
  address.port = default_port;
  address.host = is_bracketed ? text.substr(1, end - 1) : text.substr(0, end);
  if (!is_host(address.host)) return false;
  const std::string_view rest =
      end == std::string_view::npos ? std::string_view() : text.substr(end + is_bracketed);
  return rest.empty() || (rest.starts_with(':') && read_port(rest.substr(1), address.port));
}

std::string to_string(const Address& address) {
  if (address.port == 0) return address.host;
  const bool is_ipv6 = address.host.find(':') != std::string::npos;
  return (is_ipv6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

}  // namespace peerjsd::outbound
