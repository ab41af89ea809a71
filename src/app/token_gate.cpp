#include "peerjsd/app/token_gate.hpp"

#include "peerjsd/core/verdict.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <utility>

namespace peerjsd::app {
namespace {

using std::chrono::milliseconds;
using std::chrono::time_point_cast;

/// What is in a file, or why it cannot be read.
struct Contents {
  std::string text;
  std::string problem;
};

Contents contents_of(const std::string& file) {
  const auto failed = [] {
    return Contents{{}, std::string("it cannot be read: ") + std::strerror(errno)};
  };
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return failed();
  Contents contents;
  std::array<char, 4096> part{};
  while (stream.read(part.data(), part.size()) || stream.gcount() > 0) {
    contents.text.append(part.data(), static_cast<std::size_t>(stream.gcount()));
  }
  return stream.bad() ? failed() : contents;
}

std::vector<std::string> files_of(const Config& config) {
  std::vector<std::string> files = config.auth_public_key;
  if (!config.auth_jwks.empty()) files.push_back(config.auth_jwks);
  return files;
}

/// `add`: takes what is in the file, and returns what is wrong with it.
template <class Add>
std::string add_file(const std::string& option, const std::string& file, Add add) {
  const Contents contents = contents_of(file);
  const std::string problem = contents.problem.empty() ? add(contents.text) : contents.problem;
  return problem.empty() ? problem : option + ": " + file + ": " + problem;
}

/// The same moment by the clock that nobody sets.
core::Instant instant_of(auth::Time time, auth::Time now) {
  const auto steady = time_point_cast<core::Duration>(std::chrono::steady_clock::now());
  constexpr milliseconds longest = std::chrono::hours(24 * 365 * 10);
  return time - now > longest ? core::Instant::max() : steady + (time - now);
}

net::Rejection rejected(std::string reason, const std::string& detail = {}) {
  std::string shown = detail.empty() ? reason : detail;
  return {std::move(reason), std::move(shown)};
}

}  // namespace

std::unique_ptr<TokenGate> TokenGate::of(const Config& config) {
  return std::unique_ptr<TokenGate>(asks_for_tokens(config) ? new TokenGate(config) : nullptr);
}

TokenGate::TokenGate(const Config& config)
    : secrets_(config.auth_secret),
      key_files_(config.auth_public_key),
      jwks_file_(config.auth_jwks),
      rules_{config.auth_issuer, config.auth_audience, config.auth_leeway},
      max_token_bytes_(config.max_token_bytes),
      ends_expired_(config.auth_expiry == AuthExpiry::End),
      watch_(files_of(config)) {}

std::string TokenGate::load() {
  watch_.begin();
  auth::KeySet keys;
  for (const std::string& secret : secrets_) {
    const std::string problem = keys.add_secret(secret);
    if (!problem.empty()) return "--auth_secret: " + problem;
  }
  for (const std::string& file : key_files_) {
    std::string problem = add_file("--auth_public_key", file,
                                   [&](const std::string& text) { return keys.add_pem(text); });
    if (!problem.empty()) return problem;
  }
  if (!jwks_file_.empty()) {
    std::string problem = add_file("--auth_jwks", jwks_file_,
                                   [&](const std::string& text) { return keys.add_jwks(text); });
    if (!problem.empty()) return problem;
  }
  keys_ = std::move(keys);
  watch_.accept();
  return {};
}

std::variant<net::Pass, net::Rejection> TokenGate::check(const core::Credentials& who,
                                                         net::Occasion occasion) const {
  if (who.token.size() > max_token_bytes_) {
    return rejected(core::refusal_reason(core::Admission::TokenTooLong, {}));
  }
  const auto now = time_point_cast<milliseconds>(std::chrono::system_clock::now());
  auth::TokenRules rules = rules_;
  const bool may_be_old = occasion == net::Occasion::Connected && !ends_expired_;
  if (may_be_old) rules.leeway = std::chrono::hours(24 * 365 * 100);
  const auto verdict = auth::verify_token(who.token, keys_, rules, now);
  if (const auto* const refusal = std::get_if<auth::TokenRefusal>(&verdict)) {
    return rejected(std::string(to_string(refusal->fault)), refusal->detail);
  }
  return admit(who, std::get<auth::Grant>(verdict), now);
}

std::variant<net::Pass, net::Rejection> TokenGate::admit(const core::Credentials& who,
                                                         const auth::Grant& grant,
                                                         auth::Time now) const {
  if (!grant.covers_key(who.key)) return rejected("Token is not for this key");
  if (!who.id.empty() && !grant.covers_id(who.id)) return rejected("Token is not for this ID");
  net::Pass pass{grant.owner, grant.subject};
  pass.rights = grant.may.rights;
  pass.may_list = grant.may.may_list;
  pass.owner_limit = grant.limit;
  if (ends_expired_) pass.term.of_token = instant_of(grant.expiry + rules_.leeway, now);
  return pass;
}

}  // namespace peerjsd::app
