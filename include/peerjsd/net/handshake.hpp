#pragma once

#include "peerjsd/net/http_wire.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace peerjsd::net {

/// RFC 6455 4.2.1, 1 to 4.
bool asks_for_websocket(const HttpRequest& request);

/// What is wrong with the rest of a request for a WebSocket: RFC 6455 4.2.1, 5 and 6, and 11.3.
std::optional<RequestFault> fault_of_handshake(const HttpRequest& request);

/// Whether this can be a client's Sec-WebSocket-Key: 16 bytes in base64 (RFC 6455 4.2.1).
bool is_websocket_key(std::string_view key);

/// The answer that turns the connection into a WebSocket (RFC 6455 4.2.2), without extensions and
/// subprotocols.
std::string switching_protocols(std::string_view key);

}  // namespace peerjsd::net
