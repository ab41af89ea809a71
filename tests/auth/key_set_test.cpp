#include "peerjsd/auth/key_set.hpp"

#include "peerjsd/auth/base64.hpp"
#include "support/jwt.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace peerjsd::auth {
namespace {

using test::SigningKey;

// RFC 7515 A.3 and RFC 8037 A.
constexpr std::string_view kEcJwk =
    R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0")";
constexpr std::string_view kEdJwk =
    R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")";

std::string set_of(const std::vector<std::string>& jwks) {
  std::string text;
  for (const std::string& each : jwks) text += (text.empty() ? "" : ",") + each;
  return R"({"keys":[)" + text + "]}";
}

std::string with(std::string_view jwk, std::string_view more = "") {
  return std::string(jwk) + std::string(more) + "}";
}

/// Of the one key for that algorithm.
bool verifies(const KeySet& keys, std::string_view algorithm, std::string_view text,
              std::string_view signature) {
  const auto found = keys.find(algorithm, std::nullopt);
  return found.size() == 1 && found[0]->verifies(text, *decode_base64url(signature));
}

TEST(KeySet, VerifiesTheExamplesOfTheStandards) {
  KeySet keys;
  EXPECT_EQ(keys.add_jwks(set_of({with(kEcJwk), with(kEdJwk)})), "");
  EXPECT_EQ(
      keys.add_secret(*decode_base64url("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKt"
                                        "MN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")),
      "");
  EXPECT_TRUE(verifies(keys, "HS256",
                       "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMD"
                       "A4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
                       "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"));
  EXPECT_TRUE(verifies(
      keys, "ES256",
      "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLm"
      "NvbS9pc19yb290Ijp0cnVlfQ",
      "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"));
  EXPECT_TRUE(verifies(
      keys, "EdDSA", "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
      "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"));
}

TEST(KeySet, VerifiesByEachKindOfPublicKey) {
  const std::pair<SigningKey, std::string_view> all[] = {
      {SigningKey::rsa(), "RS256"}, {SigningKey::ec(), "ES256"}, {SigningKey::ed25519(), "EdDSA"}};
  for (const auto& [signer, algorithm] : all) {
    KeySet keys;
    ASSERT_EQ(keys.add_pem(signer.pem()), "") << algorithm;
    const auto found = keys.find(algorithm, std::nullopt);
    ASSERT_EQ(found.size(), 1U) << algorithm;
    const std::string signature = signer.sign("text");
    EXPECT_TRUE(found[0]->verifies("text", signature)) << algorithm;
    EXPECT_FALSE(found[0]->verifies("test", signature)) << algorithm;
    EXPECT_FALSE(found[0]->verifies("text", signature + "x")) << algorithm;
    EXPECT_FALSE(found[0]->verifies("text", signature.substr(1))) << algorithm;
    EXPECT_FALSE(found[0]->verifies("text", "")) << algorithm;
    EXPECT_FALSE(found[0]->verifies("text", std::string(signature.size(), '\0'))) << algorithm;
  }
}

TEST(KeySet, TakesASignatureOfEs256InTheFormOfJoseOnly) {
  const SigningKey signer = SigningKey::ec();
  KeySet keys;
  keys.add_pem(signer.pem());
  const Key& key = *keys.find("ES256", std::nullopt)[0];
  const std::string signature = signer.sign("text");
  EXPECT_FALSE(key.verifies("text", "\x30\x44" + signature)) << "DER, or what looks like it";
  EXPECT_FALSE(key.verifies("text", signature.substr(0, 32) + std::string(32, '\0'))) << "s is 0";
}

TEST(KeySet, FindsByAlgorithmAndId) {
  KeySet keys;
  keys.add_jwks(set_of({with(kEcJwk, R"(,"kid":"a")"), with(kEdJwk, R"(,"kid":"b")"),
                        with(kEdJwk, R"(,"kid":"c")")}));
  keys.add_pem(SigningKey::ed25519().pem());
  EXPECT_EQ(keys.find("EdDSA", "b").size(), 2U) << "that one, and the one without an id";
  EXPECT_EQ(keys.find("EdDSA", std::nullopt).size(), 3U);
  EXPECT_EQ(keys.find("ES256", "b").size(), 0U);
  EXPECT_EQ(keys.find("EdDSA", "B").size(), 1U);
  EXPECT_EQ(keys.find("eddsa", std::nullopt).size(), 0U);
  EXPECT_EQ(keys.find("none", std::nullopt).size(), 0U);
  EXPECT_EQ(keys.find("", std::nullopt).size(), 0U);
}

TEST(KeySet, PassesOverKeysOfASetThatAreForSomethingElse) {
  KeySet keys;
  const std::string modulus(172, 'A');
  const std::string large(342, '_');  // 256 bytes of ones
  EXPECT_EQ(keys.add_jwks(set_of({
                R"({"kty":"oct","k":"c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"})",
                R"({"kty":"what"})",
                R"({"kty":1})",
                "7",
                with(kEcJwk, R"(,"use":"enc")"),
                with(kEcJwk, R"(,"use":["enc"])"),
                with(kEcJwk, R"(,"alg":"ECDH-ES")"),
                with(kEcJwk, R"(,"alg":1)"),
                with(kEcJwk, R"(,"kid":1)"),
                with(kEcJwk, R"(,"key_ops":["sign"])"),
                with(kEcJwk, R"(,"key_ops":"verify")"),
                R"({"kty":"EC","crv":"P-256","x":"AAAA","y":"AAAA"})",
                R"({"kty":"EC","crv":"secp256k1","x":"AAAA","y":"AAAA"})",
                R"({"kty":"OKP","crv":"Ed25519","x":"AAAA"})",
                R"({"kty":"OKP","crv":"X25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})",
                R"({"kty":"RSA","n":"_)" + modulus + R"(","e":"AQAB"})",
                R"({"kty":"RSA","e":"AQAB"})",
                R"({"kty":"RSA","n":")" + large.substr(0, 341) + R"(8","e":"AQ"})",
                R"({"kty":"RSA","n":")" + std::string(342, 'A') + R"(","e":"AQAB"})",
                with(kEdJwk, R"(,"use":"sig","alg":"EdDSA","key_ops":["verify"])"),
            })),
            "");
  EXPECT_EQ(keys.size(), 1U);
}

