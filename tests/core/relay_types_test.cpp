// Messages of apps' own types, where a relay allows them.

#include "peerjsd/core/relay.hpp"
#include "support/recording_backend.hpp"
#include "support/recording_transport.hpp"
#include "support/relay_setup.hpp"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace peerjsd::core {
namespace {

using namespace std::chrono_literals;
using test::RecordingBackend;
using test::RecordingTransport;
using test::sent_to;
using test::text;
using test::Texts;

RelayOptions options(Duration expire_timeout = 5s) {
  RelayOptions options = test::relay_options();
  options.expire_timeout = expire_timeout;
  options.allow_types = {"PING-PONG", "CHAT"};
  return options;
}

class RelayTypesTest : public testing::Test {
 protected:
  explicit RelayTypesTest(const RelayOptions& with = options()) : relay_(with, backend_) {
    backend_.answer = Backend::Answer::Yes;
    backend_.forwarding = Backend::Forwarding::Nobody;
  }

  void join(RecordingTransport& transport, std::string_view id, Rights rights = {}) {
    const Client about{.kind = PeerKind::Page, .rights = rights};
    ASSERT_EQ(relay_.attach(transport, {"peerjs", id, "token"}, about, now_), Admission::Opened);
    ASSERT_EQ(transport.take().front(), kOpenText);
  }

  Receipt receive(RecordingTransport& from, std::string_view what) {
    return relay_.receive(from, what, now_);
  }

  std::uint64_t received(MessageType type) const { return relay_.counters().messages.of(type); }

  void pass(Duration time) {
    now_ += time;
    relay_.expire(now_);
  }

