#include "peerjsd/auth/turn.hpp"

#include "peerjsd/auth/base64.hpp"
#include "peerjsd/auth/hmac.hpp"

#include <chrono>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace peerjsd::auth {
namespace {

using namespace std::chrono_literals;

// As by: printf 1800003600:ann | openssl dgst -sha1 -hmac secret -binary | base64
TEST(Turn, MakesCredentialsThatTheServerComputesAsWell) {
  const TurnOptions options{"secret", {"turn:t:3478", "stun:s", "turns:t?transport=tcp"}, 1h};
  EXPECT_EQ(ice_servers(options, "ann", Time(1'800'000'000'999ms)),
            R"({"iceServers":[{"urls":["stun:s"]},)"
            R"({"urls":["turn:t:3478","turns:t?transport=tcp"],"username":"1800003600:ann",)"
            R"("credential":"XZToMrc8Pvd/pWyWW3cBfrdGqNk="}],"ttl":3600})");
}

/// The name that `user` has for a TURN server.
std::string username_of(const std::string& user) {
  const TurnOptions options{"secret", {"turn:t"}, 1h};
  const auto json = nlohmann::json::parse(ice_servers(options, user, Time(1'800'000'000s)));
  const auto& server = json["iceServers"][0];
  const auto name = server["username"].get<std::string>();
  EXPECT_EQ(server["credential"].get<std::string>(), encode_base64(hmac_sha1("secret", name)));
  return name;
}

TEST(Turn, GivesNoNameThatIsLongerThanAServerTakes) {
  const std::string begin = "1800003600:";
  const std::string longest(508 - begin.size(), 'x');
  EXPECT_EQ(username_of(longest), begin + longest);
  const std::string shortened = username_of(longest + "x");
  EXPECT_TRUE(shortened.starts_with(begin)) << shortened;
  EXPECT_LT(shortened.size(), 509U);
  EXPECT_EQ(username_of(longest + "x"), shortened) << "the same user has the same name";
  EXPECT_NE(username_of(longest + "y"), shortened);
  EXPECT_LT(username_of(std::string(4096, 'x')).size(), 509U);
}

TEST(Turn, GivesNoNameThatCoturnTakesForAnAttack) {
  const std::string begin = "1800003600:";
  for (const std::string user : {"ann", "a:b|@.-_%", "J\xc3\xbcrgen", "union", "select"}) {
    EXPECT_EQ(username_of(user), begin + user);
  }
  for (const std::string user :
       {"ann smith", "tab\t", "O'Hara", "\"", "a\\b", "unionselect", "Select_UNION"}) {
    EXPECT_TRUE(username_of(user).ends_with("=")) << user << ": no digest";
    EXPECT_NE(username_of(user), username_of(user + " "));
  }
}

TEST(Turn, HasNoServersThatThereAreNot) {
  EXPECT_EQ(ice_servers({"secret", {"stun:s"}, 1s}, "", Time(0s)),
            R"({"iceServers":[{"urls":["stun:s"]}],"ttl":1})");
}

}  // namespace
}  // namespace peerjsd::auth
