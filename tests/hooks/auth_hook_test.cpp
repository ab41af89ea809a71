#include "peerjsd/hooks/auth_hook.hpp"

#include "support/loop.hpp"
#include "support/recording_transport.hpp"
#include "support/web_service.hpp"
#include "support/without_hmac.hpp"

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <boost/beast/http/field.hpp>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace peerjsd::hooks {
namespace {

using namespace std::chrono_literals;
using test::WebService;

TEST(AuthCache, HoldsAnswersForAWhile) {
  AuthCache cache(10);
  const core::Instant now{1h};
  const Digest question = digest_of("a");
  EXPECT_EQ(cache.find(question, now), nullptr);
  cache.put(question, {AuthTerms{}}, now + 1s);
  ASSERT_NE(cache.find(question, now), nullptr);
  EXPECT_EQ(cache.find(question, now)->answer, AuthAnswer(AuthTerms{}));
  EXPECT_EQ(cache.find(digest_of("b"), now), nullptr);
  EXPECT_EQ(cache.find(question, now + 1s), nullptr);
  cache.put(question, {AuthRefusal{"x"}}, now + 3s);
  EXPECT_EQ(cache.find(question, now + 2s)->answer, AuthAnswer(AuthRefusal{"x"}));
  cache.put(question, {AuthTerms{}, now + 1s}, now + 3s);
  EXPECT_EQ(cache.find(question, now + 2s), nullptr) << "nobody is let in whose time is over";
}

TEST(AuthCache, IsBounded) {
  AuthCache cache(3);
  const core::Instant now{1h};
  for (const std::string text : {"a", "b", "a", "c", "d"}) {
    cache.put(digest_of(text), {AuthTerms{}}, now + 1s);
  }
  EXPECT_EQ(cache.size(), 3U);
  EXPECT_EQ(cache.find(digest_of("b"), now), nullptr) << "it is the oldest";
  for (const std::string text : {"a", "c", "d"}) {
    EXPECT_NE(cache.find(digest_of(text), now), nullptr) << text;
  }
}

class AuthHookTest : public testing::Test {
 protected:
  /// A client may have caused one failure, or the service be restarting.
  void expect_down_after_a_while() {
    answer("HTTP/1.1 502 Oops\r\nContent-Length: 0\r\n\r\n");
    ask("eve");
    EXPECT_TRUE(std::holds_alternative<net::Rejection>(ruling().verdict));
    now_ += 3s;
    ask("bob");
    EXPECT_EQ(pass().owner, "owner");
  }

  AuthHookTest()
      : relay_([] {
          core::RelayOptions options;
          options.keys = {"peerjs"};
          options.concurrent_limit = 100;
          options.leave_grace = 30s;
          return options;
        }()),
        hook_(io_, *parse_web_url("http://127.0.0.1:" + std::to_string(service_.port())), "",
              relay_, {{"cookie"}, 3s, false, 0ms}) {}

  void answer(const std::string& bytes) {
    service_.answer = [bytes](const std::string&) { return bytes; };
  }

  void ask(const std::string& id, net::Pass pass = {"owner"},
           net::Purpose purpose = net::Purpose::Connect) {
    hook_.ask({purpose, {"peerjs", id, "token"}, "192.0.2.1", group_, request_, asker_}, pass, now_,
              [this](const net::Ruling& ruling) { rulings_.push_back(ruling); });
  }

  net::Ruling ruling() {
    EXPECT_TRUE(test::run_until(io_, [&] { return !rulings_.empty(); }));
    const net::Ruling first = rulings_.front();
    rulings_.erase(rulings_.begin());
    return first;
  }

  net::Pass pass() { return std::get<net::Pass>(ruling().verdict); }

  boost::asio::io_context io_{1};
  WebService service_{io_};
  core::Relay relay_;
  AuthHook hook_;
  core::AddressGroup group_{7};
  net::HttpRequest request_;
  std::shared_ptr<int> asker_ = std::make_shared<int>();
  core::Instant now_{1h};
  std::vector<net::Ruling> rulings_;
};

TEST_F(AuthHookTest, AsksWithHeadersOfTheRequest) {
  request_.insert("Cookie", "a=1");
  request_.insert("cookie", "b=2");
  request_.insert("other", "x");
  request_.insert(boost::beast::http::field::origin, "https://a");
  ask("ann\xff", {"owner", "user"});
  ruling();
  EXPECT_EQ(service_.bodies.front(),
            R"({"purpose":"connect","key":"peerjs","id":"ann)"
            "\xef\xbf\xbd"
            R"(","token":"token","user":"user","address":"192.0.2.1","origin":"https://a",)"
            R"("headers":{"cookie":"a=1; b=2"}})");
}