  Instant now_{1h};
  RecordingBackend backend_;
  RecordingTransport a_;
  RecordingTransport b_;
  Relay relay_;
};

TEST_F(RelayTypesTest, RelaysThemAsAnOffer) {
  join(a_, "a");
  join(b_, "b");
  EXPECT_EQ(receive(a_, R"({ "payload" : {"n": 1e400, "s":"\ud800"} , "src":"forged",)"
                        R"( "extra":1, "dst":"b", "type":"CHAT"})"),
            Receipt::Relayed);
  EXPECT_EQ(receive(a_, R"({"type":"P\u0049NG-PONG","dst":"\u0062"})"), Receipt::Relayed);
  EXPECT_EQ(b_.sent, (Texts{R"({"type":"CHAT","src":"a","dst":"b",)"
                            R"("payload":{"n": 1e400, "s":"\ud800"}})",
                            text("PING-PONG", "a", "b")}));
  EXPECT_EQ(received(MessageType::Custom), 2U);
  EXPECT_EQ(received(MessageType::Unknown), 0U);
}

TEST_F(RelayTypesTest, DropsAllOthers) {
  join(a_, "a");
  join(b_, "b");
  for (const std::string type :
       {R"("chat")", R"("CHATS")", R"("CHAT ")", R"("")", R"("custom")", R"("unknown")",
        R"("OPEN")", R"("EXPIRE")", R"("ERROR")", "5", "null", R"(["CHAT"])"}) {
    EXPECT_EQ(receive(a_, R"({"type":)" + type + R"(,"dst":"b"})"), Receipt::UnknownType) << type;
  }
  EXPECT_EQ(receive(a_, R"({"dst":"b"})"), Receipt::UnknownType);
  EXPECT_EQ(b_.sent, Texts{});
  EXPECT_EQ(received(MessageType::Custom), 0U);
  EXPECT_EQ(received(MessageType::Unknown), 10U);
}

TEST_F(RelayTypesTest, HasNoneUnlessTheyAreAllowed) {
  join(a_, "a");
  RelayOptions other = options();
  other.allow_types = {};
  relay_.set_options(other, now_);
  EXPECT_EQ(receive(a_, sent_to("a", "CHAT")), Receipt::UnknownType);
  other.allow_types = {"custom"};
  relay_.set_options(other, now_);
  EXPECT_EQ(receive(a_, sent_to("a", "CHAT")), Receipt::UnknownType);
  EXPECT_EQ(receive(a_, sent_to("a", "custom")), Receipt::Relayed);
  EXPECT_EQ(a_.sent, Texts{text("custom", "a", "a")});
}

TEST_F(RelayTypesTest, TheyNeedADestination) {
  join(a_, "a");
  EXPECT_EQ(receive(a_, R"({"type":"CHAT","payload":1})"), Receipt::NoDestination);
  EXPECT_EQ(receive(a_, R"({"type":"CHAT","dst":""})"), Receipt::NoDestination);
  EXPECT_EQ(received(MessageType::Custom), 2U);
}

TEST_F(RelayTypesTest, AreNoVerbsOfPosts) {
  join(a_, "a");
  EXPECT_EQ(
      relay_.receive({"peerjs", "a", "token"}, MessageType::Offer, sent_to("a", "CHAT"), now_),
      Receipt::WrongVerb);
  EXPECT_EQ(a_.sent, Texts{});
}

TEST_F(RelayTypesTest, WhoSendsOneIsAPartner) {
  join(a_, "a");
  join(b_, "b");
  receive(a_, sent_to("b", "CHAT"));
  b_.take();
  relay_.detach(a_, End::GoingAway, now_);
  EXPECT_EQ(b_.take(), Texts{text("LEAVE", "a", "b")});
}

TEST_F(RelayTypesTest, TheyWaitInOrderWithTheOthers) {
  join(a_, "a");
  EXPECT_EQ(receive(a_, sent_to("b", "CHAT")), Receipt::Kept);
  EXPECT_EQ(receive(a_, sent_to("b", "OFFER")), Receipt::Kept);
  EXPECT_EQ(receive(a_, sent_to("b", "PING-PONG")), Receipt::Kept);
  relay_.attach(b_, {"peerjs", "b", "token"}, {PeerKind::Page}, now_);
  EXPECT_EQ(b_.take(), (Texts{std::string(kOpenText), text("CHAT", "a", "b"),
                              text("OFFER", "a", "b"), text("PING-PONG", "a", "b")}));
  relay_.detach(a_, End::GoingAway, now_);
  EXPECT_EQ(b_.take(), Texts{text("LEAVE", "a", "b")}) << "they have become partners";
}

TEST_F(RelayTypesTest, WhoIsNotThereInTimeIsReported) {
  join(a_, "a");
  receive(a_, sent_to("b", "CHAT"));
  pass(5s);
  EXPECT_EQ(a_.take(), Texts{text("EXPIRE", "b", "a")});
  EXPECT_EQ(receive(a_, sent_to("b", "CHAT")), Receipt::Kept)
      << "it is no rest of what has run out";
  EXPECT_EQ(receive(a_, sent_to("b", "CANDIDATE")), Receipt::Kept);
  pass(5s);
  EXPECT_EQ(a_.take(), Texts{text("EXPIRE", "b", "a")});
}

TEST_F(RelayTypesTest, WithoutAWaitEachIsReported) {
  relay_.set_options(options(0s), now_);
  join(a_, "a");
  EXPECT_EQ(receive(a_, sent_to("b", "CHAT")), Receipt::Expired);
  EXPECT_EQ(receive(a_, sent_to("b", "CHAT")), Receipt::Expired);
  EXPECT_EQ(a_.take(), (Texts{text("EXPIRE", "b", "a"), text("EXPIRE", "b", "a")}));
}

TEST_F(RelayTypesTest, NeedTheRightToCall) {
  join(a_, "a", {.may_call = false, .may_be_called = true});
  join(b_, "b");
  EXPECT_EQ(receive(a_, sent_to("b", "CHAT")), Receipt::NotAllowed);
  EXPECT_EQ(receive(a_, sent_to("b", "CHAT")), Receipt::NotAllowed);
  EXPECT_EQ(b_.take(), Texts{});
  EXPECT_EQ(a_.take(), (Texts{text("EXPIRE", "b", "a"), text("EXPIRE", "b", "a")}));
  EXPECT_EQ(receive(b_, sent_to("a", "CHAT")), Receipt::Relayed);
  EXPECT_EQ(receive(a_, sent_to("b", "CHAT")), Receipt::Relayed) << "they are in touch";
}

TEST_F(RelayTypesTest, GoToOtherNodes) {
  backend_.forwarding = Backend::Forwarding::Taken;
  join(a_, "a");
  EXPECT_EQ(receive(a_, sent_to("x", "CHAT")), Receipt::Forwarded);
  ASSERT_EQ(backend_.forwarded.size(), 1U);
  const auto sent = std::exchange(backend_.forwarded, {}).front();
  EXPECT_EQ(sent.type, MessageType::Custom);
  EXPECT_EQ(sent.text, text("CHAT", "a", "x"));
  const Parcel parcel{"peerjs",  sent.src,  sent.registration, sent.dst,
                      sent.type, sent.text, sent.since};
  relay_.on_returned({parcel}, now_);
  EXPECT_TRUE(relay_.keeps_messages());
  relay_.on_arrival("peerjs", "x");
  EXPECT_EQ(backend_.take(), Texts{text("CHAT", "a", "x")});
  relay_.on_abandoned(parcel, now_);
  relay_.on_abandoned(parcel, now_);
  EXPECT_EQ(a_.take(), (Texts{text("EXPIRE", "x", "a"), text("EXPIRE", "x", "a")}));
}

TEST_F(RelayTypesTest, ComeFromNodesThatAllowOthers) {
  backend_.forwarding = Backend::Forwarding::Taken;
  join(a_, "a");
  const std::string news = text("NEWS", "x", "a");
  EXPECT_TRUE(relay_.deliver({"peerjs", "x", {}, "a", MessageType::Custom, news, now_}, now_));
  EXPECT_EQ(a_.take(), Texts{news});
  relay_.detach(a_, End::GoingAway, now_);
  EXPECT_EQ(backend_.take(), Texts{text("LEAVE", "a", "x")});
}

}  // namespace
}  // namespace peerjsd::core
