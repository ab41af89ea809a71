#pragma once

#include "peerjsd/core/json.hpp"
#include "peerjsd/net/websocket_codec.hpp"
#include "support/require.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace peerjsd::fuzz {

/// The request that opens a WebSocket.
inline std::string handshake(std::string_view query) {
  return "GET /peerjs?" + std::string(query) +
         " HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
         "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
}

/// A client's frame, masked with zeros. `payload`: up to 64 KiB.
inline std::string client_frame(net::Opcode opcode, std::string_view payload) {
  std::string frame;
  net::append_frame(frame, opcode, payload);
  const std::size_t header = frame.size() - payload.size();
  frame[1] = static_cast<char>(frame[1] | 0x80);
  return frame.insert(header, 4, '\0');
}

struct ServerFrame {
  net::Opcode opcode;
  std::string payload;
};

/// Takes the first frame, if it is there as a whole, off what a server sent after its handshake. It
/// has to be as RFC 6455 5 wants it, and UTF-8 where it is text.
inline std::optional<ServerFrame> take_frame(std::string& bytes) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(bytes[i]); };
  if (bytes.size() < 2) return std::nullopt;
  require((byte(0) & 0xF0) == 0x80, "whole, and no reserved bits");
  const auto opcode = net::Opcode(byte(0) & 0x0F);
  const bool is_control =
      opcode == net::Opcode::Close || opcode == net::Opcode::Ping || opcode == net::Opcode::Pong;
  require(is_control || opcode == net::Opcode::Text, "no frame that servers send");
  require(byte(1) <= (is_control ? 125 : 126), "not masked, short if it is for control");
  std::size_t header = 2;
  std::size_t size = byte(1);
  if (size == 126) {
    header = 4;
    if (bytes.size() < header) return std::nullopt;
    size = std::size_t{byte(2)} << 8 | byte(3);
    require(size >= 126, "the length is minimal");
  }
  if (bytes.size() < header + size) return std::nullopt;
  ServerFrame frame{opcode, bytes.substr(header, size)};
  require(opcode != net::Opcode::Text || core::json::is_valid_utf8(frame.payload), "UTF-8");
  bytes.erase(0, header + size);
  return frame;
}

}  // namespace peerjsd::fuzz