TEST_F(AuthHookTest, NarrowsWhatAPassAllows) {
  answer(WebService::ok(R"({"limit":3,"may":["call","list"],"expires_in":60})"));
  ask("ann", {"owner", "user", {true, true}, true, 0, {now_ + 90s}});
  net::Pass pass = this->pass();
  EXPECT_EQ(pass.owner, "owner");
  EXPECT_EQ(pass.rights, (core::Rights{true, false}));
  EXPECT_TRUE(pass.may_list);
  EXPECT_EQ(pass.owner_limit, 3U);
  EXPECT_EQ(pass.term.end(), now_ + 60s);
  ask("ann", {"owner", "user", {false, true}, false, 2, {now_ + 30s}});
  pass = this->pass();
  EXPECT_EQ(pass.rights, (core::Rights{false, false}));
  EXPECT_FALSE(pass.may_list);
  EXPECT_EQ(pass.owner_limit, 2U);
  EXPECT_EQ(pass.term.end(), now_ + 30s);
}

TEST_F(AuthHookTest, AsksTheSameQuestionOnceAtATime) {
  for (int i = 0; i < 3; ++i) ask("ann");
  ask("bob");
  EXPECT_EQ(hook_.under_way(), 2U);
  for (int i = 0; i < 4; ++i) ruling();
  EXPECT_EQ(service_.bodies.size(), 2U);
  EXPECT_EQ(hook_.under_way(), 0U);
  ask("ann");
  ruling();
  EXPECT_EQ(service_.bodies.size(), 3U) << "an answer is for those who wait for it";
  EXPECT_EQ(hook_.counters().admitted, 3U);
}

