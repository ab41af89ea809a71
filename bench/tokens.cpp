// What it costs to verify a signed token, of each kind: its signature, and what it says.
// Usage: bench_tokens [COUNT]

#include "peerjsd/auth/token.hpp"
#include "support/event_loop.hpp"
#include "support/jwt.hpp"
#include "support/process.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>
#include <string_view>
#include <variant>

#include <nlohmann/json.hpp>
#include <unistd.h>

using namespace peerjsd;
using Json = nlohmann::ordered_json;

namespace {

constexpr unsigned long kUsualCount = 5000;
constexpr std::string_view kSecret = "a secret that only this program knows";

auth::Time now() {
  return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

/// As docs/auth.md has it: for ten minutes, with claims of its own.
std::string claims() {
  const auto expiry = std::chrono::floor<std::chrono::seconds>(now()) + std::chrono::minutes(10);
  const Json claims = {{"sub", "alice"},
                       {"exp", expiry.time_since_epoch().count()},
                       {"peerjs", {{"id", "{sub}_*"}, {"limit", 3}, {"may", {"call", "answer"}}}}};
  return claims.dump();
}

void check(const std::string& problem) {
  if (!problem.empty()) throw bench::Fault(problem);
}

double microseconds_each(const std::string& token, const auth::KeySet& keys, unsigned long count) {
  const auth::TokenRules rules{{}, {}, std::chrono::seconds(30)};
  const auto begin = bench::cpu_time(::getpid());
  for (unsigned long i = 0; i < count; ++i) {
    const auto verdict = auth::verify_token(token, keys, rules, now());
    if (const auto* const refusal = std::get_if<auth::TokenRefusal>(&verdict)) {
      throw bench::Fault(refusal->detail);
    }
  }
  const std::chrono::duration<double, std::micro> spent = bench::cpu_time(::getpid()) - begin;
  return spent.count() / static_cast<double>(count);
}

/// One after the other with the same keys, as of a server that takes all kinds.
Json measure(unsigned long count) {
  const auto rsa = test::SigningKey::rsa();
  const auto ec = test::SigningKey::ec();
  const auto ed25519 = test::SigningKey::ed25519();
  auth::KeySet keys;
  check(keys.add_secret(std::string(kSecret)));
  for (const auto* const key : {&rsa, &ec, &ed25519}) check(keys.add_pem(key->pem()));

  Json result = {{"HS256", microseconds_each(test::hs256(kSecret, claims()), keys, count)}};
  const auto add = [&](const std::string& algorithm, const test::SigningKey& key) {
    const std::string token = test::jwt(Json{{"alg", algorithm}, {"typ", "JWT"}}.dump(), claims(),
                                        [&key](std::string_view text) { return key.sign(text); });
    result[algorithm] = microseconds_each(token, keys, count);
  };
  add("RS256", rsa);
  add("ES256", ec);
  add("EdDSA", ed25519);
  return {{"cpu_us_per_token", result}};
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const auto count = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : kUsualCount;
    std::cout << measure(std::max(count, 1UL)).dump() << std::endl;
    return EXIT_SUCCESS;
  } catch (const std::exception& fault) {
    std::cerr << argv[0] << ": " << fault.what() << std::endl;
    return EXIT_FAILURE;
  }
}
