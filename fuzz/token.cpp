// No text is a token that was not signed; what was signed is taken for what it says, or refused; a
// JWK set is keys or nothing. Whatever it is, reading it ends.

#include "peerjsd/auth/token.hpp"

#include "support/bytes.hpp"
#include "support/jwt.hpp"
#include "support/require.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>

#include <nlohmann/json.hpp>

using namespace peerjsd;
using namespace std::chrono_literals;
using fuzz::require;

namespace {

constexpr std::string_view kSecret = "a secret of 32 characters, or so";
constexpr auth::Time kNow{1'800'000'000s};

const auth::KeySet& keys() {
  static const auth::KeySet all = [] {
    auth::KeySet made;
    made.add_secret(std::string(kSecret));
    return made;
  }();
  return all;
}

bool is_granted(std::string_view token) {
  const auth::TokenRules rules{{}, {}, 30s};
  return std::holds_alternative<auth::Grant>(auth::verify_token(token, keys(), rules, kNow));
}

void read_anything(const std::string& text) {
  require(!is_granted(text), "nobody without the secret makes a token");
  auth::KeySet found;
  if (found.add_jwks(text).empty()) require(!found.empty(), "a set that is taken has a key");
}

/// One that is good, with one character replaced.
void forge(fuzz::Bytes& bytes) {
  static const std::string good = test::hs256(kSecret, R"({"sub":"ann","exp":1800000100})");
  std::string forged = good;
  forged[bytes.below(256) % good.size()] = static_cast<char>(bytes.below(256));
  require(is_granted(forged) == (forged == good), "each character of a token counts");
}

void sign_anything(const std::string& payload) {
  const std::string token = test::hs256(kSecret, payload);
  const auto verdict = auth::verify_token(token, keys(), {{}, {}, 30s}, kNow);
  const auto* const grant = std::get_if<auth::Grant>(&verdict);
  if (grant == nullptr) return;
  const auto claims = nlohmann::json::parse(payload);
  require(claims.at("sub") == grant->subject, "the subject is that of the token");
  require(claims.at("exp").get<double>() + 30 > 1'800'000'000, "it has not expired");
  require(!claims.contains("aud"), "it is for nobody in particular");
  require(!grant->covers_id("") || claims.contains("peerjs"),
          "it is for one id, or says for which");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Bytes bytes(data, size);
  switch (bytes.below(3)) {
    case 0:
      read_anything(bytes.rest());
      break;
    case 1:
      forge(bytes);
      break;
    default:
      sign_anything(bytes.rest());
  }
  return 0;
}
