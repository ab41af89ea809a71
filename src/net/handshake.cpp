#include "peerjsd/net/handshake.hpp"

#include "peerjsd/net/request_rules.hpp"

#include <algorithm>

#include <boost/beast/http/field.hpp>
#include <boost/beast/http/verb.hpp>
#include <boost/beast/websocket/detail/hybi13.hpp>

namespace peerjsd::net {
namespace {

using boost::beast::http::field;
using boost::beast::http::verb;

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

bool asks_for_websocket(const HttpRequest& request) {
  return request.version() >= 11 && request.method() == verb::get &&
         lists(request, field::connection, "upgrade") &&
         lists(request, field::upgrade, "websocket");
}

std::optional<RequestFault> fault_of_handshake(const HttpRequest& request) {
  if (request.count(field::sec_websocket_version) > 1 ||
      request.count(field::sec_websocket_key) > 1) {
    return RequestFault{400, "A Sec-WebSocket header must not come twice"};
  }
  if (request[field::sec_websocket_version] != "13") {
    return RequestFault{426, "Sec-WebSocket-Version must be 13"};
  }
  if (!is_websocket_key(view(request[field::sec_websocket_key]))) {
    return RequestFault{400, "Sec-WebSocket-Key must be 16 bytes in base64"};
  }
  if (request.count(field::transfer_encoding) > 0 || !request.body().empty()) {
    return RequestFault{400, "A request for a WebSocket has no body"};
  }
  return std::nullopt;
}

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
