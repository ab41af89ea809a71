#include "support/server_fixture.hpp"
#include "support/texts.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
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

std::string leave(const std::string& src, const std::string& dst) {
  return R"({"type":"LEAVE","src":")" + src + R"(","dst":")" + dst + R"("})";
}

/// How many of a server's frames lie whole behind the answer to the handshake.
std::size_t whole_frames(std::string_view bytes) {
  bytes.remove_prefix(bytes.find("\r\n\r\n") + 4);
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  for (std::size_t count = 0;; ++count) {
    if (bytes.size() < 10) return count;
    const std::size_t extended = byte(1) == 127 ? 8 : byte(1) == 126 ? 2 : 0;
    std::size_t size = extended == 0 ? byte(1) : 0;
    for (std::size_t i = 0; i < extended; ++i) size = size << 8 | byte(2 + i);
    if (bytes.size() < 2 + extended + size) return count;
    bytes.remove_prefix(2 + extended + size);
  }
}

class WebSocketSessionTest : public test::ServerFixture {
 protected:
  /// Everything the server had to do for `client` by now is done: its next message is this one.
  void expect_nothing_before(WebSocketClient& from, WebSocketClient& client,
                             const std::string& id) {
    from.send(candidate(id, R"("fence")"));
    ASSERT_TRUE(run_until([&] { return !client.received.empty(); }));
    EXPECT_NE(client.take().front().find("fence"), std::string::npos);
  }

  /// A peer that reads nothing more after its OPEN.
  std::unique_ptr<RawClient> join_without_reading(const std::string& id) {
    auto client = std::make_unique<RawClient>(io_, server_->endpoint(), 4096);
    client->write(test::handshake(id));
    EXPECT_TRUE(run_until([&] { return server_->relay().realm("peerjs")->find(id) != nullptr; }));
    return client;
  }
};

TEST_F(WebSocketSessionTest, RelaysInOrderWhateverTheSize) {
  start();
  const auto a = join("a");
  const auto b = join("b");
  Texts expected;
  for (const std::size_t size : {1U, 100U, 126U, 65535U, 70000U, 1048576U, 5U}) {
    const std::string payload = '"' + std::string(size, 'x') + '"';
    a->send(candidate("b", payload));
    expected.push_back(relayed("a", "b", payload));
    ASSERT_TRUE(run_until([&] { return b->received.size() == expected.size(); })) << size;
  }
  EXPECT_EQ(b->received, expected);
}

TEST_F(WebSocketSessionTest, AResumeTakesAlongWhatTheOldSocketDidNotTake) {
  app::Config config;
  config.send_queue_bytes = 64 * app::kMiB;
  start(config);
  const auto slow = join_without_reading("slow");
  const auto a = join("a");
  // More than the kernel's buffers take, so that most of it waits in the server.
  const std::string payload = '"' + std::string(200000, 'x') + '"';
  constexpr int count = 60;
  for (int i = 0; i < count; ++i) {
    a->send(candidate("slow", std::to_string(i)));
    a->send(candidate("slow", payload));
    io_.poll();
  }
  expect_nothing_before(*a, *a, "a");

  const auto resumed = join("slow");
  a->send(candidate("slow", R"("last")"));
  ASSERT_TRUE(run_until([&] {
    return !resumed->received.empty() &&
           resumed->received.back() == relayed("a", "slow", R"("last")");
  }));
  slow->read();
  ASSERT_TRUE(run_until([&] { return slow->ended; }));
  // Each once, in order: what the old socket got whole, then what the new one got.
  const std::size_t on_old = whole_frames(slow->received) - 1;  // without OPEN
  ASSERT_EQ(on_old + resumed->received.size(), 2U * count + 1);
  for (std::size_t i = 0; i + 1 < resumed->received.size(); ++i) {
    const std::size_t n = on_old + i;
    EXPECT_EQ(resumed->received[i],
              relayed("a", "slow", n % 2 == 0 ? std::to_string(n / 2) : payload))
        << n;
  }
  EXPECT_EQ(peers(), 2U);
}

