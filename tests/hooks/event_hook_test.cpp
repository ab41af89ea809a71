#include "peerjsd/hooks/event_hook.hpp"

#include "peerjsd/core/realm.hpp"
#include "support/loop.hpp"
#include "support/web_service.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

namespace peerjsd::hooks {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using test::WebService;

constexpr auto kRare = EventQueue::Kind::Rare;
constexpr auto kCheap = EventQueue::Kind::Cheap;

TEST(EventQueue, WhatAnybodyCanCauseDrivesNothingOut) {
  EventQueue queue(4);
  EXPECT_EQ(queue.push("a", kRare), 0U);
  EXPECT_EQ(queue.push("b", kCheap), 0U);
  EXPECT_EQ(queue.push("c", kCheap), 0U);
  EXPECT_EQ(queue.push("d", kCheap), 1U);
  EXPECT_EQ(queue.push("e", kRare), 0U);
  EXPECT_EQ(queue.begin_batch(), "[a,b,c,e]");
  queue.end_batch();
  EXPECT_EQ(queue.push("f", kCheap), 0U);
  for (const std::string text : {"g", "h", "i", "j"}) queue.push(text, kRare);
  EXPECT_EQ(queue.push("k", kCheap), 1U) << "the first one went, and no other goes for this one";
  EXPECT_EQ(queue.begin_batch(), "[g,h,i,j]");
}

TEST(EventQueue, GivesBatchesThatServicesTake) {
  EventQueue queue(1000);
  const std::string large(EventQueue::kMostBatchBytes / 2, 'x');
  for (int i = 0; i < 2; ++i) queue.push(large, kRare);
  queue.push(std::string(EventQueue::kMostBatchBytes, 'y'), kRare);
  queue.push("z", kRare);
  EXPECT_EQ(queue.begin_batch(), "[" + large + "]");
  queue.end_batch();
  EXPECT_EQ(queue.begin_batch(), "[" + large + "]");
  queue.end_batch();
  EXPECT_EQ(queue.size(), 2U);
  EXPECT_EQ(queue.begin_batch().size(), EventQueue::kMostBatchBytes + 2) << "one goes in any case";
  queue.end_batch();
  EXPECT_EQ(queue.begin_batch(), "[z]");
}

TEST(EventQueue, GivesBatchesInOrder) {
  EventQueue queue(1000);
  for (int i = 0; i < 150; ++i) EXPECT_EQ(queue.push(std::to_string(i), kRare), 0U);
  std::string expected = "[0";
  for (int i = 1; i < 100; ++i) expected += "," + std::to_string(i);
  EXPECT_EQ(queue.begin_batch(), expected + "]");
  EXPECT_EQ(queue.under_way(), 100U);
  queue.end_batch();
  EXPECT_EQ(queue.size(), 50U);
  EXPECT_TRUE(queue.begin_batch().starts_with("[100,101,"));
}

TEST(EventQueue, DropsTheOldestThatWaits) {
  EventQueue queue(3);
  for (const std::string text : {"a", "b"}) queue.push(text, kRare);
  EXPECT_EQ(queue.begin_batch(), "[a,b]");
  EXPECT_EQ(queue.push("c", kRare), 0U);
  EXPECT_EQ(queue.push("d", kRare), 1U);
  queue.end_batch();
  EXPECT_EQ(queue.begin_batch(), "[d]");
  queue.set_most(1);
  EXPECT_EQ(queue.push("e", kRare), 1U) << "what is under way stays";
  queue.end_batch();
  EXPECT_EQ(queue.size(), 0U);
  for (const std::string text : {"a", "b"}) queue.push(text, kRare);
  EXPECT_EQ(queue.begin_batch(), "[b]");
}

class EventHookTest : public testing::Test {
 protected:
  explicit EventHookTest(std::size_t queue = 1000)
      : hook_(io_, *parse_web_url("http://127.0.0.1:" + std::to_string(service_.port())), "key",
              queue) {
    hook_.expire(now_);
  }

  /// How long the next answers take, or what they are.
  void answer(const std::optional<std::string>& bytes) {
    service_.answer = [bytes](const std::string&) { return bytes; };
  }

