#include "peerjsd/http/route.hpp"

#include <string>
#include <variant>

#include <gtest/gtest.h>

namespace peerjsd::http {
namespace {

template <class Kind>
bool is(const Route& route) {
  return std::holds_alternative<Kind>(route);
}

TEST(Route, FindsTheEndpoints) {
  const Router router("/");
  EXPECT_TRUE(is<route::Info>(router.route("GET", "/")));
  EXPECT_EQ(std::get<route::NewId>(router.route("GET", "/peerjs/id")).key, "peerjs");
  EXPECT_EQ(std::get<route::Peers>(router.route("GET", "/k%20y/peers")).key, "k y");
  EXPECT_TRUE(is<route::WebSocket>(router.route("GET", "/peerjs")));
  EXPECT_TRUE(is<route::Preflight>(router.route("OPTIONS", "/anything")));
}

TEST(Route, HeadIsAsGet) {
  EXPECT_TRUE(is<route::NewId>(Router("/").route("HEAD", "/k/id")));
}

TEST(Route, KnowsNoOtherMethods) {
  for (const char* method : {"POST", "PUT", "DELETE", "get", ""}) {
    EXPECT_TRUE(is<route::NotFound>(Router("/").route(method, "/k/id"))) << method;
  }
}

TEST(Route, KnowsNothingElse) {
  const Router router("/app/");
  for (const char* target : {"/", "", "*", "/k/id", "/app/k", "/app/k/x", "/app/k/id/x", "/ap/k/id",
                             "/app/PEERJS", "/APP/peerjs", "/app/%70eerjs", "/app/k/%69d"}) {
    EXPECT_TRUE(is<route::NotFound>(router.route("GET", target))) << target;
  }
}

TEST(Route, HttpEndpointsDisregardCaseAndSurplusSlashes) {
  const Router router("/app/");
  for (const char* target :
       {"/app/k/id", "/APP/k/ID", "/app/k/id/", "//app//k//id", "/app/k/id?x"}) {
    const Route route = router.route("GET", target);
    ASSERT_TRUE(is<route::NewId>(route)) << target;
    EXPECT_EQ(std::get<route::NewId>(route).key, "k");
  }
}

TEST(Route, TheWebSocketStandsSurplusSlashes) {
  const Router router("/app/");
  for (const char* target : {"/app/peerjs", "/app/peerjs/", "/app//peerjs?id=x", "/app/peerjs?"}) {
    EXPECT_TRUE(is<route::WebSocket>(router.route("GET", target))) << target;
  }
}

TEST(Route, ReadsTheWebSocketsQuery) {
  const auto route = std::get<route::WebSocket>(
      Router("/").route("GET", "/peerjs?x=y&token=t%20t&id=a+b&key=k&version=1.5.5"));
  EXPECT_EQ(route.key, "k");
  EXPECT_EQ(route.id, "a b");
  EXPECT_EQ(route.token, "t t");
  EXPECT_TRUE(route.has_version);
}

TEST(Route, OfARepeatedNameTheLastCounts) {
  const auto route = std::get<route::WebSocket>(Router("/").route("GET", "/peerjs?id=a&id=b"));
  EXPECT_EQ(route.id, "b");
  EXPECT_FALSE(route.has_version);
}

TEST(Route, SaysWhereAnEscapeIsBroken) {
  EXPECT_TRUE(is<route::BadTarget>(Router("/").route("GET", "/%zz/id")));
}

}  // namespace
}  // namespace peerjsd::http
