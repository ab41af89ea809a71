#include "peerjsd/auth/hmac.hpp"

#include <array>
#include <stdexcept>

#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace peerjsd::auth {
namespace {

std::string hmac(const EVP_MD* hash, std::string_view key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned size = 0;
  const auto* const bytes = reinterpret_cast<const unsigned char*>(text.data());
  if (::HMAC(hash, key.data(), static_cast<int>(key.size()), bytes, text.size(), mac.data(),
             &size) == nullptr) {
    throw std::runtime_error("the system's library makes no HMAC");
  }
  return {reinterpret_cast<const char*>(mac.data()), size};
}

}  // namespace

std::string hmac_sha256(std::string_view key, std::string_view text) {
  return hmac(::EVP_sha256(), key, text);
}

std::string hmac_sha1(std::string_view key, std::string_view text) {
  return hmac(::EVP_sha1(), key, text);
}

}  // namespace peerjsd::auth
