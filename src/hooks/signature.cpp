#include "peerjsd/hooks/signature.hpp"

#include "peerjsd/auth/base64.hpp"
#include "peerjsd/auth/hmac.hpp"

namespace peerjsd::hooks {
namespace {

constexpr std::string_view kPrefix = "whsec_";
constexpr std::size_t kFewestBytes = 24;  // Standard Webhooks

}  // namespace

std::optional<std::string> webhook_key(std::string_view secret) {
  if (!secret.starts_with(kPrefix)) return std::string(secret);
  const auto key = auth::decode_base64(secret.substr(kPrefix.size()));
  return key && key->size() >= kFewestBytes ? key : std::nullopt;
}

WebClient::Headers signed_headers(std::string_view key, std::string_view id,
                                  std::chrono::sys_seconds time, std::string_view body) {
  const std::string timestamp = std::to_string(time.time_since_epoch().count());
  std::string text(id);
  text.append(".").append(timestamp).append(".").append(body);
  return {{"webhook-id", std::string(id)},
          {"webhook-timestamp", timestamp},
          {"webhook-signature", "v1," + auth::encode_base64(auth::hmac_sha256(key, text))}};
}

}  // namespace peerjsd::hooks
