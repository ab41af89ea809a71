#include "peerjsd/hooks/signature.hpp"

#include "peerjsd/auth/base64.hpp"

#include <algorithm>
#include <array>

#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace peerjsd::hooks {
namespace {

constexpr std::string_view kPrefix = "whsec_";

/// RFC 4648 4, with or without padding.
std::optional<std::string> decode_base64(std::string_view text) {
  std::string url(text.substr(0, text.find_last_not_of('=') + 1));
  std::ranges::replace(url, '+', '-');
  std::ranges::replace(url, '/', '_');
  return auth::decode_base64url(url);
}

std::string mac_of(std::string_view key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned size = 0;
  ::HMAC(::EVP_sha256(), key.data(), static_cast<int>(key.size()),
         reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac.data(), &size);
  return {reinterpret_cast<const char*>(mac.data()), size};
}

}  // namespace

std::optional<std::string> webhook_key(std::string_view secret) {
  if (!secret.starts_with(kPrefix)) return std::string(secret);
  return decode_base64(secret.substr(kPrefix.size()));
}

WebClient::Headers signed_headers(std::string_view key, std::string_view id,
                                  std::chrono::sys_seconds time, std::string_view body) {
  const std::string timestamp = std::to_string(time.time_since_epoch().count());
  std::string text(id);
  text.append(".").append(timestamp).append(".").append(body);
  return {{"webhook-id", std::string(id)},
          {"webhook-timestamp", timestamp},
          {"webhook-signature", "v1," + auth::encode_base64(mac_of(key, text))}};
}

}  // namespace peerjsd::hooks
