#include "peerjsd/auth/turn.hpp"

#include "peerjsd/auth/base64.hpp"

#include <array>

#include <nlohmann/json.hpp>
#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace peerjsd::auth {
namespace {

using Json = nlohmann::ordered_json;

/// Base64 of HMAC-SHA1, which is what TURN servers compute of the user's name.
std::string credential_of(const std::string& secret, const std::string& username) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned size = 0;
  ::HMAC(::EVP_sha1(), secret.data(), static_cast<int>(secret.size()),
         reinterpret_cast<const unsigned char*>(username.data()), username.size(), mac.data(),
         &size);
  return encode_base64({reinterpret_cast<const char*>(mac.data()), size});
}

}  // namespace

std::string ice_servers(const TurnOptions& options, std::string_view user, Time now) {
  using std::chrono::floor;
  using std::chrono::seconds;
  Json stun = Json::array();
  Json turn = Json::array();
  for (const std::string& url : options.urls) {
    (url.starts_with("stun") ? stun : turn).push_back(url);
  }
  const auto expiry = floor<seconds>(now + options.ttl).time_since_epoch().count();
  const std::string username = std::to_string(expiry) + ":" + std::string(user);
  Json servers = Json::array();
  if (!stun.empty()) servers.push_back({{"urls", stun}});
  if (!turn.empty()) {
    servers.push_back({{"urls", turn},
                       {"username", username},
                       {"credential", credential_of(options.secret, username)}});
  }
  const Json all = {{"iceServers", servers}, {"ttl", floor<seconds>(options.ttl).count()}};
  return all.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace peerjsd::auth
