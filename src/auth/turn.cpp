#include "peerjsd/auth/turn.hpp"

#include "peerjsd/auth/base64.hpp"
#include "peerjsd/auth/hmac.hpp"

#include <nlohmann/json.hpp>

namespace peerjsd::auth {
namespace {

using Json = nlohmann::ordered_json;

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
                       {"credential", encode_base64(hmac_sha1(options.secret, username))}});
  }
  const Json all = {{"iceServers", servers}, {"ttl", floor<seconds>(options.ttl).count()}};
  return all.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace peerjsd::auth
