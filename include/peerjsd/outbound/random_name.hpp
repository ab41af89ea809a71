#pragma once

#include "peerjsd/core/hex.hpp"

#include <array>
#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>

#include <openssl/rand.h>

namespace peerjsd::outbound {

/// So many random bytes, in hexadecimal digits. Throws if the system has none.
template <std::size_t kBytes>
std::string random_name() {
  std::array<unsigned char, kBytes> bytes{};
  if (::RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
    throw std::runtime_error("no random bytes can be had");
  }
  return core::to_hex(std::as_bytes(std::span(bytes)));
}

}  // namespace peerjsd::outbound
