#include "peerjsd/hooks/web_client.hpp"

#include "support/loop.hpp"
#include "support/tls_files.hpp"
#include "support/web_service.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace peerjsd::hooks {
namespace {

using namespace std::chrono_literals;
using test::WebService;

class WebClientTest : public testing::Test {
 protected:
  WebClient& client(WebClient::Options options = {3s}, const std::string& scheme = "http",
                    const std::string& host = "127.0.0.1") {
    const auto url =
        parse_web_url(scheme + "://" + host + ":" + std::to_string(service_->port()) + "/a?b");
    client_ = std::make_unique<WebClient>(io_, *url, options);
    return *client_;
  }

  void post(const std::string& body, WebClient::Headers headers = {},
            WebClient::IsWanted is_wanted = {},
            WebClient::Sender sender = WebClient::Sender::Anybody) {
    client_->post(
        body, std::move(headers), now_, [this](const auto& outcome) { take(outcome); },
        std::move(is_wanted), sender);
  }
  void post_from(WebClient::Sender sender, const std::string& body) { post(body, {}, {}, sender); }

  void take(const WebClient::Outcome& outcome) {
    if (const auto* const answer = std::get_if<WebAnswer>(&outcome)) {
      said_.push_back(std::to_string(answer->status) + " " + answer->body);
    } else {
      said_.push_back(std::get<WebFailure>(outcome).why);
      is_down_ = std::get<WebFailure>(outcome).is_down;
    }
  }

  using List = std::vector<std::string>;

  /// What has become of the next requests.
  List outcomes(std::size_t count = 1) {
    EXPECT_TRUE(test::run_until(io_, [&] { return said_.size() >= count; }));
    return std::exchange(said_, {});
  }
  std::string outcome() {
    const List all = outcomes();
    return all.empty() ? "" : all.front();
  }

