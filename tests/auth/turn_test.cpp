#include "peerjsd/auth/turn.hpp"

#include <chrono>

#include <gtest/gtest.h>

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

TEST(Turn, HasNoServersThatThereAreNot) {
  EXPECT_EQ(ice_servers({"secret", {"stun:s"}, 1s}, "", Time(0s)),
            R"({"iceServers":[{"urls":["stun:s"]}],"ttl":1})");
}

}  // namespace
}  // namespace peerjsd::auth
