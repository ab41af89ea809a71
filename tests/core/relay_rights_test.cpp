// What a relay lets those do who have been let in with a token that says so.

#include "peerjsd/core/relay.hpp"
#include "support/recording_backend.hpp"
#include "support/recording_transport.hpp"
#include "support/relay_setup.hpp"

#include <chrono>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace peerjsd::core {
namespace {

using namespace std::chrono_literals;
using test::kOpen;
using test::RecordingBackend;
using test::RecordingTransport;
using test::relay_options;
using test::sent_to;
using test::text;
using test::Texts;

constexpr Rights kAll{};
constexpr Rights kOnlyAnswers{.may_call = false, .may_be_called = true};
constexpr Rights kOnlyCalls{.may_call = true, .may_be_called = false};

class RelayRightsTest : public testing::Test {
 protected:
  void join(RecordingTransport& transport, std::string_view id, Rights rights) {
    const Client about{.kind = PeerKind::Page, .rights = rights};
    ASSERT_EQ(relay_.attach(transport, {"peerjs", id, "token"}, about, now_), Admission::Opened);
    ASSERT_EQ(transport.take(), Texts{kOpen});
  }

  Admission attach(RecordingTransport& transport, std::string_view id, std::uint32_t limit,
                   std::string_view owner = "owner") {
    const Client about{.kind = PeerKind::Page, .owner_limit = limit};
    return relay_.attach(transport, {"peerjs", id, owner}, about, now_);
  }

  Admission attach_until(RecordingTransport& transport, Instant expiry,
                         std::string_view token = "token") {
    return relay_.attach(transport, {"peerjs", "a", token, {expiry}}, {PeerKind::Page}, now_);
  }

  Receipt receive(RecordingTransport& from, std::string_view what) {
    return relay_.receive(from, what, now_);
  }

  void pass(Duration time) {
    now_ += time;
    relay_.expire(now_);
  }

