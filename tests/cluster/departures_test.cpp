// Peers that have gone while Redis is away. What happens with it is for real nodes to show.

#include "peerjsd/cluster/departures.hpp"

#include "support/recording_backend.hpp"
#include "support/recording_transport.hpp"
#include "support/relay_setup.hpp"

#include <chrono>
#include <cstdint>
#include <string>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

namespace peerjsd::cluster {
namespace {

using namespace std::chrono_literals;
using test::kOpen;
using test::text;
using test::Texts;

constexpr core::HashKey kHashKey{1, 2};

class DeparturesTest : public testing::Test {
 protected:
  DeparturesTest() {
    node_.set_relay(relay_);
    backend_.forwarding = core::Backend::Forwarding::Apart;
  }

  /// A peer of this node.
  void join(test::RecordingTransport& transport, std::string_view id) {
    relay_.attach(transport, {"peerjs", id, "token"}, {}, start_);
    const core::Peer& peer = *transport.peer();
    relay_.settle({"peerjs", peer.id, peer.registration}, core::Admission::Opened, {}, start_);
    ASSERT_EQ(transport.take(), Texts{kOpen});
  }

  /// `a`, for which a message of `b` was waiting, has gone.
  void depart() {
    core::Inheritance inheritance;
    const std::uint32_t mark = core::mark_of("peerjs", "b", "token");
    inheritance.kept = {{"b", core::MessageType::Offer, text("OFFER", "b", "a"), start_, mark}};
    departures_.add({"peerjs", "a", "digest", {}, inheritance, start_});
  }

  void pass(core::Duration time) {
    departures_.send_due(start_ + time);
    relay_.expire(start_ + time);
  }

  const core::Instant start_{1h};
  boost::asio::io_context io_;
  test::RecordingBackend backend_;
  test::RecordingTransport b_;
  core::Relay relay_{test::relay_options(), backend_};
  RedisNode node_{io_, *parse_redis_url("redis://127.0.0.1:1"), {}};
  Courier courier_{io_, node_, {1 << 20, 1 << 20, 1 << 20}, kHashKey};
  Departures departures_{node_, courier_, {}};
};

TEST_F(DeparturesTest, WhatWaitedForThePeerExpiresInTimeWhileRedisIsAway) {
  join(b_, "b");
  depart();
  pass(4s);
  EXPECT_EQ(b_.take(), Texts{});
  pass(5s);
  EXPECT_EQ(b_.take(), Texts{text("EXPIRE", "a", "b")});
  pass(59s);
  EXPECT_FALSE(departures_.empty()) << "what else it had may still follow it";
  pass(61s);
  EXPECT_TRUE(departures_.empty());
  EXPECT_EQ(b_.take(), Texts{});
}

TEST_F(DeparturesTest, GoWithAllTheyHaveIfRedisIsBackSoon) {
  join(b_, "b");
  depart();
  pass(1s);
  EXPECT_FALSE(relay_.keeps_messages());
  pass(1s + 1ms);
  EXPECT_TRUE(relay_.keeps_messages());
}

}  // namespace
}  // namespace peerjsd::cluster