TEST_F(WebSocketSessionTest, NothingIsMissingAfterAResumeAtTheMomentOfOverflow) {
  app::Config config;
  config.send_queue_bytes = 100000;
  start(config);
  const std::string filling(20000, 'x');
  const auto payload = [&](std::size_t n) { return '"' + std::to_string(n) + filling + '"'; };
  const auto is_there = [&](const std::string& id) {
    return server_->relay().realm("peerjs")->find(id) != nullptr;
  };
  const auto a = join("a");
  std::size_t enough = 0;  // messages to end a peer that reads nothing
  const auto measured = join_without_reading("measured");
  for (; is_there("measured"); ++enough) {
    a->send(candidate("measured", payload(enough)));
    io_.poll();
  }
  std::size_t resumed = 0;
  for (std::size_t before = enough - 12; before <= enough; ++before) {
    const std::string id = "slow" + std::to_string(before);
    const auto slow = join_without_reading(id);
    for (std::size_t n = 0; n < before; ++n) {
      a->send(candidate(id, payload(n)));
      io_.poll();
    }
    a->take();
    const auto returning = raw();
    io_.poll();  // it is accepted
    // These two are ready to be read in the same turn, in this order.
    for (std::size_t n = before; n < before + 3; ++n) a->send(candidate(id, payload(n)));
    returning->write(test::handshake(id));
    ASSERT_TRUE(run_until([&] { return returning->received.find(kOpen) != std::string::npos; }));
    a->send(candidate(id, "0"));
    ASSERT_TRUE(run_until([&] { return returning->received.ends_with(relayed("a", id, "0")); }));
    if (!a->received.empty()) continue;                               // LEAVE: it was ended
    const std::size_t moved = whole_frames(returning->received) - 2;  // without OPEN and the last
    for (std::size_t n = before + 3 - moved; n < before + 3; ++n) {
      EXPECT_NE(returning->received.find(relayed("a", id, payload(n))), std::string::npos) << n;
    }
    if (moved > 0) ++resumed;
  }
  EXPECT_GT(resumed, 0U);
}

TEST_F(WebSocketSessionTest, DeliversAllThatWaitedHoweverShortTheQueue) {
  app::Config config;
  config.send_queue_bytes = 1000;
  start(config);
  const auto a = join("a");
  const std::string payload = '"' + std::string(600, 'x') + '"';
  for (int i = 0; i < 5; ++i) a->send(candidate("b", payload));
  expect_nothing_before(*a, *a, "a");
  WebSocketClient b(io_, server_->endpoint(), "b", "token");
  ASSERT_TRUE(run_until([&] { return b.received.size() == 6 || b.ended; }));
  EXPECT_EQ(b.received.size(), 6U);
}

TEST_F(WebSocketSessionTest, WhatHasWaitedDoesNotCountAgainstItsReader) {
  app::Config config;
  config.send_queue_bytes = 300000;
  config.outstanding_per_destination = config.outstanding_per_sender = 32 * app::kMiB;
  start(config);
  const auto a = join("a");
  const std::string payload = '"' + std::string(100000, 'x') + '"';
  constexpr int waiting = 200;  // more than the kernel's buffers take
  for (int i = 0; i < waiting; ++i) {
    a->send(candidate("slow", payload));
    io_.poll();
  }
  const auto slow = join_without_reading("slow");
  a->send(candidate("slow", payload));
  a->send(candidate("slow", payload));
  expect_nothing_before(*a, *a, "a");
  io_.poll();
  EXPECT_EQ(peers(), 2U) << "two more are less than it may have waiting";
  for (int i = 0; i < 3; ++i) a->send(candidate("slow", payload));
  ASSERT_TRUE(run_until([&] { return !a->received.empty(); }));
  EXPECT_EQ(a->take(), Texts{leave("slow", "a")}) << "five are not";
}

TEST_F(WebSocketSessionTest, WhoResumesAgainAndAgainWithoutReadingIsEnded) {
  app::Config config;
  config.send_queue_bytes = 8 * app::kMiB;
  start(config);
  const auto a = join("a");
  const std::string payload = '"' + std::string(100000, 'x') + '"';
  std::vector<std::unique_ptr<RawClient>> connections;  // of which each adds to what waits
  do {
    ASSERT_LT(connections.size(), 30U) << "there is no bound to it";
    connections.push_back(join_without_reading("slow"));
    for (int i = 0; i < 50; ++i) {
      a->send(candidate("slow", payload));
      io_.poll();
    }
  } while (peers() == 2);
}

