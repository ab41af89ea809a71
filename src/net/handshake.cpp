#include "peerjsd/net/handshake.hpp"

#include <algorithm>

#include <boost/beast/websocket/detail/hybi13.hpp>

namespace peerjsd::net {
namespace {

bool is_base64_digit(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
         c == '/';
}

/// Beast's own, from its WebSocket: OpenSSL's SHA1 would cost two megabytes from the first use on,
/// and five times the instructions.
std::string accept_value(std::string_view key) {
  boost::beast::websocket::detail::sec_ws_accept_type value;
  boost::beast::websocket::detail::make_sec_ws_accept(value, {key.data(), key.size()});
  return {value.data(), value.size()};
}

}  // namespace

bool is_websocket_key(std::string_view key) {
  return key.size() == 24 && key.ends_with("==") &&
         std::all_of(key.begin(), key.end() - 2, is_base64_digit);
}

std::string switching_protocols(std::string_view key) {
  return "HTTP/1.1 101 Switching Protocols\r\n"
         "Upgrade: websocket\r\n"
         "Connection: Upgrade\r\n"
         "Sec-WebSocket-Accept: " +
         accept_value(key) + "\r\n\r\n";
}

}  // namespace peerjsd::net
