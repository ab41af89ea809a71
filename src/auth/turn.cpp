#include "peerjsd/auth/turn.hpp"

#include "peerjsd/auth/base64.hpp"
#include "peerjsd/auth/hmac.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace peerjsd::auth {
namespace {

using Json = nlohmann::ordered_json;

/// RFC 8489 14.3: a USERNAME has fewer than 509 bytes.
constexpr std::size_t kMostNameBytes = 508;

/// coturn (4.6) refuses names in which it suspects an attack on its database.
bool is_secure(std::string_view user) {
  const auto is_suspect = [](char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == '\'' || c == '"' || c == '\\';
  };
  if (std::ranges::any_of(user, is_suspect)) return false;
  std::string lower(user);
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return lower.find("union") == lower.npos || lower.find("select") == lower.npos;
}

/// Whoever may connect may have credentials, whatever its id is; and all that a TURN server needs
/// is that one user always has the same name, and no other user of the same issuer has it. So where
/// a name would be too long, or not be taken, a digest stands for the user: one with the secret, so
/// that who reads the name cannot try out whose it is.
std::string username_of(const TurnOptions& options, std::string_view user, Time now) {
  using std::chrono::floor;
  using std::chrono::seconds;
  const auto expiry = floor<seconds>(now + options.ttl).time_since_epoch().count();
  const std::string begin = std::to_string(expiry) + ":";
  const bool fits = begin.size() + user.size() <= kMostNameBytes;
  return begin + (fits && is_secure(user) ? std::string(user)
                                          : encode_base64(hmac_sha256(options.secret, user)));
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
  const std::string username = username_of(options, user, now);
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
