#include "support/server_fixture.hpp"
#include "support/texts.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace peerjsd::net {
namespace {

using namespace std::chrono_literals;
using test::candidate;
using test::RawClient;
using test::relayed;
using test::WebSocketClient;
using Texts = std::vector<std::string>;

const std::string kOpen = R"({"type":"OPEN"})";

std::string post(const std::string& target, const std::string& body = "",
                 const std::string& version = "1.1", const std::string& headers = "") {
  return "POST " + target + " HTTP/" + version + "\r\nHost: x\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

struct Chunks {
  Texts whole;
  bool ended = false;
};

/// Of a chunked answer.
Chunks chunks_of(std::string_view answer) {
  Chunks chunks;
  answer.remove_prefix(std::min(answer.find("\r\n\r\n") + 4, answer.size()));
  while (true) {
    const std::size_t line = answer.find("\r\n");
    if (line == answer.npos) return chunks;
    const std::size_t size = std::stoul(std::string(answer.substr(0, line)), nullptr, 16);
    if (answer.size() < line + 2 + size + 2) return chunks;
    if (size == 0) {
      chunks.ended = true;
      return chunks;
    }
    chunks.whole.emplace_back(answer.substr(line + 2, size));
    answer.remove_prefix(line + 2 + size + 2);
  }
}

class StreamSessionTest : public test::ServerFixture {
 protected:
  /// Asks for a stream and waits for its beginning.
  std::unique_ptr<RawClient> stream(const std::string& id, const std::string& query = "") {
    auto client = raw();
    client->write(post("/peerjs/" + id + "/token/id" + query));
    EXPECT_TRUE(run_until([&] { return !chunks_of(client->received).whole.empty(); }));
    return client;
  }

  /// The lines after the padding, as far as they have come.
  static Texts lines(const RawClient& stream) {
    Texts chunks = chunks_of(stream.received).whole;
    if (!chunks.empty()) chunks.erase(chunks.begin());
    for (std::string& line : chunks) {
      EXPECT_EQ(line.find('\n'), line.size() - 1) << "not one line: " << line;
      line.pop_back();
    }
    return chunks;
  }

  bool wait_for_lines(const RawClient& stream, std::size_t count) {
    return run_until([&] { return lines(stream).size() >= count; });
  }

  std::string ask(const std::string& request) {
    RawClient& client = *asked_.emplace_back(raw());
    client.write(request);
    EXPECT_TRUE(run_until([&] { return client.received.find("\r\n\r\n") != std::string::npos; }));
    return client.received;
  }

 private:
  std::vector<std::unique_ptr<RawClient>> asked_;  // some are still being read
};

TEST_F(StreamSessionTest, BeginsWithPaddingThenOpen) {
  start();
  const auto a = stream("a");
  ASSERT_TRUE(wait_for_lines(*a, 1));
  EXPECT_TRUE(a->received.starts_with("HTTP/1.1 200 OK\r\n"));
  EXPECT_EQ(chunks_of(a->received).whole.front(), std::string(2048, '0') + "\n");
  EXPECT_EQ(lines(*a), Texts{kOpen});
}

TEST_F(StreamSessionTest, IsPlainForHttp10) {
  start();
  const auto a = raw();
  a->write(post("/peerjs/a/token/id", "", "1.0"));
  ASSERT_TRUE(run_until([&] { return a->received.ends_with(kOpen + "\n"); })) << a->received;
  EXPECT_TRUE(a->received.ends_with("\r\n\r\n" + std::string(2048, '0') + "\n" + kOpen + "\n"));
  EXPECT_EQ(a->received.find("chunked"), std::string::npos);
  ask(post("/peerjs/a/token/leave"));
  ASSERT_TRUE(run_until([&] { return a->ended; }));
  EXPECT_TRUE(a->received.ends_with(kOpen + "\n"));
}

TEST_F(StreamSessionTest, WritesOneLineAtATime) {
  app::Config config;
  config.stream_pacing = 60ms;
  start(config);
  const auto begun = std::chrono::steady_clock::now();
  const auto a = stream("a");
  const auto b = join("b");
  for (int i = 0; i < 4; ++i) b->send(candidate("a", std::to_string(i)));
  std::vector<std::chrono::steady_clock::time_point> times;
  ASSERT_TRUE(run_until([&] {
    if (lines(*a).size() > times.size()) times.push_back(std::chrono::steady_clock::now());
    return times.size() == 5;
  }));
  EXPECT_EQ(lines(*a), (Texts{kOpen, relayed("b", "a", "0"), relayed("b", "a", "1"),
                              relayed("b", "a", "2"), relayed("b", "a", "3")}));
  // The reading may have been late; never was the writing early.
  for (std::size_t i = 1; i < times.size(); ++i) EXPECT_GE(times[i] - begun, i * 60ms) << i;
}

TEST_F(StreamSessionTest, FollowsUpWithLinesForAPageThatWasBusy) {
  app::Config config;
  config.stream_pacing = 1ms;
  start(config);
  const auto page = raw();
  page->write(post("/peerjs/page/token/id", "", "1.1", "Origin: http://page\r\n"));
  ASSERT_TRUE(wait_for_lines(*page, 9));
  Texts expected(9, " ");
  expected.front() = kOpen;
  EXPECT_EQ(lines(*page), expected);
  const auto b = join("b");
  for (int i = 0; i < 20; ++i) b->send(candidate("page", std::to_string(i)));
  ASSERT_TRUE(run_until([&] { return std::ranges::count(lines(*page), " ") >= 8 + 20; }));
}

TEST_F(StreamSessionTest, SaysNothingElseToWhoIsNoPage) {
  app::Config config;
  config.stream_pacing = 1ms;
  start(config);
  const auto a = stream("a");
  ask(post("/peerjs/a/token/offer", R"({"dst":"a","payload":1})"));
  ASSERT_TRUE(wait_for_lines(*a, 2));
  ask(post("/peerjs/a/token/offer", R"({"dst":"a","payload":2})"));
  ASSERT_TRUE(wait_for_lines(*a, 3));
  EXPECT_EQ(std::ranges::count(lines(*a), " "), 0);
}

TEST_F(StreamSessionTest, PutsAMessageOfSeveralLinesIntoOne) {
  start();
  const auto a = stream("a");
  const auto b = join("b");
  b->send(candidate("a", "{\r\n  \"x\": \"\\n\"\n}"));
  ASSERT_TRUE(wait_for_lines(*a, 2));
  EXPECT_EQ(lines(*a).back(), relayed("b", "a", "{    \"x\": \"\\n\" }"));
}

TEST_F(StreamSessionTest, AWebSocketTakesOverAndGetsWhatWaits) {
  start();
  const auto a = stream("a");
  const auto b = join("b");
  for (int i = 0; i < 5; ++i) b->send(candidate("a", std::to_string(i)));
  ASSERT_TRUE(wait_for_lines(*a, 2));
  WebSocketClient websocket(io_, server_->endpoint(), "a", "token");
  ASSERT_TRUE(run_until([&] { return a->ended; }));
  EXPECT_TRUE(chunks_of(a->received).ended);
  b->send(candidate("a", "5"));
  ASSERT_TRUE(run_until([&] {
    return !websocket.received.empty() && websocket.received.back() == relayed("b", "a", "5");
  }));
  Texts all = lines(*a);
  all.insert(all.end(), websocket.received.begin(), websocket.received.end());
  EXPECT_EQ(all,
            (Texts{kOpen, relayed("b", "a", "0"), relayed("b", "a", "1"), relayed("b", "a", "2"),
                   relayed("b", "a", "3"), relayed("b", "a", "4"), relayed("b", "a", "5")}));
  EXPECT_EQ(peers(), 2U);
}

TEST_F(StreamSessionTest, ARenewedStreamDoesNotBeginBeforeTheLastLineIsRead) {
  app::Config config;
  config.stream_pacing = 200ms;
  start(config);
  const auto a = stream("a");
  ASSERT_TRUE(wait_for_lines(*a, 1));
  const auto since = std::chrono::steady_clock::now();
  const auto renewed = stream("a", "?i=1");
  EXPECT_GE(std::chrono::steady_clock::now() - since, 100ms);
  EXPECT_TRUE(a->ended);
  EXPECT_TRUE(chunks_of(a->received).ended);
  ask(post("/peerjs/a/token/offer", R"({"dst":"a"})"));
  ASSERT_TRUE(wait_for_lines(*renewed, 1));
  EXPECT_EQ(lines(*renewed), Texts{R"({"type":"OFFER","src":"a","dst":"a"})"});
}

TEST_F(StreamSessionTest, AWebSocketDuringThatWaitGetsEverythingAfterIt) {
  app::Config config;
  config.stream_pacing = 200ms;
  start(config);
  const auto a = stream("a");
  ASSERT_TRUE(wait_for_lines(*a, 1));
  ask(post("/peerjs/a/token/offer", R"({"dst":"a"})"));
  const auto renewed = raw();
  renewed->write(post("/peerjs/a/token/id?i=1"));
  ASSERT_TRUE(run_until([&] { return a->ended; }));
  WebSocketClient websocket(io_, server_->endpoint(), "a", "token");
  ASSERT_TRUE(run_until([&] { return !websocket.received.empty(); }));
  EXPECT_EQ(websocket.received, Texts{R"({"type":"OFFER","src":"a","dst":"a"})"});
  ASSERT_TRUE(run_until([&] { return renewed->ended; }));
  EXPECT_EQ(lines(*renewed), Texts{});
}

TEST_F(StreamSessionTest, ARenewalWaitsForTheFillersThatAPageMayNeed) {
  app::Config config;
  config.stream_pacing = 40ms;
  start(config);
  const std::string from_page = "Origin: http://page\r\n";
  const auto page = raw();
  page->write(post("/peerjs/page/token/id", "", "1.1", from_page));
  const auto b = join("b");
  for (int i = 0; i < 8; ++i) b->send(candidate("page", std::to_string(i)));
  ASSERT_TRUE(wait_for_lines(*page, 9));
  const auto renewed = raw();
  renewed->write(post("/peerjs/page/token/id?i=1", "", "1.1", from_page));
  ASSERT_TRUE(run_until([&] { return !renewed->received.empty(); }));
  EXPECT_GE(std::ranges::count(lines(*page), " "), 8);
  ASSERT_TRUE(run_until([&] { return page->ended; }));
  EXPECT_TRUE(chunks_of(page->received).ended);
  EXPECT_EQ(peers(), 2U);
}

/// A page whose stream carries more than its reader may have read, and has been asked to be
/// renewed.
class RenewalTest : public StreamSessionTest {
 protected:
  void begin() {
    app::Config config;
    config.stream_pacing = 5ms;
    config.ping_interval = 200ms;  // who waits is not pinged, and does not end
    start(config);
    page_ = raw();
    page_->write(post("/peerjs/page/token/id", "", "1.1", kFromPage));
    partner_ = join("b");
    for (int i = 0; i < kLines; ++i) partner_->send(candidate("page", std::to_string(i)));
    ASSERT_TRUE(run_until([&] { return messages(*page_).size() == kLines + 1; }));
    blanks_ = blanks(*page_);
    unread_ = static_cast<long>(lines(*page_).size());
    renewed_ = renew();
    ASSERT_TRUE(run_until([&] { return blanks(*page_) > blanks_ + 5; }));
    ASSERT_EQ(renewed_->received, "");
  }

  std::unique_ptr<RawClient> renew() {
    auto client = raw();
    client->write(post("/peerjs/page/token/id?i=1", "", "1.1", kFromPage));
    return client;
  }

  static Texts messages(const RawClient& stream) {
    Texts texts = lines(stream);
    std::erase(texts, " ");
    return texts;
  }

  static long blanks(const RawClient& stream) { return std::ranges::count(lines(stream), " "); }

  bool begins(const RawClient& stream) {
    return run_until([&] { return !chunks_of(stream.received).whole.empty(); });
  }

  static constexpr int kLines = 40;
  const std::string kFromPage = "Origin: http://page\r\n";
  std::unique_ptr<RawClient> page_;
  std::unique_ptr<WebSocketClient> partner_;
  std::unique_ptr<RawClient> renewed_;
  long blanks_ = 0;  // when the renewal was asked for
  long unread_ = 0;  // lines, blank ones included, that it may not have read then
};

TEST_F(RenewalTest, WaitsUntilThePageMustHaveReadEveryLine) {
  begin();
  ASSERT_TRUE(begins(*renewed_));
  EXPECT_GE(blanks(*page_), blanks_ + kLines);
  ASSERT_TRUE(run_until([&] { return page_->ended; }));
  EXPECT_TRUE(chunks_of(page_->received).ended);
  EXPECT_EQ(peers(), 2U);
}

TEST_F(RenewalTest, MeanwhileTheOldStreamCarriesThePage) {
  begin();
  partner_->send(candidate("page", R"("meanwhile")"));
  ASSERT_TRUE(run_until([&] { return messages(*page_).size() == kLines + 2; }));
  EXPECT_EQ(messages(*page_).back(), relayed("b", "page", R"("meanwhile")"));
  EXPECT_EQ(renewed_->received, "");
  const long before = blanks(*page_);
  ASSERT_TRUE(begins(*renewed_));
  EXPECT_GE(blanks(*page_), before + kLines) << "that one, too, has to be read";
  EXPECT_EQ(messages(*renewed_), Texts{});
}

TEST_F(RenewalTest, OfAClientThatThinksBetterOfItLeavesTheOldStream) {
  begin();
  renewed_->break_off();
  // The last filler and the moment of handing over lie a pace apart.
  ASSERT_TRUE(run_until([&] { return blanks(*page_) >= blanks_ + unread_; }));
  partner_->send(candidate("page", R"("after")"));
  ASSERT_TRUE(run_until([&] { return messages(*page_).size() == kLines + 2; }));
  const auto again = renew();
  ASSERT_TRUE(begins(*again));
  ASSERT_TRUE(run_until([&] { return page_->ended; }));
}

TEST_F(RenewalTest, IsHadAtOnceWhenTheOldStreamIsLost) {
  begin();
  page_->break_off();
  ASSERT_TRUE(begins(*renewed_));
  partner_->send(candidate("page", R"("after")"));
  ASSERT_TRUE(run_until([&] { return !messages(*renewed_).empty(); }));
  EXPECT_EQ(messages(*renewed_), Texts{relayed("b", "page", R"("after")")}) << "no OPEN";
  EXPECT_EQ(partner_->received, Texts{}) << "no LEAVE";
}

TEST_F(RenewalTest, OpensAnewWhenThePeerHasLeftMeanwhile) {
  begin();
  ask(post("/peerjs/page/token/leave"));
  ASSERT_TRUE(begins(*renewed_));
  ASSERT_TRUE(run_until([&] { return !messages(*renewed_).empty(); }));
  EXPECT_EQ(messages(*renewed_), Texts{kOpen});
}

TEST_F(RenewalTest, IsSilentBesideAWebSocketThatCameMeanwhile) {
  begin();
  WebSocketClient websocket(io_, server_->endpoint(), "page", "token");
  partner_->send(candidate("page", R"("after")"));
  ASSERT_TRUE(run_until([&] { return !websocket.received.empty(); }));
  EXPECT_EQ(websocket.received, Texts{relayed("b", "page", R"("after")")});
  ASSERT_TRUE(begins(*renewed_));
  EXPECT_EQ(messages(*renewed_), Texts{});
}

TEST_F(RenewalTest, TheLastOfTwoCounts) {
  begin();
  const auto last = renew();
  ASSERT_TRUE(begins(*last));
  ASSERT_TRUE(run_until([&] { return renewed_->ended; }));
  EXPECT_EQ(messages(*renewed_), Texts{});
  partner_->send(candidate("page", R"("after")"));
  ASSERT_TRUE(run_until([&] { return !messages(*last).empty(); }));
}

TEST_F(RenewalTest, EndsWithTheServer) {
  begin();
  server_->stop();
  ASSERT_TRUE(run_until([&] { return renewed_->ended && page_->ended; }));
  EXPECT_TRUE(chunks_of(renewed_->received).ended);
  EXPECT_EQ(messages(*renewed_), Texts{});
}

TEST_F(StreamSessionTest, ALineThatIsPartlyWrittenArrivesOnceOnTheNextStream) {
  app::Config config;
  config.max_message_bytes = 16 * app::kMiB;
  config.send_queue_bytes = 32 * app::kMiB;
  start(config);
  const std::string from_page = "Origin: http://page\r\n";
  RawClient page(io_, server_->endpoint(), 4096);
  page.write(post("/peerjs/page/token/id", "", "1.1", from_page));
  ASSERT_TRUE(run_until([&] { return peers() == 1; }));
  const auto later = stream("later");
  const auto b = raw();
  b->write(test::handshake("b"));
  // More than the system's buffers take.
  const std::string first = '"' + std::string(8000000, 'x') + '"';
  b->write_all(test::text_frame(candidate("page", first)) +
               test::text_frame(candidate("page", R"("second")")) +
               test::text_frame(candidate("later", "0")) +
               test::text_frame(candidate("later", "1")));
  // Between these two lies a pace: by then the page's line has begun to be written.
  ASSERT_TRUE(wait_for_lines(*later, 3));
  const auto renewed = raw();
  renewed->write(post("/peerjs/page/token/id?i=1", "", "1.1", from_page));
  ASSERT_TRUE(run_until(
      [&] { return renewed->received.size() > first.size() && lines(*renewed).size() >= 2; }));
  EXPECT_EQ(lines(*renewed)[0], relayed("b", "page", first));
  EXPECT_EQ(lines(*renewed)[1], relayed("b", "page", R"("second")"));
  page.read();
  ASSERT_TRUE(run_until([&] { return page.ended; }));
  EXPECT_FALSE(page.received.ends_with("0\r\n\r\n"));
  EXPECT_LT(page.received.size(), first.size());
}

TEST_F(StreamSessionTest, TheWaitIsForAllWhoFollow) {
  app::Config config;
  config.stream_pacing = 300ms;
  start(config);
  const auto a = stream("a");
  ASSERT_TRUE(wait_for_lines(*a, 1));
  const auto since = std::chrono::steady_clock::now();
  WebSocketClient held(io_, server_->endpoint(), "a", "token");
  ASSERT_TRUE(run_until([&] { return a->ended; }));
  const auto last = join("a");
  EXPECT_GE(std::chrono::steady_clock::now() - since, 200ms);
}

TEST_F(StreamSessionTest, AStreamBesideAWebSocketIsSilentAndEndsWithoutEffect) {
  start();
  const auto websocket = join("a");
  const auto a = stream("a");
  websocket->send(candidate("a", "1"));
  ASSERT_TRUE(run_until([&] { return !websocket->received.empty(); }));
  EXPECT_EQ(lines(*a), Texts{});
  a->break_off();
  websocket->send(candidate("a", "2"));
  ASSERT_TRUE(run_until([&] { return websocket->received.size() == 2; }));
  EXPECT_EQ(peers(), 1U);
}

TEST_F(StreamSessionTest, ADroppedStreamIsAGonePeer) {
  start();
  const auto a = stream("a");
  const auto b = join("b");
  ask(post("/peerjs/a/token/offer", R"({"dst":"b"})"));
  ASSERT_TRUE(run_until([&] { return !b->take().empty(); }));
  a->end();
  ASSERT_TRUE(run_until([&] { return !b->received.empty(); }));
  EXPECT_EQ(b->take(), Texts{R"({"type":"LEAVE","src":"a","dst":"b"})"});
}

TEST_F(StreamSessionTest, RefusesInTheFormOfTheArticle) {
  start();
  const auto a = stream("a");
  const std::string taken = ask(post("/peerjs/a/another/id"));
  EXPECT_TRUE(taken.starts_with("HTTP/1.1 200 OK\r\n")) << taken;
  EXPECT_TRUE(
      taken.ends_with("\r\n\r\n"
                      R"({"type":"ERROR","payload":{"msg":"ID is taken"}})"));
  const std::string key = ask(post("/wrong/b/token/id"));
  EXPECT_TRUE(key.ends_with(R"({"type":"ERROR","payload":{"msg":"Invalid key provided"}})"));
  EXPECT_EQ(peers(), 1U);
}

TEST_F(StreamSessionTest, AnIdleStreamIsKeptAliveWhileItsClientsSystemAnswers) {
  app::Config config;
  config.alive_timeout = 400ms;
  config.ping_interval = 100ms;
  start(config);
  const auto a = stream("a");
  ASSERT_TRUE(wait_for_lines(*a, 8));
  EXPECT_EQ(lines(*a).back(), " ");
  EXPECT_EQ(peers(), 1U);
}

TEST_F(StreamSessionTest, AClientWhoseSystemConfirmsNothingMoreIsGone) {
  app::Config config;
  config.alive_timeout = 2000ms;
  config.ping_interval = 300ms;
  start(config);
  RawClient mute(io_, server_->endpoint(), 4096);
  mute.write(post("/peerjs/mute/token/id"));
  ASSERT_TRUE(run_until([&] { return peers() == 1; }));
  const auto b = join("b");
  // More than its system takes, though less than would end it for being slow.
  b->send(candidate("mute", '"' + std::string(1000000, 'x') + '"'));
  ASSERT_TRUE(run_until([&] { return !b->received.empty(); }));
  EXPECT_EQ(b->take(), Texts{R"({"type":"LEAVE","src":"mute","dst":"b"})"});
}

TEST_F(StreamSessionTest, NobodyCanFillAStreamForOthersOrEndIt) {
  app::Config config;
  config.send_queue_bytes = 100000;
  config.stream_pacing = 1s;
  start(config);
  const auto a = stream("a");
  const auto b = join("b");
  for (int i = 0; i < 1000; ++i) b->send(candidate("a", std::to_string(i)));
  ASSERT_TRUE(run_until([&] { return b->received.size() > 800; }));
  EXPECT_EQ(b->received.back(), R"({"type":"EXPIRE","src":"a","dst":"b"})");
  const std::string large = '"' + std::string(90000, 'x') + '"';
  b->send(candidate("a", large));
  EXPECT_EQ(peers(), 2U);
  EXPECT_FALSE(a->ended);
}

TEST_F(StreamSessionTest, WhoDoesNotReadWhatItCausesIsEnded) {
  app::Config config;
  config.send_queue_bytes = 1000;
  config.expire_timeout = 0ms;
  config.stream_pacing = 1s;
  start(config);
  const auto a = stream("a");
  for (int i = 0; i < 60; ++i) {
    ask(post("/peerjs/a/token/offer", R"({"dst":"nobody)" + std::to_string(i) + "\"}"));
  }
  ASSERT_TRUE(run_until([&] { return peers() == 0; }));
  ASSERT_TRUE(run_until([&] { return a->ended; }));
}

TEST_F(StreamSessionTest, ALargeMessagePassesAnEmptyQueue) {
  app::Config config;
  config.send_queue_bytes = 100000;
  start(config);
  const auto a = stream("a");
  const auto b = join("b");
  const std::string large = '"' + std::string(1000000, 'x') + '"';
  b->send(candidate("a", large));
  ASSERT_TRUE(wait_for_lines(*a, 2));
  EXPECT_EQ(lines(*a).back(), relayed("b", "a", large));
}

TEST_F(StreamSessionTest, AnsweringMessagesPausesForOneThatMayHaveOvertakenItsStream) {
  start();
  const auto client = raw();
  client->write(post("/peerjs/a/token/offer", R"({"dst":"a"})") + "GET / HTTP/1.0\r\n\r\n");
  const auto a = stream("a");
  ASSERT_TRUE(run_until([&] { return client->ended; }));
  EXPECT_TRUE(client->received.starts_with("HTTP/1.1 200 OK\r\n")) << client->received;
  EXPECT_NE(client->received.find("PeerJS Server"), std::string::npos) << client->received;
  ASSERT_TRUE(wait_for_lines(*a, 2));
}

TEST_F(StreamSessionTest, AConnectionThatHasWaitedCanStillBecomeAWebSocket) {
  start();
  const auto client = raw();
  client->write(post("/peerjs/nobody/token/leave") + test::handshake("a"));
  ASSERT_TRUE(run_until([&] { return client->received.find(kOpen) != std::string::npos; }));
  client->write(test::text_frame(candidate("a", "1")));
  ASSERT_TRUE(run_until([&] { return client->received.ends_with(relayed("a", "a", "1")); }));
}

TEST_F(StreamSessionTest, MessagesOfNobodyAreRefused) {
  start();
  const auto client = raw();
  client->write(post("/peerjs/a/token/offer", R"({"dst":"a"})", "1.1", "Origin: http://page\r\n") +
                "GET / HTTP/1.0\r\n\r\n");
  ASSERT_TRUE(run_until([&] { return client->ended; }));
  EXPECT_TRUE(client->received.starts_with("HTTP/1.1 401 Unauthorized\r\n")) << client->received;
  EXPECT_NE(client->received.find("Access-Control-Allow-Origin: http://page"), std::string::npos);
  EXPECT_NE(client->received.find("PeerJS Server"), std::string::npos) << client->received;
}

TEST_F(StreamSessionTest, AMessageThatStillWaitsForItsSenderIsAnsweredWhenTheServerStops) {
  start();
  const auto client = raw();
  client->write("GET / HTTP/1.1\r\nHost: x\r\n\r\n" +
                post("/peerjs/a/token/offer", R"({"dst":"a"})"));
  ASSERT_TRUE(run_until([&] { return !client->received.empty(); }));
  server_->stop();
  ASSERT_TRUE(run_until([&] { return client->ended; }));
  EXPECT_NE(client->received.find("HTTP/1.1 401 Unauthorized"), std::string::npos)
      << client->received;
}

TEST_F(StreamSessionTest, TheEndOfTheServerEndsStreamsProperly) {
  start();
  const auto a = stream("a");
  const auto b = join("b");
  for (int i = 0; i < 3; ++i) b->send(candidate("a", std::to_string(i)));
  ASSERT_TRUE(wait_for_lines(*a, 2));
  server_->stop();
  ASSERT_TRUE(run_until([&] { return a->ended; }));
  EXPECT_TRUE(chunks_of(a->received).ended);
  EXPECT_EQ(lines(*a).back(), relayed("b", "a", "2"));
}

}  // namespace
}  // namespace peerjsd::net
