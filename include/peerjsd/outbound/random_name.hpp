#pragma once

#include <array>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>

#include <openssl/rand.h>

namespace peerjsd::outbound {

/// So many random bytes, in hexadecimal digits. Throws if the system has none.
template <std::size_t kBytes>
std::string random_name() {
  constexpr std::string_view digits = "0123456789abcdef";
  std::array<unsigned char, kBytes> bytes{};
  if (::RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
    throw std::runtime_error("no random bytes can be had");
  }
  std::string name;
  for (const unsigned char byte : bytes) name += {digits[byte >> 4U], digits[byte & 0xfU]};
  return name;
}

}  // namespace peerjsd::outbound