  boost::asio::io_context io_{1};
  std::unique_ptr<WebService> service_ = std::make_unique<WebService>(io_);
  std::unique_ptr<WebClient> client_;
  core::Instant now_{1h};
  List said_;
  bool is_down_ = false;  // as it was said last
};

TEST_F(WebClientTest, PostsJson) {
  client();
  post(R"({"a":1})", {{"X-More", "yes"}});
  EXPECT_TRUE(said_.empty()) << "not from post() itself";
  EXPECT_EQ(outcome(), "200 {}");
  EXPECT_EQ(service_->bodies, List{R"({"a":1})"});
  const std::string& head = service_->heads.front();
  EXPECT_TRUE(head.starts_with("POST /a?b HTTP/1.1\r\n")) << head;
  for (const std::string& line : {"Host: 127.0.0.1:" + std::to_string(service_->port()),
                                  std::string("Content-Type: application/json"),
                                  std::string("X-More: yes"), std::string("Content-Length: 7")}) {
    EXPECT_NE(head.find("\r\n" + line + "\r\n"), head.npos) << head;
  }
}

TEST_F(WebClientTest, KeepsItsConnection) {
  client();
  for (int i = 0; i < 5; ++i) {
    post("x");
    EXPECT_EQ(outcome(), "200 {}");
  }
  EXPECT_EQ(service_->connections, 1U);
}

TEST_F(WebClientTest, UsesNoMoreConnectionsThanItMay) {
  client({3s, 2, 100});
  service_->answer = [](const std::string& body) { return WebService::ok(body); };
  List expected;
  for (int i = 0; i < 20; ++i) {
    post(std::to_string(i));
    expected.push_back(std::to_string(i));
  }
  outcomes(20);
  EXPECT_THAT(service_->bodies, testing::UnorderedElementsAreArray(expected));
  EXPECT_EQ(service_->connections, 2U);
}

TEST_F(WebClientTest, KeepsTheOrder) {
  client({3s, 1, 100});
  List expected;
  for (int i = 0; i < 20; ++i) {
    post(std::to_string(i));
    expected.push_back(std::to_string(i));
  }
  outcomes(20);
  EXPECT_EQ(service_->bodies, expected);
}

TEST_F(WebClientTest, TakesWhateverFormAnAnswerHas) {
  client();
  const List answers = {
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nTrailer: x\r\n\r\n",
      "HTTP/1.1 204 No Content\r\n\r\n",
      "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 403 Forbidden\r\nContent-Length: "
      "0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx",
      "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\ny",
      "HTTP/1.1 301 Moved\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n"};
  const List expected = {"200 abcde", "200 ", "204 ", "403 ", "200 x", "200 y", "301 "};
  for (std::size_t i = 0; i < answers.size(); ++i) {
    service_->answer = [&](const std::string&) { return answers[i]; };
    post("x");
    EXPECT_EQ(outcome(), expected[i]);
  }
  EXPECT_EQ(service_->connections, 3U) << "one more after each that was not to be kept";
}

TEST_F(WebClientTest, TakesAnAnswerThatTheEndOfItsConnectionEnds) {
  client();
  service_->ends_after_answer = true;
  service_->answer = [](const std::string&) { return "HTTP/1.1 200 OK\r\n\r\nall of it"; };
  post("x");
  EXPECT_EQ(outcome(), "200 all of it");
  service_->answer = [](const std::string&) {
    return "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx";
  };
  post("x");
  EXPECT_EQ(outcome(), "it ends in the middle of its answer");
}

TEST_F(WebClientTest, TakesNoEndForAnAnswer) {
  client();
  service_->ends_after_answer = true;
  for (const std::string interim : {"100 Continue", "102 Processing", "103 Early Hints"}) {
    service_->answer = [&](const std::string&) { return "HTTP/1.1 " + interim + "\r\n\r\n"; };
    post("x");
    EXPECT_EQ(outcome(), "it ends the connection") << interim;
    EXPECT_FALSE(is_down_);
  }
}

TEST_F(WebClientTest, RefusesWhatIsTooLargeOrNonsense) {
  client();
  const std::string much(WebClient::kMostAnswerBytes + 1, 'x');
  service_->answer = [&](const std::string&) { return WebService::ok(much); };
  post("x");
  EXPECT_EQ(outcome(), "its answer is too large");
  service_->answer = [&](const std::string&) {
    return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n11000\r\n" + much;
  };
  post("x");
  EXPECT_EQ(outcome(), "its answer is too large");
  service_->answer = [&](const std::string&) { return "HTTP/1.1 200 OK\r\nA: " + much; };
  post("x");
  EXPECT_EQ(outcome(), "its answer is too large");
  service_->answer = [&](const std::string&) {
    return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;" + much;
  };
  post("x");
  EXPECT_EQ(outcome(), "its answer is too large") << "even before a chunk begins";
  service_->answer = [](const std::string&) { return "SSH-2.0-OpenSSH_9.2\r\n\r\n"; };
  post("x");
  EXPECT_TRUE(outcome().starts_with("its answer is no HTTP: "));
}

TEST_F(WebClientTest, GivesUpInTime) {
  client({3s, 1, 10});
  service_->answer = [](const std::string&) { return std::nullopt; };
  post("under way");
  ASSERT_TRUE(test::run_until(io_, [&] { return service_->bodies.size() == 1; }));
  now_ += 1s;
  post("waiting");
  client_->expire(now_ + 1999ms);
  EXPECT_EQ(said_, List{});
  service_->answer = [](const std::string&) { return WebService::ok("late"); };
  client_->expire(now_ + 2s);
  EXPECT_EQ(said_, List{"no answer in time"});
  EXPECT_TRUE(is_down_);
  said_.clear();
  EXPECT_EQ(outcome(), "200 late") << "by another connection";
  EXPECT_EQ(service_->connections, 2U);
  service_->answer = [](const std::string&) { return std::nullopt; };
  now_ += 2s;
  client_->set_timeout(1s);
  post("a");
  post("b");
  client_->expire(now_ + 1s);
  EXPECT_EQ(said_, (List{"no answer in time", "no answer in time"}));
}

TEST_F(WebClientTest, IsNotSilentWhereItAnswersOthers) {
  client({3s, 2, 10});
  service_->answer = [](const std::string&) { return std::nullopt; };
  post("slow");
  EXPECT_TRUE(client_->is_silent());
  ASSERT_TRUE(test::run_until(io_, [&] { return service_->bodies.size() == 1; }));
  now_ += 1s;
  service_->answer = [](const std::string&) { return WebService::ok("{}"); };
  post("other");
  EXPECT_EQ(outcome(), "200 {}");
  service_->answer = [](const std::string&) { return std::nullopt; };
  post("next");
  ASSERT_TRUE(test::run_until(io_, [&] { return service_->bodies.size() == 3; }));
  client_->expire(now_ + 2s);
  EXPECT_EQ(said_, List{"no answer in time"});
  EXPECT_FALSE(client_->is_silent());
  client_->expire(now_ + 3s);
  EXPECT_EQ(said_.size(), 2U);
  EXPECT_TRUE(client_->is_silent()) << "by now it answers nobody";
  now_ += 3s;
  said_.clear();
  service_->answer = [](const std::string&) {
    return "HTTP/1.1 502 x\r\nContent-Length: 0\r\n\r\n";
  };
  post("x");
  EXPECT_EQ(outcome(), "502 ");
  EXPECT_TRUE(client_->is_silent()) << "that is no answer of its own";
}

TEST_F(WebClientTest, GivesEachSenderItsTurn) {
  client({3s, 1, 100});
  constexpr WebClient::Sender ann{1};
  constexpr WebClient::Sender bob{2};
  for (const std::string body : {"a1", "a2", "a3", "a4"}) post_from(ann, body);
  for (const std::string body : {"b1", "b2"}) post_from(bob, body);
  outcomes(6);
  EXPECT_EQ(service_->bodies, (List{"a1", "b1", "a2", "b2", "a3", "a4"}));
}

TEST_F(WebClientTest, GivesOneSenderItsShareOfConnections) {
  client({3s, 4, 100, 1000, 3, 2});
  constexpr WebClient::Sender ann{1};
  constexpr WebClient::Sender bob{2};
  post("where it is");
  outcome();
  service_->bodies.clear();
  service_->answer = [](const std::string&) { return std::nullopt; };
  for (const std::string body : {"a1", "a2", "a3", "a4", "a5", "a6"}) post_from(ann, body);
  EXPECT_EQ(outcomes(), List{"too many requests of the same sender wait for it"});
  post_from(bob, "b1");
  ASSERT_TRUE(test::run_until(io_, [&] { return service_->bodies.size() == 3; }));
  EXPECT_EQ(service_->bodies.back(), "b1");
  for (const std::string body : {"x1", "x2"}) post(body);
  ASSERT_TRUE(test::run_until(io_, [&] { return service_->bodies.size() == 4; }));
  EXPECT_EQ(service_->bodies.back(), "x1") << "whoever is nobody in particular has all there is";
  service_->say(WebService::ok());
  outcomes(4);
  ASSERT_TRUE(test::run_until(io_, [&] { return service_->bodies.size() == 7; }));
  EXPECT_EQ(service_->bodies.back(), "a4") << "a5 is one too many";
}

TEST_F(WebClientTest, TriesAgainOnceWhereAKeptConnectionTurnsOutDead) {
  client({3s, 4, 10});
  std::size_t dead = 1;
  post("first");
  outcome();
  service_->answer = [&](const std::string&) -> std::optional<std::string> {
    if (dead-- == 0) return WebService::ok("second try");
    service_->end_all();
    return std::nullopt;
  };
  post("again");
  EXPECT_EQ(outcome(), "200 second try");
  EXPECT_EQ(service_->bodies, (List{"first", "again", "again"}));
  dead = 100;
  post("never");
  EXPECT_EQ(outcome(), "it ends the connection");
  EXPECT_FALSE(is_down_) << "it may be this request that it cannot bear";
  EXPECT_EQ(service_->bodies.size(), 5U) << "not for ever";
}

TEST_F(WebClientTest, DoesNotTryAgainWhereAnAnswerHasBegun) {
  client();
  post("first");
  outcome();
  service_->ends_after_answer = true;
  service_->answer = [](const std::string&) { return "HTTP/1.1 2"; };
  post("again");
  EXPECT_EQ(outcome(), "it ends in the middle of its answer");
  EXPECT_EQ(service_->bodies.size(), 2U);
}

TEST_F(WebClientTest, NoticesThatAnIdleConnectionEnds) {
  client();
  post("x");
  outcome();
  service_->end_all();
  ASSERT_TRUE(test::run_until(io_, [&] { return service_->open_connections() == 0; }));
  post("x");
  EXPECT_EQ(outcome(), "200 {}");
  service_->say("HTTP/1.1 200 OK\r\n\r\n");
  ASSERT_TRUE(test::run_until(io_, [&] { return service_->open_connections() == 0; }))
      << "who speaks without being asked is not heard";
  post("x");
  EXPECT_EQ(outcome(), "200 {}");
  client_->expire(now_ + 31s);
  EXPECT_TRUE(test::run_until(io_, [&] { return service_->open_connections() == 0; }));
}

TEST_F(WebClientTest, BoundsWhatWaits) {
  client({3s, 1, 2});
  service_->answer = [](const std::string&) { return std::nullopt; };
  post("under way");
  ASSERT_TRUE(test::run_until(io_, [&] { return service_->bodies.size() == 1; }));
  for (int i = 0; i < 3; ++i) post("waiting");
  EXPECT_EQ(said_, List{}) << "not from post() itself";
  EXPECT_EQ(outcomes(), List{"too many requests wait for it"});
  EXPECT_FALSE(is_down_);
}

TEST_F(WebClientTest, BoundsTheBytesThatWait) {
  client({3s, 1, 10, 100});
  service_->answer = [](const std::string&) { return std::nullopt; };
  post(std::string(100, 'x'));
  ASSERT_TRUE(test::run_until(io_, [&] { return service_->bodies.size() == 1; }));
  post(std::string(60, 'x'));
  post(std::string(60, 'x'));
  EXPECT_EQ(outcomes(), List{"too many requests wait for it"});
  post(std::string(40, 'x'));
  client_->expire(now_ + 3s);
  EXPECT_EQ(said_, List(3, "no answer in time"));
  said_.clear();
  post(std::string(100, 'x'));
  io_.poll();
  EXPECT_EQ(said_, List{}) << "nothing waits any more";
}

TEST_F(WebClientTest, BoundsTheBytesThatWaitOfOneSender) {
  constexpr auto ann = WebClient::Sender{1};
  constexpr auto bob = WebClient::Sender{2};
  client({3s, 1, 10, 100, 5, 1});  // the half of 100 bytes for each
  service_->answer = [](const std::string&) { return std::nullopt; };
  post_from(ann, "under way");
  ASSERT_TRUE(test::run_until(io_, [&] { return service_->bodies.size() == 1; }));
  post_from(ann, std::string(40, 'x'));
  post_from(ann, std::string(40, 'x'));
  EXPECT_EQ(outcomes(), List{"too many requests of the same sender wait for it"});
  post_from(bob, std::string(40, 'x'));
  io_.poll();
  EXPECT_EQ(said_, List{}) << "there is room for others";
}

TEST_F(WebClientTest, IsDownWhereNothingComesInTimeEvenIfItAnsweredBefore) {
  client({3s, 1, 10});
  post("answered");
  outcome();
  service_->answer = [](const std::string&) { return std::nullopt; };
  now_ += 1s;
  post("under way");
  post("waiting");
  ASSERT_TRUE(test::run_until(io_, [&] { return service_->bodies.size() == 2; }));
  client_->expire(now_ + 3s - 1ms);
  EXPECT_EQ(said_, List{});
  client_->expire(now_ + 3s);
  EXPECT_EQ(said_, List(2, "no answer in time"));
  EXPECT_TRUE(is_down_);
}

TEST_F(WebClientTest, SendsNothingThatNobodyWantsAnyMore) {
  client({3s, 1, 10});
  service_->answer = [](const std::string&) { return std::nullopt; };
  post("under way");
  ASSERT_TRUE(test::run_until(io_, [&] { return service_->bodies.size() == 1; }));
  post("unwanted", {}, [] { return false; });
  post("wanted", {}, [] { return true; });
  service_->answer = [](const std::string&) { return WebService::ok(); };
  service_->say(WebService::ok());
  EXPECT_EQ(outcomes(2).size(), 2U);
  EXPECT_EQ(service_->bodies, (List{"under way", "wanted"}));
}

TEST_F(WebClientTest, SaysWhyThereIsNoConnection) {
  client();
  service_->stop();
  post("x");
  EXPECT_EQ(outcome(), "Connection refused");
  EXPECT_TRUE(is_down_);
  io_.restart();  // it had nothing left to do
  client_ =
      std::make_unique<WebClient>(io_, *parse_web_url("http://a..b/"), WebClient::Options{3s});
  post("x");
  EXPECT_EQ(outcome(), "its name is not found");
}

/// Where `localhost` is one of IPv6 too, that comes first, and nobody listens there.
TEST_F(WebClientTest, TriesEachAddressOfAName) {
  client({3s}, "http", "localhost");
  post("x");
  EXPECT_EQ(outcome(), "200 {}");
}

TEST_F(WebClientTest, EndsWithoutAWord) {
  client({3s, 1, 10});
  service_->answer = [](const std::string&) { return std::nullopt; };
  const auto held = std::make_shared<int>();
  for (int i = 0; i < 3; ++i) {
    client_->post("x", {}, now_, [this, held](const auto&) { said_.emplace_back("told"); });
  }
  ASSERT_TRUE(test::run_until(io_, [&] { return service_->bodies.size() == 1; }));
  client_.reset();
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_TRUE(test::run_until(io_, [&] { return service_->open_connections() == 0; }));
  EXPECT_EQ(said_, List{});
}

TEST_F(WebClientTest, MayEndWhileItTells) {
  client({3s, 1, 10});
  service_->answer = [](const std::string&) { return std::nullopt; };
  for (int i = 0; i < 3; ++i) {
    client_->post("x", {}, now_, [this](const auto&) {
      client_.reset();
      said_.emplace_back("told");
    });
  }
  client_->expire(now_ + 3s);
  EXPECT_EQ(said_, List{"told"});
}

class SecureWebClientTest : public WebClientTest {
 protected:
  SecureWebClientTest() {
    const test::Key key = test::make_key();
    const auto certificate = test::make_certificate("localhost", key.get(), "localhost", key.get());
    const std::string file = directory_.write("cert.pem", test::pem(certificate.get()));
    context_.use_certificate_chain_file(file);
    context_.use_private_key_file(directory_.write("key.pem", test::pem(key.get())),
                                  boost::asio::ssl::context::pem);
    ::setenv("SSL_CERT_FILE", file.c_str(), 1);
    service_ = std::make_unique<WebService>(io_, &context_);
  }
  ~SecureWebClientTest() override {
    client_.reset();
    service_.reset();
    io_.restart();
    io_.poll();
    ::unsetenv("SSL_CERT_FILE");
  }

  test::TemporaryDirectory directory_;
  boost::asio::ssl::context context_{boost::asio::ssl::context::tls_server};
};

TEST_F(SecureWebClientTest, TrustsACertificateForItsName) {
  client({3s}, "https", "localhost");
  for (int i = 0; i < 3; ++i) {
    post("x");
    EXPECT_EQ(outcome(), "200 {}");
  }
  EXPECT_EQ(service_->connections, 1U);
}

TEST_F(SecureWebClientTest, TrustsNoOther) {
  client({3s}, "https", "127.0.0.1");
  post("x");
  EXPECT_EQ(outcome(), "its certificate is not trusted: IP address mismatch");
  EXPECT_FALSE(is_down_) << "somebody else is there";
  EXPECT_EQ(service_->bodies, List{});
}

TEST_F(SecureWebClientTest, TakesNoAnswerThatSomebodyMayHaveCutOff) {
  client({3s}, "https", "localhost");
  service_->ends_after_answer = true;
  service_->answer = [](const std::string&) { return "HTTP/1.1 200 OK\r\n\r\npart of it"; };
  post("x");
  EXPECT_EQ(outcome(), "stream truncated");
}

}  // namespace
}  // namespace peerjsd::hooks
