#include "peerjsd/hooks/signature.hpp"

#include <chrono>
#include <string>

#include <gtest/gtest.h>

namespace peerjsd::hooks {
namespace {

// The example of the Standard Webhooks libraries.
TEST(Signature, IsThatOfTheSpecification) {
  const auto key = webhook_key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
  ASSERT_TRUE(key);
  const std::chrono::sys_seconds time{std::chrono::seconds(1614265330)};
  const WebClient::Headers expected = {
      {"webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"},
      {"webhook-timestamp", "1614265330"},
      {"webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="}};
  EXPECT_EQ(signed_headers(*key, "msg_p5jXN8AQM9LWM0D4loKWxJek", time, R"({"test": 2432232314})"),
            expected);
}

TEST(Signature, TakesASecretAsItIsWritten) {
  EXPECT_EQ(webhook_key("secret"), "secret");
  EXPECT_EQ(webhook_key(""), "");
  EXPECT_EQ(webhook_key("whsec_YQ=="), "a");
  EXPECT_EQ(webhook_key("whsec_YQ"), "a");
  EXPECT_EQ(webhook_key("whsec_/+8="), "\xff\xef");
  EXPECT_EQ(webhook_key("whsec_a b"), std::nullopt);
}

}  // namespace
}  // namespace peerjsd::hooks