  Instant now_{1h};
  RecordingTransport a_;
  RecordingTransport b_;
  RecordingTransport c_;
  Relay relay_{relay_options()};
};

TEST_F(RelayRightsTest, WhoMayNotCallMayAnswer) {
  join(a_, "a", kOnlyAnswers);
  join(b_, "b", kAll);
  EXPECT_EQ(receive(a_, sent_to("b")), Receipt::NotAllowed);
  EXPECT_EQ(receive(a_, sent_to("b", "CANDIDATE")), Receipt::NotAllowed);
  EXPECT_EQ(b_.take(), Texts{});
  EXPECT_EQ(a_.take(), Texts{text("EXPIRE", "b", "a")}) << "once for the attempt";
  EXPECT_EQ(receive(b_, sent_to("a")), Receipt::Relayed);
  EXPECT_EQ(receive(a_, sent_to("b", "ANSWER")), Receipt::Relayed);
  EXPECT_EQ(receive(a_, sent_to("b")), Receipt::Relayed) << "they are in touch";
}

TEST_F(RelayRightsTest, WhoMayNotBeCalledMayCall) {
  join(a_, "a", kOnlyCalls);
  join(b_, "b", kAll);
  EXPECT_EQ(receive(b_, sent_to("a")), Receipt::NotAllowed);
  EXPECT_EQ(a_.take(), Texts{});
  EXPECT_EQ(b_.take(), Texts{text("EXPIRE", "a", "b")});
  EXPECT_EQ(receive(a_, sent_to("b")), Receipt::Relayed);
  EXPECT_EQ(receive(b_, sent_to("a", "ANSWER")), Receipt::Relayed);
}

TEST_F(RelayRightsTest, WhatIsPostedNeedsAllTheRightsOfItsSender) {
  join(a_, "a", kAll);
  join(b_, "b", kOnlyCalls);
  const auto post = [&](std::string_view id, const Rights& shown) {
    return relay_.receive({"peerjs", id, "token"}, MessageType::Offer, sent_to("a"), now_, shown);
  };
  EXPECT_EQ(post("a", kAll), Receipt::Relayed);
  EXPECT_EQ(post("a", kOnlyAnswers), Receipt::Unauthorized);
  EXPECT_EQ(post("a", kOnlyCalls), Receipt::Unauthorized);
  EXPECT_EQ(post("b", kOnlyCalls), Receipt::Relayed);
  EXPECT_EQ(post("b", kAll), Receipt::Relayed) << "as who calls only";
  EXPECT_EQ(post("b", kOnlyAnswers), Receipt::Unauthorized);
}

TEST_F(RelayRightsTest, NeitherMayReachTheOtherThroughItsAbsence) {
  join(a_, "a", kOnlyAnswers);
  EXPECT_EQ(receive(a_, sent_to("x")), Receipt::NotAllowed);
  EXPECT_EQ(a_.take(), Texts{text("EXPIRE", "x", "a")});
  join(b_, "b", kAll);
  EXPECT_EQ(receive(b_, sent_to("c")), Receipt::Kept);
  const Client about{.kind = PeerKind::Page, .rights = kOnlyCalls};
  relay_.attach(c_, {"peerjs", "c", "token"}, about, now_);
  EXPECT_EQ(c_.take(), Texts{kOpen}) << "what waited for it is not for it";
  EXPECT_EQ(b_.take(), Texts{text("EXPIRE", "c", "b")});
  pass(10s);
  EXPECT_EQ(b_.take(), Texts{});
}

TEST_F(RelayRightsTest, WhoMaySendToPartnersOnlyDoesNotSendToWhoHasGotTheIdOfOne) {
  RecordingBackend backend;
  Relay relay(relay_options(), backend);
  const Client about{.kind = PeerKind::Page, .rights = kOnlyAnswers};
  relay.attach(a_, {"peerjs", "a", "token"}, about, now_);
  const std::uint32_t mark = mark_of("peerjs", "x", "token");
  relay.settle({"peerjs", "a", a_.peer()->registration}, Admission::Resumed,
               {.partners = {{"x", mark}}}, now_);
  EXPECT_EQ(relay.receive(a_, sent_to("x", "ANSWER"), now_), Receipt::Forwarded);
  ASSERT_EQ(backend.forwarded.size(), 1U);
  EXPECT_EQ(backend.forwarded[0].dst_mark, mark);
  backend.forwarding = Backend::Forwarding::Apart;
  EXPECT_EQ(relay.receive(a_, sent_to("x", "CANDIDATE"), now_), Receipt::Kept);
  backend.forwarding = Backend::Forwarding::Taken;
  backend.answer = Backend::Answer::Yes;
  a_.take();
  relay.attach(b_, {"peerjs", "x", "another"}, {PeerKind::Page}, now_);
  EXPECT_EQ(b_.take(), Texts{kOpen});
  EXPECT_EQ(a_.take(), Texts{text("EXPIRE", "x", "a")});
  EXPECT_EQ(relay.receive(a_, sent_to("x", "CANDIDATE"), now_), Receipt::NotAllowed);
  EXPECT_EQ(b_.take(), Texts{});
}

TEST_F(RelayRightsTest, WhatWaitsForAPartnerIsNotForWhoHasItsIdThen) {
  join(a_, "a", kOnlyAnswers);
  join(b_, "b", kAll);
  receive(b_, sent_to("a"));
  relay_.detach(b_, End::Lost, now_);
  EXPECT_EQ(receive(a_, sent_to("b", "ANSWER")), Receipt::Kept);
  relay_.dismiss("peerjs", "b", now_);
  a_.take();
  RecordingTransport another;
  relay_.attach(another, {"peerjs", "b", "another"}, {PeerKind::Page}, now_);
  EXPECT_EQ(another.take(), Texts{kOpen});
  EXPECT_EQ(a_.take(), Texts{text("EXPIRE", "b", "a")});
}

TEST_F(RelayRightsTest, WhatIsMeantForAPartnerElsewhereIsNotForWhoHasGotItsId) {
  RecordingBackend backend;
  backend.answer = Backend::Answer::Yes;
  Relay relay(relay_options(), backend);
  relay.attach(a_, {"peerjs", "a", "token"}, {PeerKind::Page}, now_);
  a_.take();
  const std::uint32_t another = mark_of("peerjs", "a", "another");
  EXPECT_TRUE(relay.deliver(
      {"peerjs", "x", {.mark = 1}, "a", MessageType::Answer, "for another", now_, another}, now_));
  EXPECT_EQ(a_.take(), Texts{});
  EXPECT_EQ(backend.take(), Texts{text("EXPIRE", "a", "x")});
}

TEST_F(RelayRightsTest, WhatWaitedElsewhereForWhoMayNotBeCalledIsNotForIt) {
  RecordingBackend backend;
  Relay relay(relay_options(), backend);
  const Client about{.kind = PeerKind::Page, .rights = kOnlyCalls};
  relay.attach(a_, {"peerjs", "a", "token"}, about, now_);
  const Claim claim{"peerjs", "a", a_.peer()->registration};
  const std::string from_x = text("OFFER", "x", "a");
  const std::string from_p = text("CANDIDATE", "p", "a");
  relay.settle(
      claim, Admission::Resumed,
      {{{"p"}},
       {{"x", MessageType::Offer, from_x, now_}, {"p", MessageType::Candidate, from_p, now_}},
       {}},
      now_);
  EXPECT_EQ(a_.take(), (Texts{kOpen, from_p}));
  EXPECT_EQ(backend.take(), Texts{text("EXPIRE", "a", "x")});
  relay.deliver({"peerjs", "x", {}, "a", MessageType::Offer, from_x, now_}, now_);
  EXPECT_EQ(a_.take(), Texts{}) << "nor has it become a partner";
}

TEST_F(RelayRightsTest, RightsAreThoseOfTheLastToken) {
  join(a_, "a", kOnlyAnswers);
  join(b_, "b", kAll);
  relay_.attach(c_, {"peerjs", "a", "token"}, {PeerKind::Page}, now_);
  EXPECT_EQ(receive(c_, sent_to("b")), Receipt::Relayed);
}

TEST_F(RelayRightsTest, HoldAcrossNodes) {
  RecordingBackend backend;
  backend.answer = Backend::Answer::Yes;
  Relay relay(relay_options(), backend);
  const Client closed{.kind = PeerKind::Page,
                      .rights = {.may_call = false, .may_be_called = false}};
  relay.attach(a_, {"peerjs", "a", "token"}, closed, now_);
  a_.take();
  EXPECT_EQ(relay.receive(a_, sent_to("x"), now_), Receipt::NotAllowed);
  EXPECT_EQ(backend.take(), Texts{});
  a_.take();
  const std::string offer = text("OFFER", "x", "a");
  const Parcel parcel{"peerjs", "x", {}, "a", MessageType::Offer, offer, now_};
  EXPECT_TRUE(relay.deliver(parcel, now_));
  EXPECT_TRUE(relay.deliver(parcel, now_));
  EXPECT_EQ(a_.take(), Texts{});
  const std::string candidate = text("CANDIDATE", "x", "a");
  relay.deliver({"peerjs", "x", {}, "a", MessageType::Candidate, candidate, now_}, now_);
  EXPECT_EQ(backend.take(), (Texts{text("EXPIRE", "a", "x"), text("EXPIRE", "a", "x")}))
      << "once for each attempt";
}

TEST_F(RelayRightsTest, AnOwnerHasNoMorePeersThanItsLimit) {
  EXPECT_EQ(attach(a_, "a", 2), Admission::Opened);
  EXPECT_EQ(attach(b_, "b", 2), Admission::Opened);
  EXPECT_EQ(attach(c_, "c", 2), Admission::OwnerLimitReached);
  EXPECT_EQ(attach(c_, "c", 2, "another"), Admission::Opened);
  RecordingTransport d;
  relay_.detach(a_, End::GoingAway, now_);
  EXPECT_EQ(attach(d, "d", 2), Admission::Opened);
  RecordingTransport again;
  EXPECT_EQ(attach(again, "d", 2), Admission::Resumed) << "it is one of them";
}

TEST_F(RelayRightsTest, APeerThatIsLostYieldsToAnotherOfItsOwner) {
  EXPECT_EQ(attach(a_, "a", 1), Admission::Opened);
  relay_.detach(a_, End::Lost, now_);
  EXPECT_EQ(attach(b_, "b", 1), Admission::Opened);
  EXPECT_EQ(relay_.realm("peerjs")->find("a"), nullptr);
  EXPECT_EQ(attach(c_, "c", 1), Admission::OwnerLimitReached);
}

TEST_F(RelayRightsTest, OfTheLostPeersOfAnOwnerTheLongestLostYields) {
  for (const bool first_is_lost_first : {true, false}) {
    RecordingTransport first;
    RecordingTransport second;
    RecordingTransport third;
    ASSERT_EQ(attach(first, "first", 2), Admission::Opened);
    ASSERT_EQ(attach(second, "second", 2), Admission::Opened);
    relay_.detach(first_is_lost_first ? first : second, End::Lost, now_);
    now_ += 1ms;
    relay_.detach(first_is_lost_first ? second : first, End::Lost, now_);
    ASSERT_EQ(attach(third, "third", 2), Admission::Opened);
    const Realm& realm = *relay_.realm("peerjs");
    EXPECT_EQ(realm.find("first") == nullptr, first_is_lost_first);
    EXPECT_EQ(realm.find("second") == nullptr, !first_is_lost_first);
    relay_.detach(third, End::Left, now_);
    pass(30s);
    EXPECT_EQ(realm.size(), 0U);
  }
}

TEST_F(RelayRightsTest, APeerWhoseTokenExpiresIsDisconnected) {
  join(b_, "b", kAll);
  EXPECT_EQ(attach_until(a_, now_ + 10s), Admission::Opened);
  receive(b_, sent_to("a"));
  b_.take();
  a_.take();
  pass(9999ms);
  EXPECT_FALSE(a_.closed);
  pass(1ms);
  EXPECT_EQ(a_.take(), Texts{}) << "it is for the transport to say so, if its client can bear it";
  EXPECT_EQ(a_.closed, End::Expired);
  EXPECT_EQ(relay_.counters().ends.of(End::Expired), 1U);
  EXPECT_EQ(b_.take(), Texts{}) << "it may come back with another token";
  EXPECT_EQ(attach_until(c_, now_ + 10s), Admission::Resumed);
  EXPECT_EQ(b_.take(), Texts{});
  pass(10s);
  EXPECT_EQ(c_.closed, End::Expired);
  pass(30s);
  EXPECT_EQ(b_.take(), Texts{text("LEAVE", "a", "b")});
}

TEST_F(RelayRightsTest, AFreshTokenCountsInsteadOfTheOldOne) {
  attach_until(a_, now_ + 10s);
  attach_until(b_, now_ + 20s);
  pass(10s);
  EXPECT_FALSE(b_.closed);
  pass(10s);
  EXPECT_EQ(b_.closed, End::Expired);
}

TEST_F(RelayRightsTest, TheExpiryOfAPeerThatHasGoneIsNobodyElses) {
  attach_until(a_, now_ + 10s);
  relay_.detach(a_, End::GoingAway, now_);
  EXPECT_EQ(attach_until(b_, Instant::max(), "another"), Admission::Opened);
  pass(10s);
  EXPECT_FALSE(b_.closed);
}

TEST_F(RelayRightsTest, APeerThatIsLostWhenItsTokenExpiresMayStillComeBack) {
  attach_until(a_, now_ + 10s);
  relay_.detach(a_, End::Lost, now_);
  pass(15s);
  EXPECT_EQ(attach_until(b_, now_ + 10s), Admission::Resumed);
}

}  // namespace
}  // namespace peerjsd::core