  bool requests(std::size_t count) {
    return test::run_until(io_, [&] { return service_.bodies.size() >= count; });
  }
  bool failures(std::size_t count) {
    return test::run_until(io_, [&] { return hook_.counters().failures >= count; });
  }
  bool is_idle() {
    return test::run_until(io_, [&] { return hook_.is_idle(); });
  }

  void expire(int number) { hook_.expired("k", "src", std::to_string(number)); }

  std::vector<std::uint64_t> sequences(std::size_t request) const {
    std::vector<std::uint64_t> all;
    const json said = json::parse(service_.bodies.at(request));
    for (const json& event : said["events"]) {
      all.push_back(event["sequence"].get<std::uint64_t>());
    }
    return all;
  }

  std::string header(std::size_t request, const std::string& name) const {
    const std::string& head = service_.heads.at(request);
    const std::size_t begin = head.find("\r\n" + name + ": ") + name.size() + 4;
    return head.substr(begin, head.find("\r\n", begin) - begin);
  }

  using Numbers = std::vector<std::uint64_t>;

  boost::asio::io_context io_{1};
  WebService service_{io_};
  core::Instant now_{1h};
  EventHook hook_;
};

const std::string kFailure = "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n";

TEST_F(EventHookTest, TellsWhatHappens) {
  core::Realm realm("k", {}, 5s, {});
  core::Peer& peer = realm.add("ann", "t", {core::PeerKind::Page}, core::Registration{7});
  hook_.connected(peer);
  hook_.disconnected(peer, core::End::Lost);
  hook_.left(peer);
  hook_.expired("k", "ann", std::string(2000, 'x'));
  ASSERT_TRUE(is_idle());
  ASSERT_EQ(service_.bodies.size(), 1U) << "what happens in one turn goes together";
  json said = json::parse(service_.bodies.front());
  EXPECT_EQ(said["server"].get<std::string>().size(), 16U);
  for (json& event : said["events"]) {
    const auto time = event["time"].get<std::string>();
    EXPECT_EQ(time.size(), std::string("2026-01-02T03:04:05.678Z").size()) << time;
    event.erase("time");
  }
  const json expected = json::parse(R"([
      {"type":"connect","sequence":1,"key":"k","id":"ann","session":7},
      {"type":"disconnect","sequence":2,"key":"k","id":"ann","session":7,"reason":"REASON"},
      {"type":"leave","sequence":3,"key":"k","id":"ann","session":7},
      {"type":"expire","sequence":4,"key":"k","id":"ann","dst":"DST"}])");
  json patched = expected;
  patched[1]["reason"] = core::to_string(core::End::Lost);
  patched[3]["dst"] = std::string(1024, 'x');
  EXPECT_EQ(said["events"], patched);
  EXPECT_EQ(hook_.counters().delivered, 4U);
}

TEST_F(EventHookTest, SendsOneBatchAtATime) {
  answer(std::nullopt);
  expire(1);
  ASSERT_TRUE(requests(1));
  for (int i = 2; i <= 150; ++i) expire(i);
  io_.poll();
  EXPECT_EQ(service_.bodies.size(), 1U);
  answer(WebService::ok());
  service_.say(WebService::ok());
  ASSERT_TRUE(is_idle());
  ASSERT_EQ(service_.bodies.size(), 3U);
  EXPECT_EQ(sequences(0), Numbers{1});
  EXPECT_EQ(sequences(1).size(), 100U);
  EXPECT_EQ(sequences(1).front(), 2U);
  EXPECT_EQ(sequences(2).front(), 102U);
  EXPECT_EQ(sequences(2).back(), 150U);
  EXPECT_EQ(service_.connections, 1U);
  EXPECT_NE(header(0, "webhook-id"), header(1, "webhook-id"));
}

TEST_F(EventHookTest, TriesTheSameAgainUntilItIsTaken) {
  answer(kFailure);
  expire(1);
  for (std::size_t i = 1; i <= 4; ++i) {
    ASSERT_TRUE(failures(i));
    expire(static_cast<int>(i) + 1);
    const core::Duration longest = 250ms * (1U << (i - 1));
    hook_.expire(now_ + longest / 2 - 1ms);
    EXPECT_EQ(io_.poll(), 0U) << "it is not time yet";
    now_ += longest;
    hook_.expire(now_);
  }
  answer(WebService::ok(""));
  ASSERT_TRUE(is_idle());
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(service_.bodies[i], service_.bodies[0]);
    EXPECT_EQ(header(i, "webhook-id"), header(0, "webhook-id"));
  }
  EXPECT_EQ(sequences(5), (Numbers{2, 3, 4, 5}));
  EXPECT_EQ(hook_.counters().delivered, 5U);
}