TEST_F(AuthHookTest, RemembersBothAnswersButNoFailure) {
  hook_.set_options({{}, 3s, false, 10s});
  answer("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
  ask("eve");
  ruling();
  answer(WebService::ok(R"({"expires_in":5})"));
  ask("ann");
  EXPECT_EQ(pass().term.end(), now_ + 5s);
  answer("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n");
  ask("bob");
  ruling();
  now_ += 2s;
  ask("eve");
  EXPECT_TRUE(rulings_.empty()) << "not from ask() itself";
  EXPECT_EQ(std::get<net::Rejection>(ruling().verdict).reason, "Unauthorized");
  ask("ann");
  EXPECT_EQ(pass().term.end(), now_ + 3s) << "counted from the answer";
  EXPECT_EQ(hook_.counters().cached, 2U);
  ask("bob");
  ruling();
  EXPECT_EQ(hook_.counters().failed, 2U);
}

TEST_F(AuthHookTest, LetsInWhomItKnowsWhileTheServiceIsDown) {
  test::RecordingTransport ann;
  relay_.attach(ann, {"peerjs", "ann", "owner", {now_ + 30s, now_ + 60s}},
                {core::PeerKind::Page, {true, false}, 3}, now_);
  answer("HTTP/1.1 503 Oops\r\nContent-Length: 0\r\n\r\n");
  const auto is_let_in = [&](const std::string& id, const std::string& owner) {
    ask(id, {owner});
    const net::Ruling said = ruling();
    EXPECT_EQ(said.failure,
              "127.0.0.1:" + std::to_string(service_.port()) + ": it answers with status 503");
    return std::holds_alternative<net::Pass>(said.verdict);
  };
  EXPECT_FALSE(is_let_in("ann", "another"));
  EXPECT_FALSE(is_let_in("bob", "owner"));
  relay_.detach(ann, core::End::Lost, now_);
  now_ += 30s;
  ask("ann", {"owner", "", {}, true, 0, {now_ + 300s}});
  const net::Pass known = pass();
  EXPECT_EQ(known.term.of_token, now_ + 300s) << "it has a fresh one";
  EXPECT_EQ(known.rights, (core::Rights{true, false}));
  EXPECT_EQ(known.owner_limit, 3U);
  EXPECT_EQ(known.term.of_ruling, now_ + 30s);
  now_ += 30s;
  hook_.expire(now_);
  EXPECT_FALSE(is_let_in("ann", "owner")) << "its time is over";
}

TEST_F(AuthHookTest, DoesNotKnowWhomTheServiceHasRefusedSince) {
  test::RecordingTransport ann;
  relay_.attach(ann, {"peerjs", "ann", "owner", {core::Instant::max(), now_ + 60s}}, {}, now_);
  const std::string status = "HTTP/1.1 ";
  const std::string rest = "\r\nContent-Length: 0\r\n\r\n";
  const auto is_let_in = [&](const std::string& answered) {
    answer(status + answered + rest);
    ask("ann");
    return std::holds_alternative<net::Pass>(ruling().verdict);
  };
  EXPECT_TRUE(is_let_in("503 Down"));
  EXPECT_FALSE(is_let_in("403 No"));
  EXPECT_FALSE(is_let_in("503 Down"));
  EXPECT_NE(ann.peer(), nullptr) << "who is refused may be another page of it";
  relay_.expire(now_ + 60s);
  EXPECT_EQ(ann.peer(), nullptr) << "its session ends when it would have";
  test::RecordingTransport again;
  relay_.attach(again, {"peerjs", "ann", "owner"}, {}, now_);
  EXPECT_TRUE(is_let_in("503 Down")) << "it has been let in once more";
}

TEST_F(AuthHookTest, KnowsWhomTheServiceHasRefusedSomethingElse) {
  test::RecordingTransport ann;
  relay_.attach(ann, {"peerjs", "ann", "owner"}, {}, now_);
  answer("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n");
  ask("ann", {"owner"}, net::Purpose::Ice);
  EXPECT_TRUE(std::holds_alternative<net::Rejection>(ruling().verdict));
  answer("HTTP/1.1 503 Down\r\nContent-Length: 0\r\n\r\n");
  ask("ann");
  EXPECT_EQ(pass().owner, "owner");
}

TEST_F(AuthHookTest, LetsInNobodyForWhatTheyMayHaveCaused) {
  test::RecordingTransport ann;
  relay_.attach(ann, {"peerjs", "ann", "owner"}, {}, now_);
  hook_.set_options({{}, 3s, true, 0ms});
  const auto is_refused = [&](const std::string& id) {
    ask(id);
    return std::holds_alternative<net::Rejection>(ruling().verdict);
  };
  const std::string rest = "\r\nContent-Length: 0\r\n\r\n";
  for (const std::string status : {"500 Oops", "429 Too Many", "408 Slow", "302 Found"}) {
    now_ += 3s;
    answer("HTTP/1.1 " + status + rest);
    EXPECT_TRUE(is_refused("bob")) << status;
    EXPECT_TRUE(is_refused("ann")) << status;
  }
  now_ += 3s;
  answer("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n?");
  EXPECT_TRUE(is_refused("ann")) << "not understood";
}

TEST_F(AuthHookTest, WhoWaitsForItsOwnQuestionsOnlyIsNotLetIn) {
  test::RecordingTransport ann;
  relay_.attach(ann, {"peerjs", "ann", "owner"}, {}, now_);
  service_.answer = [](const std::string& body) {
    const bool is_others = body.find("other") != std::string::npos;
    return is_others ? std::optional(WebService::ok("{}")) : std::nullopt;
  };
  for (int i = 0; i < 20; ++i) ask("slow " + std::to_string(i));
  ask("ann");
  now_ += 1s;
  group_ = core::AddressGroup{8};
  ask("other");
  EXPECT_EQ(pass().owner, "owner");
  now_ += 2s;
  hook_.expire(now_);
  std::size_t admitted = 0;
  for (const net::Ruling& each : rulings_) admitted += each.verdict.index() == 0 ? 1 : 0;
  EXPECT_EQ(rulings_.size(), 21U);
  EXPECT_EQ(admitted, 0U);
}

TEST_F(AuthHookTest, WhoWaitsWhileItHangsForAllIsLetInIfKnown) {
  test::RecordingTransport ann;
  relay_.attach(ann, {"peerjs", "ann", "owner"}, {}, now_);
  service_.answer = [](const std::string&) { return std::nullopt; };
  for (int i = 0; i < 20; ++i) ask("slow " + std::to_string(i));
  ask("ann");
  now_ += 3s;
  hook_.expire(now_);
  ASSERT_EQ(rulings_.size(), 21U);
  EXPECT_TRUE(std::holds_alternative<net::Pass>(rulings_.back().verdict));
}

TEST_F(AuthHookTest, LetsInOthersOnlyIfTheServiceIsReallyDown) {
  hook_.set_options({{}, 3s, true, 0ms});
  answer("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n");
  ask("eve");
  const net::Ruling said = ruling();
  EXPECT_EQ(said.failure, "");
  EXPECT_EQ(std::get<net::Rejection>(said.verdict).detail,
            hook_.address() + ": it answers with status 413");
  expect_down_after_a_while();
}

TEST_F(AuthHookTest, IsNotDownWhereOthersHaveAnAnswer) {
  hook_.set_options({{}, 3s, true, 0ms});
  ask("ann");
  ruling();
  expect_down_after_a_while();
}

TEST_F(AuthHookTest, IsNotDownAtOnceWhereNobodyHasAskedForAWhile) {
  hook_.set_options({{}, 3s, true, 0ms});
  ask("ann");
  ruling();
  now_ += 1h;
  expect_down_after_a_while();
}

TEST_F(AuthHookTest, OneAddressHasNotMoreThanItsShare) {
  service_.answer = [](const std::string&) { return std::nullopt; };
  for (int i = 0; i < 40; ++i) ask(std::to_string(i));
  group_ = core::AddressGroup{8};
  ask("other");
  ASSERT_TRUE(test::run_until(io_, [&] {
    return !service_.bodies.empty() && service_.bodies.back().find("other") != std::string::npos;
  }));
  EXPECT_LT(service_.bodies.size(), 32U);
}

TEST_F(AuthHookTest, AsksNothingForWhoHasGone) {
  service_.answer = [](const std::string&) { return std::nullopt; };
  for (int i = 0; i < 8; ++i) ask(std::to_string(i));
  ASSERT_TRUE(test::run_until(io_, [&] { return service_.bodies.size() == 8; }));
  const auto staying = std::exchange(asker_, std::make_shared<int>());
  ask("gone");
  asker_ = staying;
  ask("staying");
  answer(WebService::ok());
  service_.say(WebService::ok());
  ASSERT_TRUE(test::run_until(io_, [&] { return rulings_.size() == 9; }));
  EXPECT_EQ(service_.bodies.size(), 9U);
  EXPECT_NE(service_.bodies.back().find("staying"), std::string::npos);
  EXPECT_EQ(hook_.under_way(), 0U);
}

TEST_F(AuthHookTest, AsksAgainWhatItCouldNotSign) {
  AuthHook hook(io_, *parse_web_url("http://127.0.0.1:" + std::to_string(service_.port())), "key",
                relay_, {{}, 3s, false, 0ms});
  const auto ask = [&] {
    hook.ask({net::Purpose::Connect, {"peerjs", "ann", "token"}, "", group_, request_, asker_},
             {"owner"}, now_, [this](const net::Ruling& ruling) { rulings_.push_back(ruling); });
  };
  {
    const test::WithoutHmac without;
    EXPECT_THROW(ask(), std::runtime_error);
  }
  EXPECT_EQ(hook.under_way(), 0U);
  ask();
  EXPECT_EQ(pass().owner, "owner");
}

TEST_F(AuthHookTest, AShorterMemoryForgetsAtOnce) {
  hook_.set_options({{}, 3s, false, 1h});
  ask("ann");
  ruling();
  hook_.set_options({{}, 3s, false, 2h});
  ask("ann");
  ruling();
  EXPECT_EQ(service_.bodies.size(), 1U);
  hook_.set_options({{}, 3s, false, 1s});
  ask("ann");
  ruling();
  EXPECT_EQ(service_.bodies.size(), 2U);
}

}  // namespace
}  // namespace peerjsd::hooks
