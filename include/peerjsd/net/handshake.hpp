#pragma once

#include <string>
#include <string_view>

namespace peerjsd::net {

/// Whether this can be a client's Sec-WebSocket-Key: 16 bytes in base64 (RFC 6455 4.2.1).
bool is_websocket_key(std::string_view key);

/// The answer that turns the connection into a WebSocket (RFC 6455 4.2.2), without extensions and
/// subprotocols.
std::string switching_protocols(std::string_view key);

}  // namespace peerjsd::net
