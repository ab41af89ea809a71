#include "peerjsd/auth/token.hpp"

#include "peerjsd/auth/base64.hpp"
#include "peerjsd/auth/terms.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include <nlohmann/json.hpp>

namespace peerjsd::auth {
namespace {

using Json = nlohmann::json;
using std::chrono::milliseconds;

/// Thrown and caught in this file only: so each claim is read where it is used.
struct Refused {
  TokenRefusal refusal;
};

[[noreturn]] void refuse(TokenFault fault, std::string detail) {
  throw Refused{{fault, std::move(detail)}};
}
[[noreturn]] void refuse(std::string detail) {
  refuse(TokenFault::Invalid, std::move(detail));
}

struct Parts {
  std::string_view header;
  std::string_view payload;
  std::string_view signature;
  std::string_view signed_text;  ///< the first two, as they stand there
};

Parts split(std::string_view token) {
  const std::size_t first = token.find('.');
  const std::size_t second = first == token.npos ? token.npos : token.find('.', first + 1);
  if (second == token.npos || token.find('.', second + 1) != token.npos) {
    refuse("it is no signed token");
  }
  return {token.substr(0, first), token.substr(first + 1, second - first - 1),
          token.substr(second + 1), token.substr(0, second)};
}

Json object_of(std::string_view part, const char* name) {
  const auto text = decode_base64url(part);
  Json json = text ? Json::parse(*text, nullptr, false) : Json();
  if (!json.is_object()) refuse(std::string("its ") + name + " is no JSON object in base64url");
  return json;
}

/// A member that is a text, or nothing if there is none.
std::optional<std::string> text_of(const Json& json, const char* name) {
  const auto found = json.find(name);
  if (found == json.end()) return std::nullopt;
  if (!found->is_string()) refuse(std::string(name) + " is no text");
  return found->get<std::string>();
}

/// One text, or a list of them.
std::vector<std::string> texts_of(const Json& json, const char* name) {
  const auto found = json.find(name);
  if (found == json.end()) return {};
  if (found->is_string()) return {found->get<std::string>()};
  const auto is_text = [](const Json& each) { return each.is_string(); };
  if (!found->is_array() || !std::ranges::all_of(*found, is_text)) {
    refuse(std::string(name) + " is neither a text nor a list of texts");
  }
  return found->get<std::vector<std::string>>();
}

/// A NumericDate, which may have a fraction. What is beyond all reason was meant for another unit,
/// and would be good for ever.
std::optional<Time> time_of(const Json& json, const char* name) {
  const auto found = json.find(name);
  if (found == json.end()) return std::nullopt;
  if (!found->is_number()) refuse(std::string(name) + " is no number");
  constexpr double limit = 1e11;  // the year 5138; as milliseconds, 1973
  const double said = found->get<double>();
  if (said > limit) refuse(std::string(name) + " is not in seconds");
  const double seconds = std::max(said, -limit);
  return Time(milliseconds(std::llround(seconds * 1000)));
}

void check_signature(const Parts& parts, const KeySet& keys) {
  const Json header = object_of(parts.header, "header");
  // RFC 7515 4.1.11: what must be understood, and is not.
  if (header.contains("crit")) refuse("its header has crit");
  const auto algorithm = text_of(header, "alg");
  if (!algorithm) refuse("its header has no alg");
  const auto signature = decode_base64url(parts.signature);
  if (!signature || signature->empty()) refuse("its signature is no base64url");
  const auto candidates = keys.find(*algorithm, text_of(header, "kid"));
  if (candidates.empty()) refuse("there is no key of its alg and kid");
  const bool is_signed = std::ranges::any_of(
      candidates, [&](const Key* key) { return key->verifies(parts.signed_text, *signature); });
  if (!is_signed) refuse("its signature is not that of a key");
}

bool share_one(const std::vector<std::string>& some, const std::vector<std::string>& others) {
  return std::ranges::find_first_of(some, others) != some.end();
}

void check_origin(const Json& claims, const TokenRules& rules) {
  const auto issuer = text_of(claims, "iss");
  if (!rules.issuers.empty() && (!issuer || !share_one({*issuer}, rules.issuers))) {
    refuse(TokenFault::NotForUs, "its iss is not one of --auth_issuer");
  }
  // RFC 7519 4.1.3: who is not named by it has to refuse a token that names somebody.
  const bool names_somebody = claims.contains("aud");
  if ((names_somebody || !rules.audiences.empty()) &&
      !share_one(texts_of(claims, "aud"), rules.audiences)) {
    refuse(TokenFault::NotForUs, "its aud has none of --auth_audience");
  }
}

Time check_times(const Json& claims, const TokenRules& rules, Time now) {
  const auto expiry = time_of(claims, "exp");
  if (!expiry) refuse("it has no exp");
  if (now >= *expiry + rules.leeway) refuse(TokenFault::Expired, "it has expired");
  const auto start = time_of(claims, "nbf");
  if (start && now < *start - rules.leeway) refuse(TokenFault::NotYet, "its nbf is to come");
  return *expiry;
}

std::string owner_of(const Json& claims) {
  return Json::array({claims.value("iss", ""), claims.at("sub")})
      .dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// With the subject in the place of {sub}, where its own characters stand for themselves only.
std::string filled_in(std::string pattern, const std::string& subject) {
  constexpr std::string_view place = "{sub}";
  for (std::size_t at = pattern.find(place); at != pattern.npos;
       at = pattern.find(place, at + subject.size())) {
    if (subject.find('*') != subject.npos) refuse("its sub has a *, and stands in a pattern");
    pattern.replace(at, place.size(), subject);
  }
  return pattern;
}

/// Of which there is at least one, if there is a list at all.
std::vector<std::string> names_of(const Json& own, const char* name) {
  std::vector<std::string> names = texts_of(own, name);
  if (names.empty() && own.contains(name)) refuse(std::string(name) + " is an empty list");
  return names;
}

Permissions permissions_of(const Json& own) {
  const auto found = own.find("may");
  if (found == own.end()) return {};
  const auto may = read_permissions(*found);
  if (!may) refuse("may is neither one of call, answer and list nor a list of them");
  return *may;
}

std::uint32_t limit_of(const Json& own) {
  const auto found = own.find("limit");
  if (found == own.end()) return 0;
  const auto limit = read_limit(*found);
  if (!limit) refuse("limit is no whole number from 1 on");
  return *limit;
}

Grant grant_of(const Json& claims, Time expiry) {
  Grant grant;
  const auto subject = text_of(claims, "sub");
  if (!subject || subject->empty()) refuse("it has no sub");
  grant.subject = *subject;
  grant.owner = owner_of(claims);
  grant.expiry = expiry;
  const auto found = claims.find("peerjs");
  const Json own = found == claims.end() ? Json::object() : *found;
  if (!own.is_object()) refuse("peerjs is no object");
  for (std::string& pattern : names_of(own, "id")) {
    grant.ids.push_back(filled_in(std::move(pattern), *subject));
  }
  grant.keys = names_of(own, "key");
  grant.limit = limit_of(own);
  grant.may = permissions_of(own);
  return grant;
}

bool matches(std::string_view pattern, std::string_view text) {
  const std::size_t star = pattern.find('*');
  if (star == pattern.npos) return pattern == text;
  if (text.substr(0, star) != pattern.substr(0, star)) return false;
  pattern.remove_prefix(star + 1);
  text.remove_prefix(star);
  for (;;) {
    const std::size_t next = pattern.find('*');
    const std::string_view literal = pattern.substr(0, next);
    if (next == pattern.npos) return text.ends_with(literal);
    const std::size_t place = text.find(literal);
    if (place == text.npos) return false;
    text.remove_prefix(place + literal.size());
    pattern.remove_prefix(next + 1);
  }
}

}  // namespace

std::string_view to_string(TokenFault fault) {
  switch (fault) {
    case TokenFault::Invalid:
      return "Token is not valid";
    case TokenFault::Expired:
      return "Token has expired";
    case TokenFault::NotYet:
      return "Token is not valid yet";
    case TokenFault::NotForUs:
      return "Token is not for this server";
  }
  return {};
}

bool Grant::covers_id(std::string_view id) const {
  if (ids.empty()) return id == subject;
  return std::ranges::any_of(ids, [id](const std::string& each) { return matches(each, id); });
}

bool Grant::covers_key(std::string_view key) const {
  return keys.empty() || std::ranges::find(keys, key) != keys.end();
}

std::variant<Grant, TokenRefusal> verify_token(std::string_view token, const KeySet& keys,
                                               const TokenRules& rules, Time now) {
  try {
    const Parts parts = split(token);
    check_signature(parts, keys);
    const Json claims = object_of(parts.payload, "payload");
    check_origin(claims, rules);
    const Time expiry = check_times(claims, rules, now);
    return grant_of(claims, expiry);
  } catch (const Refused& refused) {
    return refused.refusal;
  }
}

}  // namespace peerjsd::auth
