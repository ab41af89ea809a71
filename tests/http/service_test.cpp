#include "peerjsd/http/service.hpp"

#include "support/recording_transport.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace peerjsd::http {
namespace {

core::RelayOptions relay_options() {
  core::RelayOptions options;
  options.keys = {"peerjs"};
  options.concurrent_limit = 10;
  return options;
}

class ServiceTest : public testing::Test {
 protected:
  Reply get(const ServiceOptions& options, std::string_view target, std::string_view origin = {}) {
    return answer(options, {"GET", target, origin, {}, {}});
  }

  Reply answer(const ServiceOptions& options, const Request& request) {
    const Service service(options, relay_, random());
    return std::visit([&](const auto& route) { return reply_of(service, request, route); },
                      service.router().route(request.method, request.target));
  }

  template <class Asked>
  static Reply reply_of(const Service& service, const Request& request, const Asked& asked) {
    return service.answer(request, asked);
  }
  static Reply reply_of(const Service& service, const Request& request, const route::Stream&) {
    return service.stream_head(request.origin);
  }
  static Reply reply_of(const Service&, const Request&, const route::Message&) { return {}; }

  static std::optional<std::string> header(const Reply& reply, std::string_view name) {
    const auto found =
        std::ranges::find(reply.headers, name, [](const auto& h) { return h.first; });
    return found == reply.headers.end() ? std::nullopt : std::optional(found->second);
  }

  /// 0, 0, 0, ... then 1, 1, 1, ...: the first id twice, then another.
  core::RandomSource random() {
    return [this](std::span<std::byte> bytes) {
      std::ranges::fill(bytes, std::byte{static_cast<unsigned char>(draws_++ / 2)});
    };
  }

