#pragma once

#include "peerjsd/auth/key_set.hpp"
#include "peerjsd/core/client.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

// Signed tokens: JWTs (RFC 7519) in compact serialisation (RFC 7515 3.1), which clients of PeerJS
// send as their ordinary `token`. The signature is OpenSSL's to verify; the libraries for JWTs that
// Debian 12 has (libjwt 1.10, cpp-jwt 1.4) know neither EdDSA nor sets of keys (JWK, RFC 7517).
namespace peerjsd::auth {

using Time = std::chrono::sys_time<std::chrono::milliseconds>;

/// What a token has to say to be taken. Lists that are empty ask nothing.
struct TokenRules {
  std::vector<std::string> issuers;
  std::vector<std::string> audiences;
  std::chrono::milliseconds leeway{};  ///< between the clocks of who signs and this server
};

/// What a peer may do besides being connected.
struct Permissions {
  core::Rights rights{};
  bool may_list = true;  ///< see the ids of the connected peers

  bool operator==(const Permissions&) const = default;
};

/// Whoever holds a token, and what it lets them do.
struct Grant {
  std::string subject;
  /// The same for two tokens of one issuer and subject, and for no others.
  std::string owner;
  std::vector<std::string> ids;   ///< patterns: * stands for any characters
  std::vector<std::string> keys;  ///< empty: any of the server's
  std::uint32_t limit = 0;        ///< see core::Client::owner_limit
  Permissions may;
  Time expiry;  ///< without leeway

  bool covers_id(std::string_view id) const;
  bool covers_key(std::string_view key) const;
};

enum class TokenFault : std::uint8_t {
  Invalid,  ///< not one of ours: malformed, or not signed by a key that counts
  Expired,
  NotYet,
  NotForUs,  ///< another issuer or audience
};

/// What a client may know of it: no more than that.
std::string_view to_string(TokenFault fault);

/// Why a token is not taken; `detail` is for the operator, and has nothing of the token but names.
struct TokenRefusal {
  TokenFault fault;
  std::string detail;
};

/// Verifies a token and reads what it says. Claims of RFC 7519: `sub` and `exp` have to be there;
/// `nbf`, `iss` and `aud` count if they are there, or are asked for. The claim `peerjs`, an object,
/// may have more: `id`, a text or a list of them, the ids instead of `sub` (* stands for any
/// characters, {sub} for the subject); `key`, the keys for which it is good, word for word;
/// `limit`, a number; and `may`, a list of `call`, `answer` and `list`.
std::variant<Grant, TokenRefusal> verify_token(std::string_view token, const KeySet& keys,
                                               const TokenRules& rules, Time now);

}  // namespace peerjsd::auth