TEST(KeySet, TakesEveryKeyOfAFile) {
  KeySet keys;
  const SigningKey first = SigningKey::ec();
  const SigningKey second = SigningKey::ed25519();
  EXPECT_EQ(keys.add_pem("The old one:\n" + first.pem() + "\n" + second.pem()), "");
  EXPECT_EQ(keys.find("ES256", std::nullopt).size(), 1U);
  EXPECT_EQ(keys.find("EdDSA", std::nullopt).size(), 1U);
  const std::string bad = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n";
  EXPECT_NE(keys.add_pem(first.pem() + bad), "");
  EXPECT_NE(keys.add_pem(first.pem() + SigningKey::rsa(1024).pem()), "");
  const std::string certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  EXPECT_NE(keys.add_pem(first.pem() + certificate), "") << "its key would be missing";
  EXPECT_EQ(keys.add_pem(certificate + first.pem()),
            "it has something else besides public keys in PEM");
  EXPECT_NE(keys.add_pem(first.pem() + certificate + second.pem()), "");
  EXPECT_EQ(keys.size(), 2U) << "all of it, or nothing";
}

TEST(KeySet, SaysWhatIsWrong) {
  KeySet keys;
  EXPECT_NE(keys.add_secret(std::string(31, 'x')).find("32 characters"), std::string::npos);
  EXPECT_NE(keys.add_pem("").find("openssl pkey -pubout"), std::string::npos);
  EXPECT_NE(
      keys.add_pem("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n").find("PEM"),
      std::string::npos);
  for (const SigningKey& weak : {SigningKey::rsa(1024), SigningKey::ec("P-384")}) {
    EXPECT_EQ(keys.add_pem(weak.pem()),
              "its key must be RSA of 2048 bits or more, EC of P-256, or Ed25519");
  }
  for (const char* text : {"", "[]", "{}", R"({"keys":{}})", R"({"keys":[}")"}) {
    EXPECT_EQ(keys.add_jwks(text), R"(it is no JSON object with a list of keys, {"keys":[...]})");
  }
  EXPECT_NE(keys.add_jwks(R"({"keys":[]})").find("none of its keys"), std::string::npos);
  EXPECT_TRUE(keys.empty());
}

}  // namespace
}  // namespace peerjsd::auth
