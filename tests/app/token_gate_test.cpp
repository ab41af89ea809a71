#include "peerjsd/app/token_gate.hpp"

#include "support/jwt.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <variant>

#include <gtest/gtest.h>

namespace peerjsd::app {
namespace {

using namespace std::chrono_literals;
using test::hs256;
using test::SigningKey;

const std::string kSecret = "a secret of 32 characters, or so";

std::int64_t in(std::chrono::seconds time) {
  const auto then = std::chrono::system_clock::now() + time;
  return std::chrono::duration_cast<std::chrono::seconds>(then.time_since_epoch()).count();
}

std::string claims(const std::string& more = "", std::chrono::seconds lifetime = 60s) {
  return R"({"sub":"ann","exp":)" + std::to_string(in(lifetime)) + more + "}";
}

class TokenGateTest : public testing::Test {
 protected:
  TokenGateTest() {
    directory_ = testing::TempDir() + "token_gate_" +
                 testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::create_directory(directory_);
  }
  ~TokenGateTest() override { std::filesystem::remove_all(directory_); }

  std::string file(const std::string& name, const std::string& text) {
    const std::string path = directory_ + "/" + name;
    std::ofstream(path) << text;
    return path;
  }

  std::unique_ptr<TokenGate> gate() {
    config_.auth_secret = {kSecret};
    auto gate = TokenGate::of(config_);
    EXPECT_EQ(gate->load(), "");
    return gate;
  }

  static std::string reason(const TokenGate& gate, const std::string& token,
                            std::string_view id = "ann", std::string_view key = "peerjs") {
    const auto verdict = gate.check({key, id, token}, net::Occasion::Arriving);
    const auto* const rejection = std::get_if<net::Rejection>(&verdict);
    return rejection == nullptr ? "" : rejection->reason;
  }

