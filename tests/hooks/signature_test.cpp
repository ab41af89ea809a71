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
  EXPECT_EQ(webhook_key("whsec_YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFh"), std::string(24, 'a'));
  EXPECT_EQ(webhook_key("whsec_YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYQ=="), std::string(25, 'a'));
  EXPECT_EQ(webhook_key("whsec_YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYQ"), std::string(25, 'a'));
}

TEST(Signature, TakesNoSecretThatIsNoBase64OrTooShort) {
  for (const std::string_view secret :
       {"whsec_", "whsec_YQ==", "whsec_YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=",
        "whsec_YWFhYWFhYWFh WFhYWFhYWFhYWFhYWFhYWFh", "whsec_YWFhYWFhYWFh-WFhYWFhYWFhYWFhYWFhYWFh",
        "whsec_YWFhYWFhYWFh_WFhYWFhYWFhYWFhYWFhYWFh",
        "whsec_==========================", "whsec_YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYQ==="}) {
    EXPECT_EQ(webhook_key(secret), std::nullopt) << secret;
  }
}

}  // namespace
}  // namespace peerjsd::hooks
