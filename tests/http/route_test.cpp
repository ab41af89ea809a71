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
    EXPECT_TRUE(is<route::NotFound>(Router("/").route(method, "/peerjs"))) << method;
  }
}

TEST(Route, FindsAStream) {
  const auto stream =
      std::get<route::Stream>(Router("/app/").route("POST", "/APP/k%20y/a%2Fb/t/ID?i=0"));
  EXPECT_EQ(stream.key, "k y");
  EXPECT_EQ(stream.id, "a/b");
  EXPECT_EQ(stream.token, "t");
  EXPECT_FALSE(stream.is_renewal);
}

TEST(Route, KnowsARenewedStreamByItsCount) {
  const auto is_renewal = [](const std::string& query) {
    return std::get<route::Stream>(Router("/").route("POST", "/k/a/t/id" + query)).is_renewal;
  };
  for (const char* query : {"", "?", "?i=0", "?i=", "?n=1"}) EXPECT_FALSE(is_renewal(query));
  for (const char* query : {"?i=1", "?i=12", "?ts=3&i=2"}) EXPECT_TRUE(is_renewal(query));
}

TEST(Route, FindsThePlacesForMessages) {
  const Router router("/");
  const auto verb = [&](const std::string& name) {
    return std::get<route::Message>(router.route("POST", "/k/a/t/" + name)).verb;
  };
  EXPECT_EQ(verb("offer"), core::MessageType::Offer);
  EXPECT_EQ(verb("Answer"), core::MessageType::Answer);
  EXPECT_EQ(verb("candidate"), core::MessageType::Candidate);
  EXPECT_EQ(verb("leave"), core::MessageType::Leave);
  for (const char* none : {"/k/a/t/expire", "/k/a/t/open", "/k/a/t", "/k/a/t/offer/x", "/a/t/id"}) {
    EXPECT_TRUE(is<route::NotFound>(router.route("POST", none))) << none;
  }
  EXPECT_TRUE(is<route::NotFound>(router.route("GET", "/k/a/t/offer")));
  for (const char* broken : {"/%zz/a/t/id", "/k/%zz/t/offer", "/k/a/%ff/id"}) {
    EXPECT_TRUE(is<route::BadTarget>(router.route("POST", broken))) << broken;
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

TEST(Route, TheHostOfATargetDoesNotMatter) {
  const Router router("/app/");
  EXPECT_TRUE(is<route::NewId>(router.route("GET", "http://any:9000/app/k/id")));
  EXPECT_TRUE(is<route::WebSocket>(router.route("GET", "http://any/app/peerjs?id=a")));
  EXPECT_TRUE(is<route::NotFound>(router.route("GET", "http://app/k/id")));
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
  EXPECT_EQ(route.version, "1.5.5");
}

TEST(Route, OfARepeatedNameTheLastCounts) {
  const auto route = std::get<route::WebSocket>(Router("/").route("GET", "/peerjs?id=a&id=b"));
  EXPECT_EQ(route.id, "b");
  EXPECT_FALSE(route.version);
}

TEST(Route, SaysWhereAnEscapeIsBroken) {
  EXPECT_TRUE(is<route::BadTarget>(Router("/").route("GET", "/%zz/id")));
}

}  // namespace
}  // namespace peerjsd::http