  core::Relay relay_{relay_options()};
  unsigned draws_ = 0;
};

TEST_F(ServiceTest, SaysWhatItIsInTheOrderOfNpmPeer) {
  const Reply reply = get({}, "/");
  EXPECT_EQ(reply.status, 200U);
  EXPECT_EQ(header(reply, "Content-Type"), "application/json; charset=utf-8");
  EXPECT_TRUE(reply.body.starts_with(R"({"name":"PeerJS Server","description":)"));
  EXPECT_NE(reply.body.find(R"(,"website":)"), std::string::npos);
}

TEST_F(ServiceTest, ShowsAPageToWhoeverWantsHtml) {
  ServiceOptions options;
  options.path = "/my&app/";
  const Request request{"GET", "/my&app/", {}, {}, "text/html,application/xhtml+xml,*/*;q=0.8"};
  const Reply page = answer(options, request);
  EXPECT_EQ(page.status, 200U);
  EXPECT_EQ(header(page, "Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(header(page, "Vary"), "Origin, Accept");
  EXPECT_NE(page.body.find("path: \"/my&amp;app/\""), std::string::npos);
  EXPECT_EQ(page.body.find("id=\"demo\""), std::string::npos);
  EXPECT_EQ(page.body.find("{{"), std::string::npos);
  options.demo = Demo{"peerjs", "/client.js"};
  EXPECT_NE(answer(options, request).body.find("id=\"demo\""), std::string::npos);
}

TEST_F(ServiceTest, AnswersEverybodyElseInJson) {
  for (const std::string_view accept : {"", "*/*", "application/json"}) {
    const Reply reply = answer({}, {"GET", "/", {}, {}, accept});
    EXPECT_EQ(header(reply, "Content-Type"), "application/json; charset=utf-8") << accept;
    EXPECT_EQ(header(reply, "Vary"), "Origin, Accept");
  }
}

TEST_F(ServiceTest, HasADemoOnlyWhereItIsOn) {
  EXPECT_EQ(get({}, "/demo").status, 404U);
  ServiceOptions options;
  options.demo = Demo{"a<\"b&", "https://example.com/?a=1&b=2"};
  const Reply page = get(options, "/demo");
  EXPECT_EQ(page.status, 200U);
  EXPECT_NE(page.body.find("content=\"a&lt;&quot;b&amp;\""), std::string::npos);
  EXPECT_NE(page.body.find("content=\"https://example.com/?a=1&amp;b=2\""), std::string::npos);
  EXPECT_EQ(page.body.find("{{"), std::string::npos);
}

TEST_F(ServiceTest, APageRunsNothingButItsOwnByANonceOfOneAnswer) {
  ServiceOptions options;
  options.demo = Demo{"peerjs", "/client.js"};
  const Service service(options, relay_, random());
  const Request request{"GET", "/demo", {}, {}, {}};
  std::vector<std::string> nonces;
  for (int i = 0; i < 3; ++i) {
    const Reply page = service.answer(request, route::Demo{});
    const std::string policy = header(page, "Content-Security-Policy").value_or("");
    EXPECT_TRUE(policy.starts_with("default-src 'none'; script-src 'nonce-")) << policy;
    EXPECT_EQ(policy.find("unsafe"), policy.npos);
    const std::size_t begin = policy.find("nonce-") + 6;
    nonces.push_back(policy.substr(begin, policy.find('\'', begin) - begin));
    EXPECT_NE(page.body.find("<script nonce=\"" + nonces.back() + "\">"), std::string::npos);
    EXPECT_EQ(header(page, "Cache-Control"), "no-store");
  }
  EXPECT_EQ(nonces[0].size(), 16U);
  EXPECT_NE(nonces[0], nonces[2]);  // the source repeats itself once
}

TEST_F(ServiceTest, GivesAnIdThatNobodyHas) {
  const Reply first = get({}, "/peerjs/id");
  EXPECT_EQ(first.status, 200U);
  EXPECT_EQ(header(first, "Content-Type"), "text/html; charset=utf-8");
  test::RecordingTransport transport;
  relay_.attach(transport, {"peerjs", first.body, "t"}, {core::PeerKind::Page}, core::Instant{});
  EXPECT_NE(get({}, "/peerjs/id").body, first.body);
  EXPECT_EQ(draws_, 3U);
}

TEST_F(ServiceTest, KnowsOnlyItsKeysUnlessToldOtherwise) {
  for (const char* target : {"/wrong/id", "/wrong/peers"}) {
    const Reply reply = get({}, target, "http://page");
    EXPECT_EQ(reply.status, 401U);
    EXPECT_EQ(reply.body, "Invalid key provided");
    EXPECT_EQ(header(reply, "Access-Control-Allow-Origin"), "http://page");
  }
  ServiceOptions any_key;
  any_key.any_key = true;
  any_key.allow_discovery = true;
  EXPECT_EQ(get(any_key, "/wrong/id").status, 200U);
  EXPECT_EQ(get(any_key, "/wrong/peers").body, "[]");
}

TEST_F(ServiceTest, ListsPeersOnlyWhereAllowed) {
  test::RecordingTransport transport;
  relay_.attach(transport, {"peerjs", "a\"b", "t"}, {core::PeerKind::Page}, core::Instant{});
  EXPECT_EQ(get({}, "/peerjs/peers").status, 401U);
  EXPECT_EQ(get({}, "/peerjs/peers").body, "Unauthorized");
  ServiceOptions discovery;
  discovery.allow_discovery = true;
  EXPECT_EQ(get(discovery, "/peerjs/peers").body, R"(["a\"b"])");
}

TEST_F(ServiceTest, EchoesEveryOriginByDefaultAndOnlyListedOnesElse) {
  EXPECT_EQ(header(get({}, "/", "http://a"), "Access-Control-Allow-Origin"), "http://a");
  EXPECT_EQ(header(get({}, "/"), "Access-Control-Allow-Origin"), std::nullopt);
  EXPECT_EQ(header(get({}, "/"), "Vary"), "Origin, Accept");
  ServiceOptions listed;
  listed.cors = {"http://a", "http://b"};
  EXPECT_EQ(header(get(listed, "/", "http://b"), "Access-Control-Allow-Origin"), "http://b");
  EXPECT_EQ(header(get(listed, "/", "http://c"), "Access-Control-Allow-Origin"), std::nullopt);
  EXPECT_EQ(get(listed, "/", "http://c").status, 200U);
}

TEST_F(ServiceTest, AnswersAPreflight) {
  const Reply reply = answer({}, {"OPTIONS", "/x", "http://a", "content-type,x", {}});
  EXPECT_EQ(reply.status, 204U);
  EXPECT_EQ(header(reply, "Access-Control-Allow-Methods"), "GET,HEAD,PUT,PATCH,POST,DELETE");
  EXPECT_EQ(header(reply, "Access-Control-Allow-Headers"), "content-type,x");
  EXPECT_EQ(header(reply, "Access-Control-Max-Age"), "86400");
  EXPECT_EQ(header(reply, "Vary"), "Origin, Access-Control-Request-Headers");
}

TEST_F(ServiceTest, NamesItsPathToWhoLooksElsewhere) {
  ServiceOptions options;
  options.path = "/app/";
  const Reply reply = get(options, "/peerjs/id\xff");
  EXPECT_EQ(reply.status, 404U);
  EXPECT_EQ(header(reply, "Content-Type"), "application/json; charset=utf-8");
  EXPECT_NE(reply.body.find(R"("path":"/app/")"), std::string::npos) << reply.body;
  EXPECT_EQ(get(options, "/app/%zz/id").status, 400U);
}

TEST_F(ServiceTest, AStreamIsNotHeldBackByAProxyAndReadableByAPage) {
  const Reply stream = Service({}, relay_, random()).stream_head("http://a");
  EXPECT_EQ(stream.status, 200U);
  EXPECT_EQ(header(stream, "Content-Type"), "application/octet-stream");
  EXPECT_EQ(header(stream, "Cache-Control"), "no-store");
  EXPECT_EQ(header(stream, "X-Accel-Buffering"), "no");
  EXPECT_EQ(header(stream, "Access-Control-Allow-Origin"), "http://a");
}

TEST_F(ServiceTest, ARefusedStreamIsAnErrorInTheFormOfTheArticle) {
  const Service service({}, relay_, random());
  const Reply reply = service.stream_refusal("ID is taken", "http://a");
  EXPECT_EQ(reply.status, 200U);
  EXPECT_EQ(reply.body, R"({"type":"ERROR","payload":{"msg":"ID is taken"}})");
  EXPECT_EQ(header(reply, "Access-Control-Allow-Origin"), "http://a");
}

TEST_F(ServiceTest, SaysWhatBecameOfAPostedMessage) {
  const Service service({}, relay_, random());
  const Request request{"POST", "/k/a/t/offer", "http://a", {}, {}};
  using core::Receipt;
  for (const Receipt good : {Receipt::Relayed, Receipt::Kept, Receipt::Expired, Receipt::Left}) {
    EXPECT_EQ(service.answer(request, good).status, 200U);
    EXPECT_EQ(service.answer(request, good).body, "OK");
  }
  EXPECT_EQ(service.answer(request, Receipt::Unauthorized).status, 401U);
  EXPECT_EQ(service.answer(request, Receipt::Unauthorized).body, "Unauthorized");
  EXPECT_EQ(header(service.answer(request, Receipt::Unauthorized), "Access-Control-Allow-Origin"),
            "http://a");
  for (const Receipt bad :
       {Receipt::NotJson, Receipt::NotUtf8, Receipt::NotAnObject, Receipt::TooDeep,
        Receipt::UnknownType, Receipt::WrongVerb, Receipt::NoDestination}) {
    EXPECT_EQ(service.answer(request, bad).status, 400U);
    EXPECT_EQ(service.answer(request, bad).body, std::string(core::complaint(bad)) + "\n");
  }
}

TEST_F(ServiceTest, ExplainsAGetOnTheWebSocketPath) {
  const Reply reply = get({}, "/peerjs");
  EXPECT_EQ(reply.status, 426U);
  EXPECT_EQ(header(reply, "Upgrade"), "websocket");
  EXPECT_NE(reply.body.find("proxy"), std::string::npos);
}

TEST_F(ServiceTest, LetsInPagesOfTheListedOriginsAndWhoeverIsNoPage) {
  const auto lets_in = [this](const std::vector<std::string>& cors, std::string_view origin) {
    ServiceOptions options;
    options.cors = cors;
    return Service(options, relay_, random()).lets_in(origin);
  };
  EXPECT_TRUE(lets_in({}, "https://any.example"));
  EXPECT_TRUE(lets_in({"https://a.example"}, ""));
  EXPECT_TRUE(lets_in({"https://a.example"}, "https://a.example"));
  EXPECT_FALSE(lets_in({"https://a.example"}, "https://b.example"));
  EXPECT_FALSE(lets_in({"https://a.example"}, "http://a.example"));
  EXPECT_FALSE(lets_in({"https://a.example"}, "null"));
}

TEST_F(ServiceTest, AStarStandsForAnySubdomain) {
  ServiceOptions options;
  options.cors = {"https://*.a.example:8443"};
  const Service service(options, relay_, random());
  for (const std::string origin : {"https://x.a.example:8443", "https://x.y.a.example:8443"}) {
    EXPECT_TRUE(service.lets_in(origin)) << origin;
  }
  for (const std::string origin :
       {"https://a.example:8443", "https://.a.example:8443", "https://x.a.example",
        "http://x.a.example:8443", "https://xa.example:8443",
        "https://evil.example/.a.example:8443", "https://evil.example:1@x.a.example:8443",
        "https://x.a.example:8443.evil.example"}) {
    EXPECT_FALSE(service.lets_in(origin)) << origin;
  }
  EXPECT_EQ(header(get(options, "/", "https://x.a.example:8443"), "Access-Control-Allow-Origin"),
            "https://x.a.example:8443");
  EXPECT_EQ(header(get(options, "/", "https://a.example"), "Access-Control-Allow-Origin"),
            std::nullopt);
}

}  // namespace
}  // namespace peerjsd::http