TEST_F(EventHookTest, SendsAgainWhatIsNotAnswered) {
  answer(std::nullopt);
  expire(1);
  ASSERT_TRUE(requests(1));
  hook_.expire(now_ + 10s - 1ms);
  EXPECT_EQ(hook_.counters().failures, 0U);
  now_ += 10s;
  hook_.expire(now_);
  EXPECT_EQ(hook_.counters().failures, 1U);
  answer(WebService::ok());
  hook_.expire(now_ + 250ms);
  ASSERT_TRUE(is_idle());
  ASSERT_EQ(service_.bodies.size(), 2U);
  EXPECT_EQ(service_.bodies[1], service_.bodies[0]);
  EXPECT_EQ(header(1, "webhook-id"), header(0, "webhook-id"));
  EXPECT_EQ(service_.connections, 2U) << "what comes on the old one may be its late answer";
}

/// What has been logged since, a line each.
class EventHookLogTest : public EventHookTest {
 protected:
  EventHookLogTest() : before_(spdlog::default_logger()) {
    auto logger = std::make_shared<spdlog::logger>(
        "test", std::make_shared<spdlog::sinks::ostream_sink_st>(log_));
    logger->set_pattern("%v");
    spdlog::set_default_logger(logger);
  }
  ~EventHookLogTest() override { spdlog::set_default_logger(before_); }

  bool delivered(std::size_t count) {
    return test::run_until(io_, [&] { return hook_.counters().delivered >= count; });
  }

  std::ostringstream log_;
  std::shared_ptr<spdlog::logger> before_;
};

TEST_F(EventHookLogTest, AFloodIsOneOutageWhateverIsDeliveredMeanwhile) {
  answer(std::nullopt);
  expire(0);
  ASSERT_TRUE(requests(1));
  const auto flood = [this] {
    for (int i = 0; i < 600; ++i) expire(i);
  };
  flood();
  const std::string begun = "Events are kept for " + hook_.address() + ": too many wait for it\n";
  EXPECT_EQ(log_.str(), begun);
  for (std::size_t i = 0; i < 5; ++i) {
    service_.say(WebService::ok());
    ASSERT_TRUE(delivered(1 + 100 * i));
    flood();
    ASSERT_TRUE(requests(i + 2));
  }
  EXPECT_EQ(log_.str(), begun);
  answer(WebService::ok());
  service_.say(WebService::ok());
  ASSERT_TRUE(is_idle());
  EXPECT_EQ(log_.str(), begun + "Events are delivered to " + hook_.address() +
                            " again; dropped: " + std::to_string(hook_.counters().dropped) + "\n");
}

TEST_F(EventHookTest, HurriesAtTheEnd) {
  answer(kFailure);
  expire(1);
  for (std::size_t i = 1; i <= 8; ++i) {
    ASSERT_TRUE(failures(i));
    now_ += 30s;
    hook_.expire(now_);
  }
  ASSERT_TRUE(failures(9));
  answer(WebService::ok());
  hook_.hurry();
  hook_.expire(now_);
  EXPECT_TRUE(is_idle());
}

class ShortEventHookTest : public EventHookTest {
 protected:
  ShortEventHookTest() : EventHookTest(3) {}
};

TEST_F(ShortEventHookTest, DropsTheOldestAndSaysSoByAGap) {
  answer(kFailure);
  expire(1);
  ASSERT_TRUE(failures(1));
  core::Realm realm("k", {}, 5s, {});
  const core::Peer& peer = realm.add("ann", "t", {core::PeerKind::Page}, core::Registration{7});
  for (int i = 2; i <= 7; ++i) hook_.connected(peer);
  EXPECT_EQ(hook_.waiting(), 3U);
  EXPECT_EQ(hook_.counters().dropped, 4U);
  answer(WebService::ok());
  now_ += 1s;
  hook_.expire(now_);
  ASSERT_TRUE(is_idle());
  EXPECT_EQ(sequences(1), Numbers{1});
  EXPECT_EQ(sequences(2), (Numbers{6, 7}));
}

}  // namespace
}  // namespace peerjsd::hooks