TEST_F(WebSocketSessionTest, WhoIsLostAgainAndAgainWithoutReadingIsEnded) {
  app::Config config;
  config.send_queue_bytes = 4 * app::kMiB;
  config.outstanding_per_destination = config.outstanding_per_sender = 4 * app::kMiB;
  start(config);
  const auto a = join("a");
  const std::string payload = '"' + std::string(100000, 'x') + '"';
  const auto slow_is_there = [&] {
    const core::Peer* const slow = server_->relay().realm("peerjs")->find("slow");
    return slow != nullptr && slow->transport != nullptr;
  };
  const auto come = [&] {
    auto client = std::make_unique<RawClient>(io_, server_->endpoint(), 4096);
    client->write(test::handshake("slow", "token", "Origin: http://app.test\r\n"));
    EXPECT_TRUE(run_until(slow_is_there));
    return client;
  };
  std::size_t times = 0;  // each adds to what waits
  for (auto slow = come(); slow_is_there(); slow = come(), io_.poll()) {
    ASSERT_LT(times++, 30U) << "there is no bound to it";
    slow.reset();
    ASSERT_TRUE(run_until([&] { return !slow_is_there(); }));
    for (int i = 0; i < 35; ++i) {
      a->send(candidate("slow", payload));
      io_.poll();
    }
    expect_nothing_before(*a, *a, "a");
  }
}

TEST_F(WebSocketSessionTest, ASlowReaderEndsItselfOnly) {
  app::Config config;
  config.send_queue_bytes = 300000;
  start(config);
  const auto slow = join_without_reading("slow");
  const auto a = join("a");
  const std::string payload = '"' + std::string(100000, 'x') + '"';
  while (peers() == 2) {
    a->send(candidate("slow", payload));
    io_.poll();
  }
  ASSERT_TRUE(run_until([&] { return !a->received.empty(); }));
  EXPECT_EQ(a->take(), Texts{leave("slow", "a")});
  slow->read();
  ASSERT_TRUE(run_until([&] { return slow->ended; }));
  EXPECT_NE(slow->received.find("\x03\xf5"), std::string::npos) << "Close 1013";
}

TEST_F(WebSocketSessionTest, WhoReadsNoPongsGetsNoMoreOfThem) {
  app::Config config;
  config.message_rate = 0;
  start(config);
  RawClient flood(io_, server_->endpoint(), 4096);
  flood.write(test::handshake("flood"));
  std::string pings;
  for (int i = 0; i < 1000; ++i) {
    pings += "\x89\xfd" + std::string(4, '\0') + std::string(125, 'x');
  }
  constexpr int rounds = 100;  // 13 MB
  for (int i = 0; i < rounds; ++i) {
    flood.write(pings);
    io_.poll();
  }
  flood.write(test::text_frame(candidate("flood", R"("last")")));
  flood.read();
  ASSERT_TRUE(run_until([&] { return flood.received.ends_with(R"("last"})"); }));
  EXPECT_LT(flood.received.size(), rounds * pings.size() / 2);
}

TEST_F(WebSocketSessionTest, RefusesAMessageBeyondTheLimit) {
  app::Config config;
  config.max_message_bytes = 1000;
  start(config);
  const auto a = join("a");
  const auto b = join("b");
  a->send(candidate("b", '"' + std::string(1000, 'x') + '"'));
  ASSERT_TRUE(run_until([&] { return a->ended; }));
  EXPECT_EQ(a->close_code, 1009);
  expect_nothing_before(*b, *b, "b");
}

TEST_F(WebSocketSessionTest, ALostNativePeerIsGoneAtOnceALostPageAfterItsGrace) {
  app::Config config;
  config.leave_grace = 200ms;
  start(config);
  const auto native = join("native");
  const auto page = join("page", "token", "http://page");
  const auto b = join("b");
  native->send(candidate("b", "1"));
  page->send(candidate("b", "2"));
  ASSERT_TRUE(run_until([&] { return b->received.size() == 2; }));
  b->take();
  page->break_off();
  native->break_off();
  ASSERT_TRUE(run_until([&] { return !b->received.empty(); }));
  EXPECT_EQ(b->take(), Texts{leave("native", "b")});
  ASSERT_TRUE(run_until([&] { return !b->received.empty(); }));
  EXPECT_EQ(b->take(), Texts{leave("page", "b")});
}

TEST_F(WebSocketSessionTest, PingsKeepAPeerThatSaysNothing) {
  app::Config config;
  config.alive_timeout = 400ms;
  config.ping_interval = 100ms;
  start(config);
  const auto answering = join("answering");  // Beast answers pings
  const auto mute = join_without_reading("mute");
  ASSERT_TRUE(run_until([&] { return peers() == 1; }));
  EXPECT_NE(server_->relay().realm("peerjs")->find("answering"), nullptr);
  EXPECT_FALSE(answering->ended);
}

