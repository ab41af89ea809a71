#include "peerjsd/auth/token.hpp"

#include "support/jwt.hpp"

#include <chrono>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

namespace peerjsd::auth {
namespace {

using namespace std::chrono_literals;
using test::base64url;
using test::hs256;
using test::jwt;
using test::SigningKey;

const std::string kSecret = "a secret of 32 characters, or so";
constexpr Time kNow{1'800'000'000s};
constexpr std::string_view kExp = R"("exp":1800000100)";

class TokenTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(keys_.add_secret(kSecret), ""); }

  std::variant<Grant, TokenRefusal> verify(std::string_view token, Time now = kNow) const {
    return verify_token(token, keys_, rules_, now);
  }

  /// With these claims besides exp and sub.
  Grant grant(const std::string& claims) const {
    return grant_of(R"({"sub":"ann",)" + std::string(kExp) + claims + "}");
  }
  Grant grant_of(const std::string& payload) const {
    const auto verdict = verify(hs256(kSecret, payload));
    const auto* const refusal = std::get_if<TokenRefusal>(&verdict);
    EXPECT_EQ(refusal, nullptr) << payload << ": " << refusal->detail;
    return refusal == nullptr ? std::get<Grant>(verdict) : Grant{};
  }

  /// Why it is refused; "" if it is not.
  std::string detail(std::string_view token, TokenFault fault = TokenFault::Invalid) const {
    const auto verdict = verify(token);
    const auto* const refusal = std::get_if<TokenRefusal>(&verdict);
    if (refusal == nullptr) return "";
    EXPECT_EQ(refusal->fault, fault) << refusal->detail;
    return refusal->detail;
  }
  std::string detail_of(const std::string& claims, TokenFault fault = TokenFault::Invalid) const {
    return detail(hs256(kSecret, R"({"sub":"ann",)" + std::string(kExp) + claims + "}"), fault);
  }

