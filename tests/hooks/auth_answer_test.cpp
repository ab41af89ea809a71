#include "peerjsd/hooks/auth_answer.hpp"

#include <chrono>
#include <string>
#include <variant>

#include <gtest/gtest.h>

namespace peerjsd::hooks {
namespace {

using namespace std::chrono_literals;

AuthAnswer read(unsigned status, const std::string& body = "") {
  return read_auth_answer(WebAnswer{status, body});
}

TEST(AuthAnswer, AdmitsWithoutABody) {
  EXPECT_EQ(read(200), AuthAnswer(AuthTerms{}));
  EXPECT_EQ(read(204), AuthAnswer(AuthTerms{}));
  EXPECT_EQ(read(299, R"({"unknown":{"a":[1]}})"), AuthAnswer(AuthTerms{}));
}

TEST(AuthAnswer, HasTerms) {
  EXPECT_EQ(read(200, R"({"limit":3,"may":["call"],"expires_in":1.5})"),
            AuthAnswer(AuthTerms{{true, false}, false, 3, 1500ms}));
  EXPECT_EQ(read(200, R"({"may":[]})"), AuthAnswer(AuthTerms{{false, false}, false, 0, {}}));
  EXPECT_EQ(read(200, R"({"may":"list"})"), AuthAnswer(AuthTerms{{false, false}, true, 0, {}}));
  EXPECT_EQ(read(200, R"({"may":["answer","call","list"]})"), AuthAnswer(AuthTerms{}));
  EXPECT_EQ(std::get<AuthTerms>(read(200, R"({"limit":99999999999})")).owner_limit, 4294967295U);
  EXPECT_EQ(std::get<AuthTerms>(read(200, R"({"expires_in":1e300})")).expires_in, 1000000000s);
}

TEST(AuthAnswer, RefusesWithAReasonOrWithout) {
  EXPECT_EQ(read(401, R"({"reason":"no"})"), AuthAnswer(AuthRefusal{"no"}));
  EXPECT_EQ(read(403, R"({"reason":"a\u0000b\n\u007fc"})"), AuthAnswer(AuthRefusal{"abc"}));
  for (const std::string body :
       {"", "no", "[]", "{}", R"({"reason":1})", R"({"reason":"\n"})", "\xff"}) {
    EXPECT_EQ(read(403, body), AuthAnswer(AuthRefusal{"Unauthorized"})) << body;
  }
}

TEST(AuthAnswer, TakesNothingForWhatIsTooDeepToBeWalked) {
  const std::string deep = std::string(30000, '[') + std::string(30000, ']');
  EXPECT_TRUE(std::holds_alternative<AuthFailure>(read(200, R"({"may":)" + deep + "}")));
}

TEST(AuthAnswer, LetsInNobodyOfWhomItSaysNo) {
  for (const std::string body :
       {R"({"reason":"blocked"})", R"({"allow":false})", R"({"authenticated":"no"})",
        R"({"permitted":0})", R"({"forbidden":"x"})", R"({"ok":false,"may":["call"]})",
        R"({"allow":0})", R"({"allow":null})", R"({"allowed":"no"})", R"({"error":"blocked"})",
        R"({"trial":false})"}) {
    EXPECT_EQ(read(200, body),
              AuthAnswer(AuthFailure{"its answer says no, with a status that says yes"}))
        << body;
  }
}

TEST(AuthAnswer, RefusesWhomItDoesNotLike) {
  for (const unsigned status : {400U, 402U, 404U, 407U, 413U, 422U, 431U}) {
    EXPECT_EQ(read(status, R"({"reason":"x"})"),
              AuthAnswer(
                  AuthRefusal{"Unauthorized", "it answers with status " + std::to_string(status)}));
  }
}

TEST(AuthAnswer, RefusesWhomItGivesNoTime) {
  for (const std::string time : {"0", "-1", "0.0001", "-1e300"}) {
    EXPECT_TRUE(std::holds_alternative<AuthRefusal>(read(200, R"({"expires_in":)" + time + "}")))
        << time;
  }
}

TEST(AuthAnswer, BoundsAReasonInCharacters) {
  std::string reason;
  for (int i = 0; i < 201; ++i) reason += "\xc3\xbc";
  const auto refusal = std::get<AuthRefusal>(read(403, R"({"reason":")" + reason + R"("})"));
  EXPECT_EQ(refusal.reason, reason.substr(0, 400));
}

TEST(AuthAnswer, IsNoneOtherwise) {
  EXPECT_EQ(read_auth_answer(WebFailure{"no answer in time", true}),
            AuthAnswer(AuthFailure{"no answer in time", true}));
  EXPECT_EQ(read(500), AuthAnswer(AuthFailure{"it answers with status 500"}));
  EXPECT_EQ(read(302),
            AuthAnswer(AuthFailure{"it answers with status 302: redirections are not followed"}));
  for (const unsigned status : {101U, 300U, 408U, 429U, 500U, 501U}) {
    ASSERT_TRUE(std::holds_alternative<AuthFailure>(read(status))) << status;
    EXPECT_FALSE(std::get<AuthFailure>(read(status)).is_down) << status;
  }
  for (const unsigned status : {502U, 503U, 504U}) {
    ASSERT_TRUE(std::holds_alternative<AuthFailure>(read(status))) << status;
    EXPECT_TRUE(std::get<AuthFailure>(read(status)).is_down) << status;
  }
  for (const std::string body :
       {"OK", "[]", "{", "\xff", R"({"limit":0})", R"({"limit":-1})", R"({"limit":1.5})",
        R"({"limit":"3"})", R"({"limit":null})", R"({"may":1})", R"({"may":[1]})",
        R"({"may":["call","x"]})", R"({"may":null})", R"({"expires_in":"1"})",
        R"({"expires_in":true})"}) {
    EXPECT_TRUE(std::holds_alternative<AuthFailure>(read(200, body))) << body;
  }
}

}  // namespace
}  // namespace peerjsd::hooks