TEST_F(WebSocketSessionTest, BadUtf8EndsATextButOnlyDropsABinaryMessage) {
  start();
  const auto a = raw();
  a->write(test::handshake("a"));
  std::string binary = test::text_frame("\xff");
  binary[0] = '\x82';
  a->write(binary + test::text_frame(candidate("a", "1")));
  ASSERT_TRUE(run_until([&] { return a->received.ends_with(relayed("a", "a", "1")); }));
  a->write(test::text_frame("\xff"));
  ASSERT_TRUE(run_until([&] { return a->ended; }));
  EXPECT_NE(a->received.find("\x03\xef"), std::string::npos) << "Close 1007";
}

TEST_F(WebSocketSessionTest, WhoBreaksTheProtocolIsNotWaitedFor) {
  start();
  const auto b = join("b");
  const auto a = raw();
  a->write(test::handshake("a") + "no frame");
  ASSERT_TRUE(run_until([&] { return a->received.find("\x03\xea") != std::string::npos; }));
  expect_nothing_before(*b, *b, "b");
  io_.poll();
  EXPECT_TRUE(a->ended) << "with its Close, not when it is answered";
}

TEST_F(WebSocketSessionTest, AnsweringAClosePutsAnEndToTheConnection) {
  start();
  const auto a = join("a");
  a->close(1000);
  ASSERT_TRUE(run_until([&] { return a->ended; }));
  EXPECT_EQ(a->close_code, 1000);
  EXPECT_EQ(peers(), 0U);
}

TEST_F(WebSocketSessionTest, ARefusedClientIsToldWhyAndClosed) {
  start();
  const auto a = join("a");
  WebSocketClient intruder(io_, server_->endpoint(), "a", "another");
  ASSERT_TRUE(run_until([&] { return intruder.ended; }));
  EXPECT_EQ(intruder.received, Texts{R"({"type":"ID-TAKEN","payload":{"msg":"ID is taken"}})"});
  EXPECT_EQ(intruder.close_code, 1005);
  expect_nothing_before(*a, *a, "a");
}

TEST_F(WebSocketSessionTest, WhoSendsTooFastIsReadFromMoreSlowlyAndLosesNothing) {
  app::Config config;
  config.message_rate = 20;
  config.flood_timeout = 0ms;
  start(config);
  const auto b = join("b");
  const auto calm = join("calm");
  const auto a = raw();
  std::string burst = test::handshake("a");
  constexpr int count = 240;
  for (int i = 0; i < count; ++i) burst += test::text_frame(candidate("b", std::to_string(i)));
  a->write(burst);
  ASSERT_TRUE(run_until([&] { return b->received.size() == count; }));
  Texts expected;
  for (int i = 0; i < count; ++i) expected.push_back(relayed("a", "b", std::to_string(i)));
  EXPECT_EQ(b->take(), expected);
  a->write(test::text_frame(candidate("b", R"("late")")));
  for (int i = 0; i < 10; ++i) expect_nothing_before(*calm, *b, "b");
  ASSERT_TRUE(run_until([&] { return !b->received.empty(); }));
  EXPECT_EQ(b->take(), Texts{relayed("a", "b", R"("late")")});
  EXPECT_EQ(server_->incidents(), "Client slowed 1");
}

TEST_F(WebSocketSessionTest, WhoGoesOnIsEnded) {
  app::Config config;
  config.message_rate = 20;
  config.flood_timeout = 600ms;
  start(config);
  const auto b = join("b");
  const auto a = raw();
  a->write(test::handshake("a") + test::text_frame(candidate("b", "0")));
  const std::string heartbeat = test::text_frame(R"({"type":"HEARTBEAT"})");
  for (int i = 0; i < 300; ++i) a->write(heartbeat);
  const std::string close = "\x88\x13\x03\xF0too many messages";
  ASSERT_TRUE(run_until([&] {
    if (a->received.ends_with(close)) return true;
    a->write(heartbeat);
    return false;
  }));
  ASSERT_TRUE(run_until([&] { return b->received.size() == 2; }));
  EXPECT_EQ(b->received.back(), leave("a", "b"));
  EXPECT_EQ(server_->incidents(), "Client slowed 1, Client floods 1");
}

}  // namespace
}  // namespace peerjsd::net
