#include "peerjsd/core/peer_id.hpp"

#include "peerjsd/core/hex.hpp"

#include <string_view>

namespace peerjsd::core {
namespace {

std::string make_uuid(const RandomSource& random) {
  std::array<std::byte, 16> bytes;
  random(bytes);
  bytes[6] = (bytes[6] & std::byte{0x0f}) | std::byte{0x40};  // version 4
  bytes[8] = (bytes[8] & std::byte{0x3f}) | std::byte{0x80};  // the RFC 4122 variant
  std::string id = to_hex(bytes);
  for (const unsigned place : {20U, 16U, 12U, 8U}) id.insert(place, 1, '-');
  return id;
}

std::string make_token(const RandomSource& random) {
  constexpr std::string_view alphabet = "abcdefghijklmnopqrstuvwxyz0123456789";
  constexpr std::size_t length = 16;
  // Bytes from the last, incomplete run of the alphabet would favour its first characters.
  constexpr std::size_t fair = 256 - 256 % alphabet.size();
  std::string id;
  while (id.size() < length) {
    std::array<std::byte, length> bytes;
    random(bytes);
    for (const std::byte byte : bytes) {
      const auto value = std::to_integer<std::size_t>(byte);
      if (value < fair && id.size() < length) id += alphabet[value % alphabet.size()];
    }
  }
  return id;
}

}  // namespace

std::string make_peer_id(IdFormat format, const RandomSource& random) {
  return format == IdFormat::Uuid ? make_uuid(random) : make_token(random);
}

}  // namespace peerjsd::core