  std::string directory_;
  Config config_;
};

TEST_F(TokenGateTest, IsNotThereWhereNoTokensAreAskedFor) {
  EXPECT_EQ(TokenGate::of(config_), nullptr);
}

TEST_F(TokenGateTest, LetsInByASecret) {
  const auto gate = this->gate();
  const auto verdict =
      gate->check({"peerjs", "ann", hs256(kSecret, claims())}, net::Occasion::Arriving);
  const auto& pass = std::get<net::Pass>(verdict);
  EXPECT_EQ(pass.owner, R"(["","ann"])");
  EXPECT_EQ(pass.rights, core::Rights{});
  EXPECT_TRUE(pass.may_list);
  const auto left = pass.term.end() - std::chrono::steady_clock::now();
  EXPECT_GT(left, 80s) << "60, and leeway";
  EXPECT_LT(left, 100s);
}

TEST_F(TokenGateTest, SaysWhyItLetsNobodyIn) {
  const auto gate = this->gate();
  const std::string good = hs256(kSecret, claims());
  EXPECT_EQ(reason(*gate, good), "");
  EXPECT_EQ(reason(*gate, good, ""), "") << "for no id in particular";
  EXPECT_EQ(reason(*gate, good, "bob"), "Token is not for this ID");
  EXPECT_EQ(reason(*gate, hs256(kSecret, claims(R"(,"peerjs":{"key":"x"})"))),
            "Token is not for this key");
  EXPECT_EQ(reason(*gate, hs256(kSecret, claims("", -31s))), "Token has expired");
  EXPECT_EQ(reason(*gate, hs256(kSecret, claims(R"(,"nbf":9999999999)"))),
            "Token is not valid yet");
  EXPECT_EQ(reason(*gate, hs256(kSecret, claims(R"(,"aud":"x")"))), "Token is not for this server");
  EXPECT_EQ(reason(*gate, "abc"), "Token is not valid");
  EXPECT_EQ(reason(*gate, std::string(4097, 'x')), "Token is too long");
}

TEST_F(TokenGateTest, PassesOnWhatATokenAllows) {
  const auto gate = this->gate();
  const std::string token =
      hs256(kSecret, claims(R"(,"peerjs":{"limit":99999999999,"may":["answer"]})"));
  const auto verdict = gate->check({"peerjs", "ann", token}, net::Occasion::Arriving);
  const auto& pass = std::get<net::Pass>(verdict);
  EXPECT_EQ(pass.rights, (core::Rights{.may_call = false, .may_be_called = true}));
  EXPECT_FALSE(pass.may_list);
  EXPECT_EQ(pass.owner_limit, 4294967295U);
}

TEST_F(TokenGateTest, ExpiryCanBeIgnoredWhileConnected) {
  config_.auth_expiry = AuthExpiry::Ignore;
  const auto gate = this->gate();
  const auto verdict =
      gate->check({"peerjs", "ann", hs256(kSecret, claims())}, net::Occasion::Arriving);
  EXPECT_EQ(std::get<net::Pass>(verdict).term.end(), core::Instant::max());
  const std::string old = hs256(kSecret, claims("", -31s));
  EXPECT_EQ(reason(*gate, old), "Token has expired");
  const auto said = gate->check({"peerjs", "ann", old}, net::Occasion::Connected);
  EXPECT_TRUE(std::holds_alternative<net::Pass>(said)) << "as by a POST of who is connected";
}

TEST_F(TokenGateTest, AnExpiryBeyondAllReasonIsNone) {
  const auto gate = this->gate();
  const std::string token = hs256(kSecret, R"({"sub":"ann","exp":99999999999})");
  const auto verdict = gate->check({"peerjs", "ann", token}, net::Occasion::Arriving);
  EXPECT_EQ(std::get<net::Pass>(verdict).term.end(), core::Instant::max());
}

TEST_F(TokenGateTest, TakesSeveralSecretsAndKeys) {
  const SigningKey key = SigningKey::ed25519();
  config_.auth_public_key = {file("key.pem", key.pem())};
  config_.auth_secret = {kSecret, "another secret of 32 characters!"};
  const auto gate = TokenGate::of(config_);
  ASSERT_EQ(gate->load(), "");
  EXPECT_EQ(reason(*gate, hs256(kSecret, claims())), "");
  EXPECT_EQ(reason(*gate, hs256("another secret of 32 characters!", claims())), "");
  EXPECT_EQ(reason(*gate, test::jwt(R"({"alg":"EdDSA"})", claims(),
                                    [&](std::string_view text) { return key.sign(text); })),
            "");
}

TEST_F(TokenGateTest, SaysWhichFileIsNoGoodAndGoesOnWithTheOldKeys) {
  const SigningKey old_key = SigningKey::ed25519();
  const std::string name = file("key.pem", old_key.pem());
  config_.auth_public_key = {name};
  const auto gate = TokenGate::of(config_);
  ASSERT_EQ(gate->load(), "");
  file("key.pem", "nonsense");
  EXPECT_EQ(gate->load().find("--auth_public_key: " + name + ": it has no public key in PEM"), 0U);
  EXPECT_EQ(gate->keys(), 1U);
  EXPECT_EQ(reason(*gate, test::jwt(R"({"alg":"EdDSA"})", claims(),
                                    [&](std::string_view text) { return old_key.sign(text); })),
            "");
  std::filesystem::remove(name);
  std::filesystem::create_directory(name);
  EXPECT_EQ(gate->load(), "--auth_public_key: " + name + ": it cannot be read: Is a directory");
  std::filesystem::remove(name);
  EXPECT_EQ(gate->load(),
            "--auth_public_key: " + name + ": it cannot be read: No such file or directory");
  config_.auth_public_key.clear();
  config_.auth_jwks = file("keys.json", "{}");
  EXPECT_EQ(TokenGate::of(config_)->load().find("--auth_jwks: " + config_.auth_jwks + ": it is no"),
            0U);
  config_.auth_jwks.clear();
  config_.auth_secret = {"short"};
  EXPECT_EQ(TokenGate::of(config_)->load().find("--auth_secret: a secret must have 32"), 0U);
}

TEST_F(TokenGateTest, NoticesFilesThatAreReplaced) {
  const std::string name = file("key.pem", SigningKey::ed25519().pem());
  config_.auth_public_key = {name};
  const auto gate = TokenGate::of(config_);
  ASSERT_EQ(gate->load(), "");
  for (int i = 0; i <= FileWatch::kCallsBeforeRetry; ++i) ASSERT_FALSE(gate->is_due());
  file("key.pem", "nonsense");
  std::filesystem::last_write_time(name, std::filesystem::file_time_type::clock::now() + 5s);
  EXPECT_FALSE(gate->is_due()) << "it may still be being written";
  EXPECT_TRUE(gate->is_due());
  EXPECT_NE(gate->load(), "") << "it is no key";
  EXPECT_FALSE(gate->is_due()) << "as long as it is the same";
  file("key.pem", SigningKey::ed25519().pem());
  EXPECT_FALSE(gate->is_due());
  EXPECT_TRUE(gate->is_due());
}

}  // namespace
}  // namespace peerjsd::app