  KeySet keys_;
  TokenRules rules_{{}, {}, 30s};
};

const std::string kClaims = R"({"sub":"ann","exp":1800000100})";

TEST_F(TokenTest, GrantsTheIdOfItsSubject) {
  const Grant grant = grant_of(kClaims);
  EXPECT_EQ(grant.subject, "ann");
  EXPECT_TRUE(grant.covers_id("ann"));
  EXPECT_FALSE(grant.covers_id("anne"));
  EXPECT_FALSE(grant.covers_id("ANN"));
  EXPECT_FALSE(grant.covers_id(""));
  EXPECT_TRUE(grant.covers_key("any"));
  EXPECT_EQ(grant.limit, 0U);
  EXPECT_EQ(grant.may, Permissions{});
  EXPECT_EQ(grant.expiry, Time(1'800'000'100s));
}

TEST_F(TokenTest, GrantsTheIdsThatItNames) {
  const Grant list = grant(R"(,"peerjs":{"id":["bob","{sub}-*","*.x.*","{sub}+{sub}"]})");
  for (const char* id : {"bob", "ann-", "ann-1", "ann+ann", "a.x.", "a.x.b", ".x.x."}) {
    EXPECT_TRUE(list.covers_id(id)) << id;
  }
  for (const char* id : {"ann", "bobby", "bann-1", "a.x", "", "x"}) {
    EXPECT_FALSE(list.covers_id(id)) << id;
  }
  EXPECT_TRUE(grant(R"(,"peerjs":{"id":"*"})").covers_id(""));
  EXPECT_FALSE(grant(R"(,"peerjs":{"id":"a*a"})").covers_id("a"));
  EXPECT_TRUE(grant(R"(,"peerjs":{"id":"a*b*b"})").covers_id("abb"));
  EXPECT_FALSE(grant(R"(,"peerjs":{"id":"a*b*b"})").covers_id("ab"));
  EXPECT_FALSE(grant(R"(,"peerjs":{"id":"other"})").covers_id("ann"));
}

TEST_F(TokenTest, NoSubjectIsAPattern) {
  EXPECT_FALSE(grant_of(R"({"sub":"*","exp":1800000100})").covers_id("ann"));
  EXPECT_TRUE(grant_of(R"({"sub":"*","exp":1800000100})").covers_id("*"));
  EXPECT_EQ(detail(hs256(kSecret, R"({"sub":"*","exp":1800000100,"peerjs":{"id":"{sub}-1"}})")),
            "its sub has a *, and stands in a pattern");
}

TEST_F(TokenTest, GrantsKeysALimitAndWhatItsPeerMayDo) {
  const Grant one = grant(R"(,"peerjs":{"key":"x","limit":2.0,"may":["call"]})");
  EXPECT_TRUE(one.covers_key("x"));
  EXPECT_FALSE(one.covers_key("y"));
  EXPECT_EQ(one.limit, 2U);
  EXPECT_EQ(one.may, (Permissions{{true, false}, false}));
  EXPECT_EQ(grant(R"(,"peerjs":{"may":["answer","list"]})").may,
            (Permissions{{false, true}, true}));
  EXPECT_EQ(grant(R"(,"peerjs":{"may":[]})").may, (Permissions{{false, false}, false}));
  EXPECT_EQ(grant(R"(,"peerjs":{})").may, Permissions{});
}

TEST_F(TokenTest, TwoTokensOfOneSubjectHaveTheSameOwner) {
  const std::string owner = grant(R"(,"jti":"1")").owner;
  EXPECT_EQ(grant(R"(,"jti":"2","exp":1800000200)").owner, owner);
  EXPECT_NE(grant(R"(,"iss":"x")").owner, owner);
  const auto owner_of = [this](const std::string& issuer, const std::string& subject) {
    return grant_of(R"({"iss":")" + issuer + R"(","sub":")" + subject + R"(",)" +
                    std::string(kExp) + "}")
        .owner;
  };
  EXPECT_NE(owner_of("a", "bc"), owner_of("ab", "c"));
  EXPECT_NE(owner_of(R"(a\",\"b)", "c"), owner_of("a", R"(b\",\"c)"));
}

TEST_F(TokenTest, CountsTheTimesWithLeeway) {
  const std::string token = hs256(kSecret, kClaims);
  EXPECT_TRUE(std::holds_alternative<Grant>(verify(token, Time(1'800'000'129'999ms))));
  EXPECT_TRUE(std::holds_alternative<TokenRefusal>(verify(token, Time(1'800'000'130s))));
  EXPECT_EQ(detail_of(R"(,"exp":1799999970)", TokenFault::Expired), "it has expired");
  EXPECT_EQ(detail_of(R"(,"exp":-1e300)", TokenFault::Expired), "it has expired");
  EXPECT_EQ(detail_of(R"(,"nbf":1800000030)"), "");
  EXPECT_EQ(detail_of(R"(,"nbf":1800000030.5)", TokenFault::NotYet), "its nbf is to come");
  EXPECT_EQ(detail_of(R"(,"exp":99999999999)"), "") << "as good as for ever";
  for (const std::string time : {"100000000001", "1800000600000", "1800000600000000",
                                 "1800000600000000000", "18446744073709551615", "1e300"}) {
    EXPECT_EQ(detail_of(R"(,"exp":)" + time), "exp is not in seconds") << time;
  }
  EXPECT_EQ(detail_of(R"(,"nbf":1799999000000)"), "nbf is not in seconds");
}

TEST_F(TokenTest, NeedsAnExpiryAndASubject) {
  EXPECT_EQ(detail(hs256(kSecret, R"({"sub":"ann"})")), "it has no exp");
  EXPECT_EQ(detail(hs256(kSecret, R"({"sub":"ann","exp":"1800000100"})")), "exp is no number");
  EXPECT_EQ(detail(hs256(kSecret, R"({"sub":"ann","exp":null})")), "exp is no number");
  EXPECT_EQ(detail(hs256(kSecret, R"({"exp":1800000100})")), "it has no sub");
  EXPECT_EQ(detail(hs256(kSecret, R"({"sub":"","exp":1800000100})")), "it has no sub");
  EXPECT_EQ(detail(hs256(kSecret, R"({"sub":7,"exp":1800000100})")), "sub is no text");
  EXPECT_EQ(detail_of(R"(,"nbf":"x")"), "nbf is no number");
}

TEST_F(TokenTest, RefusesClaimsOfItsOwnThatItCannotRead) {
  EXPECT_EQ(detail_of(R"(,"peerjs":[])"), "peerjs is no object");
  EXPECT_EQ(detail_of(R"(,"peerjs":{"id":7})"), "id is neither a text nor a list of texts");
  EXPECT_EQ(detail_of(R"(,"peerjs":{"id":["x",7]})"), "id is neither a text nor a list of texts");
  EXPECT_EQ(detail_of(R"(,"peerjs":{"id":[]})"), "id is an empty list");
  EXPECT_EQ(detail_of(R"(,"peerjs":{"key":[]})"), "key is an empty list");
  EXPECT_EQ(detail_of(R"(,"peerjs":{"may":{}})"),
            "may is neither one of call, answer and list nor a list of them");
  EXPECT_EQ(detail_of(R"(,"peerjs":{"may":["call","anser"]})"),
            "may is neither one of call, answer and list nor a list of them");
  for (const std::string limit : {"0", "-1", "1.5", "\"1\"", "null"}) {
    EXPECT_EQ(detail_of(R"(,"peerjs":{"limit":)" + limit + "}"),
              "limit is no whole number from 1 on");
  }
}

TEST_F(TokenTest, ChecksForWhomItIsAndByWhom) {
  const auto refused = TokenFault::NotForUs;
  EXPECT_EQ(detail_of(R"(,"iss":"any")"), "");
  EXPECT_NE(detail_of(R"(,"aud":"x")", refused), "") << "it is for somebody else";
  rules_.audiences = {"us", "we"};
  EXPECT_EQ(detail_of(R"(,"aud":"we")"), "");
  EXPECT_EQ(detail_of(R"(,"aud":["x","us"])"), "");
  EXPECT_EQ(detail_of(R"(,"aud":["x"])", refused), "its aud has none of --auth_audience");
  EXPECT_NE(detail_of("", refused), "");
  EXPECT_EQ(detail_of(R"(,"aud":7)"), "aud is neither a text nor a list of texts");
  rules_ = {{"https://a"}, {}, {}};
  EXPECT_EQ(detail_of(R"(,"iss":"https://a")"), "");
  EXPECT_EQ(detail_of(R"(,"iss":"https://a/")", refused), "its iss is not one of --auth_issuer");
  EXPECT_NE(detail_of("", refused), "");
  EXPECT_EQ(detail_of(R"(,"iss":7)"), "iss is no text");
}

// Attacks

TEST_F(TokenTest, RefusesWhatIsNotSigned) {
  const auto nothing = [](std::string_view) { return std::string(); };
  for (const char* none : {"none", "None", "NONE", "nOnE", ""}) {
    const std::string header = R"({"alg":")" + std::string(none) + R"("})";
    EXPECT_NE(detail(jwt(header, kClaims, nothing)), "") << none;
    EXPECT_EQ(detail(hs256(kSecret, kClaims, header)), "there is no key of its alg and kid");
  }
  const std::string good = hs256(kSecret, kClaims);
  const std::string unsigned_text = good.substr(0, good.rfind('.'));
  EXPECT_EQ(detail(unsigned_text), "it is no signed token");
  EXPECT_EQ(detail(unsigned_text + "."), "its signature is no base64url");
  EXPECT_EQ(detail(good.substr(0, good.size() - 3)), "its signature is not that of a key");
  EXPECT_EQ(detail(hs256("another secret of 32 characters!", kClaims)),
            "its signature is not that of a key");
}

TEST_F(TokenTest, RefusesOneWhoseAlgorithmIsNotThatOfTheKey) {
  const SigningKey rsa = SigningKey::rsa();
  KeySet keys;
  ASSERT_EQ(keys.add_pem(rsa.pem()), "");
  keys_ = std::move(keys);
  const auto sign = [&](std::string_view text) { return rsa.sign(text); };
  EXPECT_EQ(detail(jwt(R"({"alg":"RS256"})", kClaims, sign)), "");
  // The public key, which everybody knows, as a secret.
  EXPECT_EQ(detail(hs256(rsa.pem(), kClaims)), "there is no key of its alg and kid");
  for (const char* other : {"RS384", "RS512", "PS256", "ES256", "EdDSA", "HS256", "rs256"}) {
    const std::string header = R"({"alg":")" + std::string(other) + R"("})";
    EXPECT_NE(detail(jwt(header, kClaims, sign)), "") << other;
  }
}

TEST_F(TokenTest, TakesNoKeyThatTheTokenBrings) {
  const SigningKey attacker = SigningKey::ec();
  KeySet keys;
  ASSERT_EQ(keys.add_pem(SigningKey::ec().pem()), "");
  keys_ = std::move(keys);
  const auto sign = [&](std::string_view text) { return attacker.sign(text); };
  for (const char* header :
       {R"({"alg":"ES256","jwk":{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}})",
        R"({"alg":"ES256","jku":"https://attacker.example/keys"})",
        R"({"alg":"ES256","x5u":"https://attacker.example/cert","x5c":["AA"]})",
        R"({"alg":"ES256","kid":"../../../../dev/null"})",
        R"({"alg":"ES256","kid":"x' OR '1'='1"})"}) {
    EXPECT_EQ(detail(jwt(header, kClaims, sign)), "its signature is not that of a key") << header;
  }
  const auto zeros = [](std::string_view) { return std::string(64, '\0'); };
  EXPECT_EQ(detail(jwt(R"({"alg":"ES256"})", kClaims, zeros)),
            "its signature is not that of a key");
}

TEST_F(TokenTest, RefusesHeadersThatItDoesNotUnderstand) {
  EXPECT_EQ(detail(hs256(kSecret, kClaims, R"({"alg":"HS256","crit":["b64"],"b64":false})")),
            "its header has crit");
  EXPECT_EQ(detail(hs256(kSecret, kClaims, R"({"typ":"JWT"})")), "its header has no alg");
  EXPECT_EQ(detail(hs256(kSecret, kClaims, R"({"alg":7})")), "alg is no text");
  EXPECT_EQ(detail(hs256(kSecret, kClaims, R"({"alg":"HS256","kid":7})")), "kid is no text");
  EXPECT_EQ(detail(hs256(kSecret, kClaims, R"(["HS256"])")),
            "its header is no JSON object in base64url");
  EXPECT_EQ(detail(hs256(kSecret, kClaims, "{\"alg\":\"HS256\",\"x\":\"\xff\"}")),
            "its header is no JSON object in base64url");
}

TEST_F(TokenTest, RefusesAnythingElse) {
  const std::string good = hs256(kSecret, kClaims);
  EXPECT_EQ(detail(good), "");
  for (const std::string& text :
       {std::string(), std::string("token"), std::string(".."), std::string("..."), good + ".",
        good + ".x.y", "." + good, good + "=", good + " ", " " + good, good + "\n", good.substr(1),
        std::string(4000, '.'), std::string(4000, 'A')}) {
    EXPECT_NE(detail(text), "") << text;
  }
  EXPECT_EQ(detail(hs256(kSecret, "[]")), "its payload is no JSON object in base64url");
  EXPECT_EQ(detail(hs256(kSecret, "")), "its payload is no JSON object in base64url");
  EXPECT_NE(detail(hs256(kSecret, std::string(3000, '['))), "");
  // A bit of the last character that no byte needs.
  std::string other = good;
  other.back() = other.back() == 'A' ? 'B' : static_cast<char>(other.back() + 1);
  EXPECT_NE(detail(other), "");
}

TEST_F(TokenTest, SaysNothingOfTheTokenToAnybody) {
  const std::string detail = this->detail(hs256(kSecret, R"({"sub":"ann","exp":"sesame"})"));
  EXPECT_EQ(detail.find("sesame"), std::string::npos);
  EXPECT_EQ(to_string(TokenFault::Invalid), "Token is not valid");
}

TEST_F(TokenTest, TakesTokensOfSeveralKeys) {
  const SigningKey old_key = SigningKey::ed25519();
  const SigningKey new_key = SigningKey::ed25519();
  KeySet keys;
  ASSERT_EQ(keys.add_pem(old_key.pem()), "");
  ASSERT_EQ(keys.add_pem(new_key.pem()), "");
  keys_ = std::move(keys);
  for (const SigningKey* key : {&old_key, &new_key}) {
    const auto sign = [&](std::string_view text) { return key->sign(text); };
    EXPECT_EQ(detail(jwt(R"({"alg":"EdDSA"})", kClaims, sign)), "");
  }
}

TEST_F(TokenTest, TakesAKeyForItsOwnKidOnly) {
  const SigningKey a = SigningKey::ed25519();
  const SigningKey b = SigningKey::ed25519();
  KeySet keys;
  ASSERT_EQ(keys.add_jwks(R"({"keys":[)" + a.jwk("a") + "," + b.jwk("b") + "]}"), "");
  keys_ = std::move(keys);
  const auto verdict = [&](const SigningKey& key, const std::string& header) {
    return detail(jwt(header, kClaims, [&](std::string_view text) { return key.sign(text); }));
  };
  EXPECT_EQ(verdict(a, R"({"alg":"EdDSA","kid":"a"})"), "");
  EXPECT_EQ(verdict(b, R"({"alg":"EdDSA","kid":"b"})"), "");
  EXPECT_NE(verdict(a, R"({"alg":"EdDSA","kid":"b"})"), "");
  EXPECT_NE(verdict(b, R"({"alg":"EdDSA","kid":"a"})"), "");
  EXPECT_NE(verdict(a, R"({"alg":"EdDSA","kid":"c"})"), "");
  EXPECT_EQ(verdict(b, R"({"alg":"EdDSA"})"), "") << "which may be any";
}

}  // namespace
}  // namespace peerjsd::auth
