#include "peerjsd/core/relay.hpp"

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
using test::RecordingTransport;
using test::sent_to;
using test::text;
using test::Texts;

std::string offer_to(const std::string& dst) {
  return R"({"type":"OFFER","dst":")" + dst + R"(","payload":{"n":1}})";
}

std::string relayed_offer(const std::string& src, const std::string& dst) {
  return R"({"type":"OFFER","src":")" + src + R"(","dst":")" + dst + R"(","payload":{"n":1}})";
}

RelayOptions options() {
  RelayOptions options = test::relay_options();
  options.keys = {"peerjs", "other"};
  return options;
}

class RelayTest : public testing::Test {
 protected:
  explicit RelayTest(const RelayOptions& with = options()) : relay_(with) {}

  Admission attach(RecordingTransport& transport, std::string_view id,
                   std::string_view token = "token", PeerKind kind = PeerKind::Page,
                   std::string_view key = "peerjs") {
    return relay_.attach(transport, {key, id, token}, {kind}, now_);
  }

  /// Attaches, and forgets the OPEN.
  void join(RecordingTransport& transport, std::string_view id, PeerKind kind = PeerKind::Page) {
    ASSERT_EQ(attach(transport, id, "token", kind), Admission::Opened);
    ASSERT_EQ(transport.take(), Texts{kOpen});
  }

  Receipt receive(RecordingTransport& from, std::string_view text) {
    return relay_.receive(from, text, now_);
  }

  /// a and b have exchanged an OFFER.
  void connect(RecordingTransport& from, RecordingTransport& to) {
    ASSERT_EQ(receive(from, offer_to(to.peer()->id)), Receipt::Relayed);
    to.take();
  }

  void detach(RecordingTransport& transport, End end) { relay_.detach(transport, end, now_); }

  void set_alive_timeout(Duration timeout) {
    RelayOptions changed = options();
    changed.alive_timeout = timeout;
    relay_.set_options(changed, now_);
  }

  void pass(Duration time) {
    now_ += time;
    relay_.expire(now_);
  }

  Instant now_{1h};
  RecordingTransport a_;
  RecordingTransport b_;
  RecordingTransport c_;
  Relay relay_;
};

// Admission

TEST_F(RelayTest, OpensAFreeId) {
  EXPECT_EQ(attach(a_, "a"), Admission::Opened);
  EXPECT_EQ(a_.sent, Texts{kOpen});
  EXPECT_EQ(a_.peer()->id, "a");
}

TEST_F(RelayTest, RefusesWhatIsIncomplete) {
  EXPECT_EQ(attach(a_, "", "t"), Admission::Incomplete);
  EXPECT_EQ(attach(a_, "a", ""), Admission::Incomplete);
  EXPECT_EQ(attach(a_, "a", "t", PeerKind::Page, ""), Admission::Incomplete);
  EXPECT_EQ(a_.peer(), nullptr);
  EXPECT_TRUE(a_.sent.empty());
}

TEST_F(RelayTest, RefusesAnUnknownKey) {
  EXPECT_EQ(attach(a_, "a", "t", PeerKind::Page, "wrong"), Admission::InvalidKey);
}

TEST_F(RelayTest, ForeseesWhatItRefusesWhoeverIsThere) {
  const auto verdict = [&](std::string_view key, std::string_view id, std::string_view token) {
    return relay_.verdict_on({key, id, token});
  };
  EXPECT_EQ(verdict("peerjs", "a", ""), Admission::Incomplete);
  EXPECT_EQ(verdict("wrong", "a", "t"), Admission::InvalidKey);
  EXPECT_EQ(verdict("peerjs", std::string(257, 'a'), "t"), Admission::IdTooLong);
  EXPECT_EQ(verdict("peerjs", "a", std::string(4097, 't')), Admission::TokenTooLong);
  join(a_, "a");
  EXPECT_EQ(verdict("peerjs", "a", "another"), Admission::Opened) << "that it is taken is a secret";
  RelayOptions stricter = options();
  stricter.keys = {"other"};
  stricter.accepts_id = [](std::string_view id) { return id != "b"; };
  relay_.set_options(stricter, now_);
  EXPECT_EQ(verdict("other", "b", "t"), Admission::IdNotAllowed);
  EXPECT_EQ(verdict("peerjs", "c", "t"), Admission::InvalidKey) << "nobody new";
  EXPECT_EQ(verdict("peerjs", "a", "token"), Admission::Opened) << "who is there may come back";
}

TEST_F(RelayTest, KnowsWhoIsHereAndUntilWhen) {
  relay_.attach(a_, {"peerjs", "a", "token", {now_ + 10s}}, {PeerKind::Page}, now_);
  join(b_, "b");
  const Peer* const a = relay_.peer_of({"peerjs", "a", "token"});
  ASSERT_EQ(a, a_.peer());
  EXPECT_EQ(relay_.peer_of({"peerjs", "a", "another"}), nullptr);
  EXPECT_EQ(relay_.peer_of({"other", "a", "token"}), nullptr);
  EXPECT_EQ(relay_.term_of(*a).end(), now_ + 10s);
  EXPECT_EQ(relay_.term_of(*b_.peer()).end(), Instant::max());
  detach(a_, End::Lost);
  const Instant expiry = now_ + 10s;
  pass(20s);
  EXPECT_EQ(relay_.peer_of({"peerjs", "a", "token"}), a) << "it may come back";
  EXPECT_EQ(relay_.term_of(*a).end(), expiry) << "which is over";
  relay_.attach(c_, {"peerjs", "a", "token"}, {PeerKind::Page}, now_);
  EXPECT_EQ(relay_.term_of(*a).end(), Instant::max());
}

TEST_F(RelayTest, RefusesAnotherTokenForATakenIdAndLeavesItsOwnerAlone) {
  join(a_, "a");
  EXPECT_EQ(attach(b_, "a", "another"), Admission::IdTaken);
  EXPECT_EQ(b_.peer(), nullptr);
  EXPECT_FALSE(a_.closed);
  join(c_, "c");
  EXPECT_EQ(receive(c_, offer_to("a")), Receipt::Relayed);
  EXPECT_EQ(a_.sent, Texts{relayed_offer("c", "a")});
}

TEST_F(RelayTest, RealmsDoNotKnowEachOther) {
  join(a_, "a");
  EXPECT_EQ(attach(b_, "a", "another", PeerKind::Page, "other"), Admission::Opened);
  EXPECT_EQ(attach(c_, "c", "t", PeerKind::Page, "other"), Admission::Opened);
  EXPECT_EQ(receive(c_, offer_to("a")), Receipt::Relayed);
  EXPECT_TRUE(a_.take().empty());
  EXPECT_EQ(relay_.realm("peerjs")->size(), 1U);
  EXPECT_EQ(relay_.realm("other")->size(), 2U);
}

class FullRelayTest : public RelayTest {
 protected:
  FullRelayTest() : RelayTest(full()) {}

  static RelayOptions full() {
    RelayOptions two = options();
    two.concurrent_limit = 2;
    return two;
  }
};

TEST_F(FullRelayTest, RefusesOnePeerTooManyPerKey) {
  join(a_, "a");
  join(b_, "b");
  EXPECT_EQ(attach(c_, "c"), Admission::LimitReached);
  EXPECT_EQ(attach(c_, "c", "t", PeerKind::Page, "other"), Admission::Opened);
}

TEST_F(FullRelayTest, LetsAPeerResume) {
  join(a_, "a");
  join(b_, "b");
  EXPECT_EQ(attach(c_, "b"), Admission::Resumed);
}

TEST_F(FullRelayTest, APeerThatIsHereTakesThePlaceOfOneThatIsLost) {
  join(a_, "a");
  join(b_, "b");
  connect(a_, b_);
  detach(a_, End::Lost);
  EXPECT_EQ(attach(c_, "c"), Admission::Opened);
  EXPECT_EQ(b_.take(), Texts{text("LEAVE", "a", "b")});
}

TEST_F(FullRelayTest, WhoHasBeenLostLongestYieldsFirst) {
  join(a_, "a");
  join(b_, "b");
  detach(b_, End::Lost);
  pass(1s);
  detach(a_, End::Lost);
  EXPECT_EQ(attach(c_, "c"), Admission::Opened);
  EXPECT_EQ(relay_.realm("peerjs")->find("b"), nullptr);
  EXPECT_NE(relay_.realm("peerjs")->find("a"), nullptr);
}

TEST_F(FullRelayTest, NobodyYieldsWhileThereIsRoom) {
  join(a_, "a");
  detach(a_, End::Lost);
  join(b_, "b");
  EXPECT_EQ(attach(c_, "a"), Admission::Resumed);
}

TEST_F(RelayTest, RefusesIdsAndTokensThatAreTooLong) {
  EXPECT_EQ(attach(a_, std::string(257, 'a')), Admission::IdTooLong);
  EXPECT_EQ(attach(a_, "a", std::string(4097, 't')), Admission::TokenTooLong);
  EXPECT_EQ(attach(a_, std::string(256, 'a'), std::string(4096, 't')), Admission::Opened);
}

TEST_F(RelayTest, TellsTokensApartThatDifferInOneByte) {
  join(a_, "a");
  for (const char* const token : {"tokeN", "Token", "toke", "tokenn", "toXen"}) {
    EXPECT_EQ(attach(b_, "a", token), Admission::IdTaken) << token;
  }
}

TEST(RelayIdTest, RefusesIdsThatAreNotAccepted) {
  RelayOptions options;
  options.keys = {"peerjs"};
  options.concurrent_limit = 10;
  options.accepts_id = [](std::string_view id) { return id != "admin"; };
  Relay relay(options);
  RecordingTransport a;
  const Client client{PeerKind::Page};
  EXPECT_EQ(relay.attach(a, {"peerjs", "admin", "t"}, client, Instant{}), Admission::IdNotAllowed);
  EXPECT_TRUE(a.sent.empty());
  EXPECT_EQ(relay.attach(a, {"peerjs", "a", "t"}, client, Instant{}), Admission::Opened);
}

TEST(RelayRefusals, AreToldInWords) {
  EXPECT_EQ(refusal(Admission::IdTooLong, ""),
            R"({"type":"ERROR","payload":{"msg":"ID is too long"}})");
  EXPECT_EQ(refusal_reason(Admission::TokenTooLong, ""), "Token is too long");
  EXPECT_EQ(refusal_reason(Admission::IdNotAllowed, ""), "ID is not allowed");
}

class AddressLimitRelayTest : public RelayTest {
 protected:
  static constexpr AddressGroup kHere{1};
  static constexpr AddressGroup kElsewhere{2};

  AddressLimitRelayTest() : RelayTest(one_per_address()) {}

  static RelayOptions one_per_address() {
    RelayOptions one = options();
    one.ip_limit = 1;
    return one;
  }

  Admission attach_from(AddressGroup group, RecordingTransport& transport, std::string_view id,
                        std::string_view key = "peerjs") {
    return relay_.attach(transport, {key, id, "token"}, {.kind = PeerKind::Native, .group = group},
                         now_);
  }
};

TEST_F(AddressLimitRelayTest, RefusesOnePeerTooManyOfAnAddressUnderAKey) {
  EXPECT_EQ(attach_from(kHere, a_, "a"), Admission::Opened);
  EXPECT_EQ(attach_from(kHere, b_, "b"), Admission::AddressLimitReached);
  EXPECT_EQ(attach_from(kElsewhere, b_, "b"), Admission::Opened);
  EXPECT_EQ(attach_from(kHere, c_, "c", "other"), Admission::Opened);
}

TEST_F(AddressLimitRelayTest, LetsAPeerResume) {
  attach_from(kHere, a_, "a");
  EXPECT_EQ(attach_from(kHere, b_, "a"), Admission::Resumed);
}

TEST_F(AddressLimitRelayTest, TheEndOfAPeerMakesRoom) {
  attach_from(kHere, a_, "a");
  detach(a_, End::GoingAway);
  EXPECT_EQ(attach_from(kHere, b_, "b"), Admission::Opened);
}

TEST_F(AddressLimitRelayTest, WhoIsLostDoesNotCount) {
  relay_.attach(a_, {"peerjs", "a", "token"}, {.kind = PeerKind::Page, .group = kHere}, now_);
  detach(a_, End::Lost);
  EXPECT_EQ(attach_from(kHere, b_, "b"), Admission::Opened);
  EXPECT_EQ(attach_from(kHere, c_, "a"), Admission::Resumed);
  detach(b_, End::GoingAway);
  RecordingTransport d;
  EXPECT_EQ(attach_from(kHere, d, "d"), Admission::AddressLimitReached) << "a has come back";
}

TEST_F(AddressLimitRelayTest, APeerCountsWhereItCameFromLast) {
  attach_from(kHere, a_, "a");
  attach_from(kElsewhere, b_, "a");
  EXPECT_EQ(attach_from(kElsewhere, c_, "c"), Admission::AddressLimitReached);
  EXPECT_EQ(attach_from(kHere, c_, "c"), Admission::Opened);
}

TEST_F(AddressLimitRelayTest, NobodyIsCountedOnTheLocalNetworkOrWithoutALimit) {
  EXPECT_EQ(attach_from(AddressGroup::Local, a_, "a"), Admission::Opened);
  EXPECT_EQ(attach_from(AddressGroup::Local, b_, "b"), Admission::Opened);
  Relay unlimited(options());
  RecordingTransport d, e;
  EXPECT_EQ(
      unlimited.attach(d, {"peerjs", "d", "t"}, {.kind = PeerKind::Page, .group = kHere}, now_),
      Admission::Opened);
  EXPECT_EQ(
      unlimited.attach(e, {"peerjs", "e", "t"}, {.kind = PeerKind::Page, .group = kHere}, now_),
      Admission::Opened);
}

// Relaying

TEST_F(RelayTest, OverwritesTheSourceAndKeepsThePayload) {
  join(a_, "a");
  join(b_, "b");
  EXPECT_EQ(receive(a_, R"({ "payload" : {"n": 1e400, "s":"\ud800"} , "src":"forged",)"
                        R"( "extra":1, "dst":"b", "type":"ANSWER"})"),
            Receipt::Relayed);
  EXPECT_EQ(b_.sent, Texts{R"({"type":"ANSWER","src":"a","dst":"b",)"
                           R"("payload":{"n": 1e400, "s":"\ud800"}})"});
}

TEST_F(RelayTest, QuotesIdsThatNeedIt) {
  join(a_, "a\"\n");
  join(b_, "b");
  receive(a_, R"({"type":"OFFER","dst":"b"})");
  EXPECT_EQ(b_.sent, Texts{R"({"type":"OFFER","src":"a\"\n","dst":"b"})"});
}

TEST_F(RelayTest, DeliversToOneself) {
  join(a_, "a");
  EXPECT_EQ(receive(a_, offer_to("a")), Receipt::Relayed);
  EXPECT_EQ(a_.take(), Texts{relayed_offer("a", "a")});
  detach(a_, End::GoingAway);
  EXPECT_TRUE(a_.sent.empty());
}

TEST_F(RelayTest, DropsWhatClientsDoNotSend) {
  join(a_, "a");
  join(b_, "b");
  for (const char* type : {"OPEN", "ERROR", "ID-TAKEN", "EXPIRE", "offer", "X"}) {
    EXPECT_EQ(receive(a_, R"({"type":")" + std::string(type) + R"(","dst":"b"})"),
              Receipt::UnknownType)
        << type;
  }
  EXPECT_EQ(receive(a_, "nonsense"), Receipt::NotJson);
  EXPECT_EQ(receive(a_, "[]"), Receipt::NotAnObject);
  EXPECT_EQ(receive(a_, "\xff"), Receipt::NotUtf8);
  EXPECT_EQ(receive(a_, R"({"type":"OFFER"})"), Receipt::NoDestination);
  EXPECT_EQ(receive(a_, R"({"type":"HEARTBEAT"})"), Receipt::Heartbeat);
  EXPECT_TRUE(b_.sent.empty());
  EXPECT_EQ(receive(a_, offer_to("b")), Receipt::Relayed);
}

TEST_F(RelayTest, ComplainsOfNonsenseOnly) {
  EXPECT_EQ(complaint(Receipt::NotJson), "not JSON");
  for (const Receipt fine : {Receipt::Relayed, Receipt::Kept, Receipt::Expired, Receipt::NoRoom,
                             Receipt::Heartbeat, Receipt::Left, Receipt::Late, Receipt::Absent}) {
    EXPECT_TRUE(complaint(fine).empty());
  }
}

// Outstanding messages

TEST_F(RelayTest, DeliversWhatHasWaitedRightAfterOpen) {
  join(a_, "a");
  EXPECT_EQ(receive(a_, offer_to("b")), Receipt::Kept);
  EXPECT_EQ(receive(a_, R"({"type":"CANDIDATE","dst":"b","payload":2})"), Receipt::Kept);
  pass(4s);
  attach(b_, "b");
  EXPECT_EQ(b_.take(), (Texts{kOpen, relayed_offer("a", "b"),
                              R"({"type":"CANDIDATE","src":"a","dst":"b","payload":2})"}));
  pass(10s);
  EXPECT_TRUE(a_.sent.empty());
}

TEST_F(RelayTest, TellsTheSenderOnceThatNobodyCame) {
  join(a_, "a");
  receive(a_, offer_to("b"));
  receive(a_, R"({"type":"CANDIDATE","dst":"b"})");
  pass(4999ms);
  EXPECT_TRUE(a_.sent.empty());
  pass(1ms);
  EXPECT_EQ(a_.take(), Texts{text("EXPIRE", "b", "a")});
  pass(1s);
  receive(a_, R"({"type":"CANDIDATE","dst":"b"})");
  pass(10s);
  EXPECT_TRUE(a_.sent.empty());
  receive(a_, offer_to("b"));
  pass(5s);
  EXPECT_EQ(a_.take(), Texts{text("EXPIRE", "b", "a")});
}

TEST_F(RelayTest, ExpireNamesADestinationThatIsNoStringAsItIs) {
  join(a_, "a");
  EXPECT_EQ(receive(a_, R"({"type":"OFFER","dst":5})"), Receipt::Kept);
  join(b_, "5");
  EXPECT_TRUE(b_.sent.empty());
  pass(5s);
  EXPECT_EQ(a_.take(), Texts{R"({"type":"EXPIRE","src":5,"dst":"a"})"});
}

TEST_F(RelayTest, ExpireIsForTheSendersRegistrationOnly) {
  join(a_, "a");
  receive(a_, offer_to("b"));
  detach(a_, End::GoingAway);
  ASSERT_EQ(attach(c_, "a", "another"), Admission::Opened);
  c_.take();
  pass(5s);
  EXPECT_TRUE(c_.sent.empty());
}

TEST_F(RelayTest, WhatWaitsOutlivesItsSenderButTiesNobodyToTheNextOfThatName) {
  join(a_, "a");
  receive(a_, offer_to("b"));
  detach(a_, End::GoingAway);
  ASSERT_EQ(attach(c_, "a", "another"), Admission::Opened);
  attach(b_, "b");
  EXPECT_EQ(b_.take(), (Texts{kOpen, relayed_offer("a", "b")}));
  detach(c_, End::GoingAway);
  EXPECT_TRUE(b_.sent.empty());
}

TEST_F(RelayTest, WhoComesBackGetsWhatHasComeInItsOrder) {
  join(a_, "a");
  join(b_, "b");
  join(c_, "c");
  connect(a_, b_);
  connect(a_, c_);
  receive(a_, offer_to("nobody"));
  pass(4s);
  detach(a_, End::Lost);
  receive(b_, offer_to("a"));
  pass(1s);
  receive(c_, offer_to("a"));
  detach(b_, End::GoingAway);
  receive(c_, sent_to("a", "CANDIDATE"));
  detach(c_, End::GoingAway);
  attach(a_, "a");
  EXPECT_EQ(a_.take(),
            (Texts{kOpen, relayed_offer("b", "a"), R"({"type":"EXPIRE","src":"nobody","dst":"a"})",
                   relayed_offer("c", "a"), text("LEAVE", "b", "a"), text("CANDIDATE", "c", "a"),
                   text("LEAVE", "c", "a")}));
}

TEST_F(RelayTest, LeaveForAnAbsentPeerIsForgotten) {
  join(a_, "a");
  EXPECT_EQ(receive(a_, R"({"type":"LEAVE","dst":"b"})"), Receipt::Absent);
  pass(5s);
  EXPECT_TRUE(a_.sent.empty());
}

// Resume

TEST_F(RelayTest, ResumeOpensTheNewTransportAndClosesTheOld) {
  join(a_, "a");
  join(c_, "c");
  EXPECT_EQ(attach(b_, "a"), Admission::Resumed);
  EXPECT_EQ(a_.closed, End::Replaced);
  EXPECT_EQ(a_.peer(), nullptr);
  EXPECT_EQ(b_.take(), Texts{kOpen});
  receive(c_, offer_to("a"));
  EXPECT_EQ(b_.take(), Texts{relayed_offer("c", "a")});
  EXPECT_TRUE(a_.sent.empty());
}

TEST_F(RelayTest, ResumeMovesWhatWasNotYetWrittenAheadOfWhatFollows) {
  join(a_, "a");
  join(c_, "c");
  a_.unsent = {kOpen, "first", "second"};
  attach(b_, "a");
  receive(c_, offer_to("a"));
  EXPECT_EQ(b_.take(), (Texts{kOpen, "first", "second", relayed_offer("c", "a")}));
}

TEST_F(RelayTest, TheLateEndOfAReplacedTransportHarmsNobody) {
  join(a_, "a");
  join(c_, "c");
  connect(a_, c_);
  attach(b_, "a");
  detach(a_, End::GoingAway);
  EXPECT_TRUE(c_.sent.empty());
  EXPECT_EQ(receive(a_, offer_to("c")), Receipt::Late);
  EXPECT_TRUE(c_.sent.empty());
  EXPECT_EQ(receive(b_, offer_to("c")), Receipt::Relayed);
}

TEST_F(RelayTest, ATransportThatHasEndedIsNobodys) {
  join(a_, "a");
  join(b_, "b");
  detach(a_, End::Lost);
  EXPECT_EQ(a_.peer(), nullptr);
  EXPECT_EQ(receive(a_, offer_to("b")), Receipt::Late);
  attach(c_, "a");
  detach(a_, End::GoingAway);
  EXPECT_EQ(receive(c_, offer_to("b")), Receipt::Relayed);
}

TEST_F(RelayTest, PartnersOutliveAResume) {
  join(a_, "a");
  join(c_, "c");
  connect(a_, c_);
  attach(b_, "a");
  detach(b_, End::GoingAway);
  EXPECT_EQ(c_.take(), Texts{text("LEAVE", "a", "c")});
}

// LEAVE

TEST_F(RelayTest, TellsPartnersOfEitherDirectionAndNobodyElse) {
  RecordingTransport d;
  join(a_, "a");
  join(b_, "b");
  join(c_, "c");
  join(d, "d");
  connect(a_, b_);
  connect(c_, a_);
  a_.take();
  detach(a_, End::GoingAway);
  EXPECT_EQ(b_.take(), Texts{text("LEAVE", "a", "b")});
  EXPECT_EQ(c_.take(), Texts{text("LEAVE", "a", "c")});
  EXPECT_TRUE(d.sent.empty());
}

TEST_F(RelayTest, ADeliveryFromTheQueueMakesPartners) {
  join(a_, "a");
  receive(a_, offer_to("b"));
  attach(b_, "b");
  b_.take();
  detach(a_, End::GoingAway);
  EXPECT_EQ(b_.take(), Texts{text("LEAVE", "a", "b")});
}

TEST_F(RelayTest, AnUndeliveredMessageMakesNoPartners) {
  join(a_, "a");
  receive(a_, offer_to("b"));
  pass(5s);
  a_.take();
  join(b_, "b");
  detach(a_, End::GoingAway);
  EXPECT_TRUE(b_.sent.empty());
}

TEST_F(RelayTest, AClientsOwnLeaveIsTheOnlyOne) {
  join(a_, "a");
  join(b_, "b");
  connect(a_, b_);
  EXPECT_EQ(receive(a_, R"({"type":"LEAVE","dst":"b"})"), Receipt::Relayed);
  EXPECT_EQ(b_.take(), Texts{text("LEAVE", "a", "b")});
  detach(a_, End::GoingAway);
  EXPECT_TRUE(b_.sent.empty());
}

TEST_F(RelayTest, LeaveWithoutDestinationEndsTheSendersRegistration) {
  join(a_, "a");
  join(b_, "b");
  connect(a_, b_);
  EXPECT_EQ(receive(a_, R"({"type":"LEAVE"})"), Receipt::Left);
  EXPECT_EQ(a_.closed, End::Left);
  EXPECT_EQ(b_.take(), Texts{text("LEAVE", "a", "b")});
  EXPECT_EQ(receive(a_, offer_to("b")), Receipt::Late);
  EXPECT_EQ(attach(c_, "a", "another"), Admission::Opened);
}

TEST_F(RelayTest, LeaveWithoutDestinationEndsNobodyElse) {
  join(a_, "a");
  join(b_, "b");
  connect(a_, b_);
  EXPECT_EQ(receive(a_, R"({"type":"LEAVE","src":"b","payload":"b"})"), Receipt::Left);
  EXPECT_FALSE(b_.closed);
  b_.take();
  EXPECT_EQ(receive(b_, R"({"type":"OFFER","dst":"b"})"), Receipt::Relayed);
  EXPECT_EQ(b_.take(), Texts{text("OFFER", "b", "b")});
}

TEST_F(RelayTest, GoesOnWithOtherOptions) {
  join(a_, "a");
  join(b_, "b");
  RelayOptions changed = options();
  changed.concurrent_limit = 2;
  changed.expire_timeout = 1s;
  relay_.set_options(changed, now_);
  EXPECT_EQ(attach(c_, "c"), Admission::LimitReached);
  receive(a_, offer_to("nobody"));
  pass(1s);
  EXPECT_EQ(a_.take(), Texts{text("EXPIRE", "nobody", "a")});
  EXPECT_EQ(receive(a_, offer_to("b")), Receipt::Relayed);
}

TEST_F(RelayTest, AShorterTimeForSilenceBeginsWhenItIsSet) {
  join(a_, "a");
  join(b_, "b");
  pass(50s);
  set_alive_timeout(10s);
  pass(9s);
  EXPECT_FALSE(a_.closed) << "nobody has asked it in so short a time before";
  relay_.sign_of_life(b_, now_);
  pass(1s);
  EXPECT_EQ(a_.closed, End::Silent);
  pass(8s);
  EXPECT_FALSE(b_.closed);
  pass(1s);
  EXPECT_EQ(b_.closed, End::Silent);
}

TEST_F(RelayTest, ATimeForSilenceThatIsSetAnewBeginsThen) {
  set_alive_timeout(0s);
  join(a_, "a");
  pass(1h);
  set_alive_timeout(60s);
  pass(59s);
  EXPECT_FALSE(a_.closed);
  pass(1s);
  EXPECT_EQ(a_.closed, End::Silent);
}

TEST_F(RelayTest, ALongerTimeForSilenceCountsAllOfIt) {
  join(a_, "a");
  pass(50s);
  set_alive_timeout(70s);
  pass(19s);
  EXPECT_FALSE(a_.closed);
  pass(1s);
  EXPECT_EQ(a_.closed, End::Silent);
}

TEST_F(RelayTest, WhoIsProbedStaysWhereNobodyIsProbedAnyMore) {
  join(a_, "a");
  EXPECT_EQ(attach(b_, "a", "another"), Admission::IdTaken);
  ASSERT_EQ(a_.probes, 1);
  RelayOptions changed = options();
  changed.takeover_probe = 0s;
  relay_.set_options(changed, now_);
  pass(10s);
  relay_.set_options(options(), now_);
  pass(10s);
  EXPECT_FALSE(a_.closed);
}

TEST_F(RelayTest, AKeyThatIsTakenAwayCostsNobodyHisPlace) {
  join(a_, "a");
  join(b_, "b");
  RelayOptions changed = options();
  changed.keys = {"another"};
  relay_.set_options(changed, now_);
  EXPECT_EQ(receive(a_, offer_to("b")), Receipt::Relayed);
  detach(b_, End::Lost);
  EXPECT_EQ(attach(c_, "c"), Admission::InvalidKey);
  EXPECT_EQ(attach(c_, "b"), Admission::Resumed);
  changed.keys = {"peerjs"};
  relay_.set_options(changed, now_);
  RecordingTransport d;
  EXPECT_EQ(attach(d, "d"), Admission::Opened);
}

TEST_F(RelayTest, DismissesAPeer) {
  join(a_, "a");
  join(b_, "b");
  connect(a_, b_);
  b_.take();
  EXPECT_FALSE(relay_.dismiss("peerjs", "c", now_));
  EXPECT_FALSE(relay_.dismiss("another key", "a", now_));
  EXPECT_TRUE(relay_.dismiss("peerjs", "a", now_));
  EXPECT_EQ(a_.closed, End::Dismissed);
  EXPECT_EQ(b_.take(), Texts{text("LEAVE", "a", "b")});
  EXPECT_EQ(attach(c_, "a", "another"), Admission::Opened);
}

TEST_F(RelayTest, DismissesAPeerThatIsLost) {
  join(a_, "a");
  detach(a_, End::Lost);
  EXPECT_TRUE(relay_.dismiss("peerjs", "a", now_));
  EXPECT_EQ(attach(b_, "a", "another"), Admission::Opened);
}

TEST_F(RelayTest, DismissesWithoutAWordWhereThePolicyIsNever) {
  RelayOptions changed = options();
  changed.leave = LeavePolicy::Never;
  relay_.set_options(changed, now_);
  join(a_, "a");
  join(b_, "b");
  connect(a_, b_);
  EXPECT_TRUE(relay_.dismiss("peerjs", "a", now_));
  EXPECT_EQ(b_.take(), Texts{});
  EXPECT_EQ(relay_.realm("peerjs")->find("a"), nullptr);
}

TEST_F(RelayTest, CountsWhatItDoes) {
  join(a_, "a");
  join(b_, "b");
  attach(c_, "a", "another");
  connect(a_, b_);
  receive(a_, "no JSON");
  receive(a_, offer_to("nobody"));
  pass(5s);
  detach(a_, End::GoingAway);
  const RelayCounters& counters = relay_.counters();
  EXPECT_EQ(counters.admissions.of(Admission::Opened), 2U);
  EXPECT_EQ(counters.admissions.of(Admission::IdTaken), 1U);
  EXPECT_EQ(counters.messages.of(MessageType::Offer), 2U);
  EXPECT_EQ(counters.receipts.of(Receipt::Relayed), 1U);
  EXPECT_EQ(counters.receipts.of(Receipt::NotJson), 1U);
  EXPECT_EQ(counters.receipts.of(Receipt::Kept), 1U);
  EXPECT_EQ(counters.expires, 1U);
  EXPECT_EQ(counters.leaves, 1U);
  EXPECT_EQ(counters.ends.of(End::GoingAway), 1U);
  EXPECT_EQ(counters.ends.of(End::Lost), 0U);
}

TEST_F(RelayTest, APageThatClosedWithoutACodeIsGoneWithoutAWord) {
  join(a_, "a");
  join(b_, "b");
  connect(a_, b_);
  detach(a_, End::ClosedWithoutCode);
  pass(60s);
  EXPECT_TRUE(b_.sent.empty());
}

TEST_F(RelayTest, ALostPageIsGoneOnlyAfterTheGrace) {
  join(a_, "a");
  join(b_, "b");
  connect(a_, b_);
  detach(a_, End::Lost);
  pass(29s);
  relay_.sign_of_life(b_, now_);
  EXPECT_TRUE(b_.sent.empty());
  pass(1s);
  EXPECT_EQ(b_.take(), Texts{text("LEAVE", "a", "b")});
  EXPECT_EQ(attach(c_, "a", "another"), Admission::Opened);
}

TEST_F(RelayTest, ALostPageThatComesBackWasNeverGone) {
  join(a_, "a");
  join(b_, "b");
  connect(a_, b_);
  detach(a_, End::Lost);
  EXPECT_EQ(receive(b_, offer_to("a")), Receipt::Kept);
  pass(4s);
  EXPECT_EQ(attach(c_, "a"), Admission::Resumed);
  EXPECT_EQ(c_.take(), (Texts{kOpen, relayed_offer("b", "a")}));
  pass(30s);
  EXPECT_TRUE(b_.sent.empty());
}

TEST_F(RelayTest, ALostPageGetsWhatItsConnectionDidNotTakeWhenItIsBack) {
  join(a_, "a");
  join(b_, "b");
  a_.unsent = {"first", "second"};
  detach(a_, End::Lost);
  receive(b_, offer_to("a"));
  attach(c_, "a");
  EXPECT_EQ(c_.take(), (Texts{kOpen, "first", "second", relayed_offer("b", "a")}));
  attach(a_, "a");
  EXPECT_EQ(a_.take(), Texts{kOpen}) << "once";
}

TEST_F(RelayTest, ALostPageHearsOfLeaveAndExpireWhenItIsBack) {
  join(a_, "a");
  join(b_, "b");
  connect(a_, b_);
  receive(a_, offer_to("absent"));
  detach(a_, End::Lost);
  detach(b_, End::GoingAway);
  pass(5s);
  attach(c_, "a");
  EXPECT_EQ(c_.take(), (Texts{kOpen, text("LEAVE", "b", "a"), text("EXPIRE", "absent", "a")}));
}

TEST_F(RelayTest, AHolderLostByItsProbeIsGoneWhenTheProbeWouldBe) {
  join(a_, "a");
  attach(b_, "a", "another");
  pass(1s);
  detach(a_, End::Lost);
  pass(1s);
  EXPECT_EQ(attach(b_, "a", "another"), Admission::Opened);
}

TEST_F(RelayTest, APeerIsWhatItCameAsLast) {
  join(a_, "a", PeerKind::Native);
  join(c_, "c");
  connect(a_, c_);
  attach(b_, "a", "token", PeerKind::Page);
  detach(b_, End::Lost);
  EXPECT_TRUE(c_.sent.empty());
  pass(30s);
  EXPECT_EQ(c_.take(), Texts{text("LEAVE", "a", "c")});
}

TEST_F(RelayTest, ALostPageIsNotListed) {
  join(a_, "a");
  join(b_, "b");
  detach(a_, End::Lost);
  EXPECT_EQ(relay_.realm("peerjs")->connected_ids(), std::vector<std::string_view>{"b"});
}

TEST_F(RelayTest, WhenTheServerStopsNobodyIsToldToLeave) {
  join(a_, "a", PeerKind::Native);
  join(b_, "b");
  connect(a_, b_);
  a_.unsent = {"unsent"};
  detach(a_, End::ServerStops);
  EXPECT_TRUE(b_.sent.empty());
  EXPECT_EQ(relay_.find("peerjs", "a"), nullptr);
  EXPECT_EQ(a_.unsent, Texts{"unsent"}) << "its client may still get it";
}

TEST_F(RelayTest, WhoWasLostBeforeTheServerStopsLeavesAfterTheGrace) {
  join(a_, "a");
  join(b_, "b");
  connect(a_, b_);
  detach(a_, End::Lost);
  relay_.bequeath_lost(now_);  // there is no other node
  pass(29s);
  relay_.sign_of_life(b_, now_);
  EXPECT_TRUE(b_.sent.empty());
  pass(1s);
  EXPECT_EQ(b_.take(), Texts{text("LEAVE", "a", "b")});
}

// Liveness

TEST_F(RelayTest, EndsWhoIsSilent) {
  join(a_, "a");
  join(b_, "b");
  connect(a_, b_);
  pass(30s);
  relay_.sign_of_life(b_, now_);
  pass(29999ms);
  EXPECT_FALSE(a_.closed);
  pass(1ms);
  EXPECT_EQ(a_.closed, End::Silent);
  EXPECT_EQ(a_.peer(), nullptr);
  EXPECT_EQ(b_.take(), Texts{text("LEAVE", "a", "b")});
  EXPECT_FALSE(b_.closed);
}

TEST_F(RelayTest, AnyMessageIsASignOfLife) {
  join(a_, "a");
  pass(59s);
  receive(a_, "nonsense");
  pass(59s);
  EXPECT_FALSE(a_.closed);
}

TEST_F(RelayTest, ProbesTheHolderOfAnIdThatAnotherWants) {
  join(a_, "a");
  join(c_, "c");
  connect(a_, c_);
  EXPECT_EQ(attach(b_, "a", "another"), Admission::IdTaken);
  EXPECT_EQ(attach(b_, "a", "another"), Admission::IdTaken);
  EXPECT_EQ(a_.probes, 1);
  pass(2s);
  EXPECT_EQ(a_.closed, End::Silent);
  EXPECT_EQ(c_.take(), Texts{text("LEAVE", "a", "c")});
  EXPECT_EQ(attach(b_, "a", "another"), Admission::Opened);
}

TEST_F(RelayTest, AHolderThatAnswersTheProbeKeepsItsId) {
  join(a_, "a");
  attach(b_, "a", "another");
  pass(1s);
  relay_.sign_of_life(a_, now_);
  pass(2s);
  EXPECT_FALSE(a_.closed);
  EXPECT_EQ(attach(b_, "a", "another"), Admission::IdTaken);
  EXPECT_EQ(a_.probes, 2);
}

TEST_F(RelayTest, AHolderThatResumesKeepsItsId) {
  join(a_, "a");
  attach(b_, "a", "another");
  pass(1s);
  attach(c_, "a");
  pass(2s);
  EXPECT_FALSE(c_.closed);
  EXPECT_EQ(attach(b_, "a", "another"), Admission::IdTaken);
  EXPECT_EQ(c_.probes, 1);
}

TEST_F(RelayTest, AHolderThatCannotBeProbedKeepsItsId) {
  join(a_, "a");
  a_.can_be_probed = false;
  attach(b_, "a", "another");
  pass(3s);
  EXPECT_FALSE(a_.closed);
}

TEST_F(RelayTest, ALostHolderHasAsLongAsAProbeToComeBack) {
  join(a_, "a");
  join(c_, "c");
  connect(a_, c_);
  detach(a_, End::Lost);
  EXPECT_EQ(attach(b_, "a", "another"), Admission::IdTaken);
  pass(2s);
  EXPECT_EQ(c_.take(), Texts{text("LEAVE", "a", "c")});
  EXPECT_EQ(attach(b_, "a", "another"), Admission::Opened);
}

// One turn does all that is due

TEST_F(RelayTest, EndsAllWhoAreSilent) {
  join(a_, "a");
  join(b_, "b");
  pass(60s);
  EXPECT_TRUE(a_.closed);
  EXPECT_TRUE(b_.closed);
}

TEST_F(RelayTest, EndsAllWhoDoNotAnswerTheirProbe) {
  join(a_, "a");
  join(b_, "b");
  attach(c_, "a", "another");
  attach(c_, "b", "another");
  pass(2s);
  EXPECT_TRUE(a_.closed);
  EXPECT_TRUE(b_.closed);
}

TEST_F(RelayTest, EndsAllWhoStayLost) {
  join(a_, "a");
  join(b_, "b");
  detach(a_, End::Lost);
  detach(b_, End::Lost);
  pass(30s);
  EXPECT_EQ(relay_.realm("peerjs")->size(), 0U);
}

TEST_F(RelayTest, ReportsAllAttemptsThatHaveRunOutUnderEveryKey) {
  join(a_, "a");
  attach(b_, "b", "t", PeerKind::Page, "other");
  b_.take();
  receive(a_, offer_to("x"));
  receive(a_, offer_to("y"));
  receive(b_, offer_to("x"));
  pass(5s);
  EXPECT_EQ(a_.take(), (Texts{text("EXPIRE", "x", "a"), text("EXPIRE", "y", "a")}));
  EXPECT_EQ(b_.take(), Texts{text("EXPIRE", "x", "b")});
}

// Times of 0

class RelayWithoutTimesTest : public RelayTest {
 protected:
  RelayWithoutTimesTest() : RelayTest(zeros()) {}

  static RelayOptions zeros() {
    RelayOptions zeros = options();
    zeros.expire_timeout = 0s;
    zeros.alive_timeout = 0s;
    zeros.takeover_probe = 0s;
    return zeros;
  }
};

TEST_F(RelayWithoutTimesTest, ReportsAnAbsentPeerAtOnceAndOncePerAttempt) {
  join(a_, "a");
  EXPECT_EQ(receive(a_, offer_to("b")), Receipt::Expired);
  EXPECT_EQ(a_.take(), Texts{text("EXPIRE", "b", "a")});
  EXPECT_EQ(receive(a_, R"({"type":"CANDIDATE","dst":"b"})"), Receipt::Absent);
  EXPECT_TRUE(a_.sent.empty());
}

TEST_F(RelayWithoutTimesTest, EndsNobodyForSilence) {
  join(a_, "a");
  pass(24h);
  EXPECT_FALSE(a_.closed);
}

TEST_F(RelayWithoutTimesTest, ProbesNobody) {
  join(a_, "a");
  EXPECT_EQ(attach(b_, "a", "another"), Admission::IdTaken);
  EXPECT_EQ(a_.probes, 0);
  pass(1s);
  EXPECT_FALSE(a_.closed);
}

// Streams

class StreamTest : public RelayTest {
 protected:
  StreamTest() {
    stream_.carried_by = Carrier::Stream;
    renewed_.carried_by = Carrier::RenewedStream;
  }

  Receipt post(MessageType verb, std::string_view text, std::string_view id = "a",
               std::string_view token = "token", std::string_view key = "peerjs") {
    return relay_.receive({key, id, token}, verb, text, now_);
  }

  RecordingTransport stream_;
  RecordingTransport renewed_;
};

TEST_F(StreamTest, AWebSocketTakesOverWithoutAnotherOpenAndWithoutOvertaking) {
  join(stream_, "a");
  stream_.unsent = {"one", "two"};
  stream_.settles = now_ + 70ms;
  EXPECT_EQ(attach(a_, "a"), Admission::Resumed);
  EXPECT_EQ(a_.sent, (Texts{"one", "two"}));
  EXPECT_EQ(a_.held_until, now_ + 70ms);
  EXPECT_EQ(stream_.closed, End::Replaced);
  detach(stream_, End::StreamClosed);
  EXPECT_EQ(relay_.realm("peerjs")->find("a"), a_.peer());
}

TEST_F(StreamTest, AStreamBesideAWebSocketIsNotAttached) {
  join(a_, "a");
  for (RecordingTransport* const late : {&stream_, &renewed_}) {
    EXPECT_EQ(attach(*late, "a"), Admission::Standby);
    EXPECT_TRUE(late->sent.empty());
    EXPECT_EQ(late->peer(), nullptr);
    detach(*late, End::StreamClosed);
  }
  EXPECT_FALSE(a_.closed);
  join(b_, "b");
  connect(b_, a_);
}

TEST_F(StreamTest, ARenewedStreamWaitsUntilTheLastOneHasBeenRead) {
  join(stream_, "a");
  stream_.has_been_read = false;
  EXPECT_EQ(attach(renewed_, "a"), Admission::Later);
  EXPECT_EQ(stream_.asked_by, &renewed_);
  EXPECT_FALSE(stream_.closed);
  EXPECT_EQ(renewed_.peer(), nullptr);
  join(b_, "b");
  connect(b_, stream_);

  stream_.has_been_read = true;
  stream_.unsent = {"one"};
  EXPECT_EQ(attach(renewed_, "a"), Admission::Resumed);
  EXPECT_EQ(renewed_.sent, Texts{"one"});
  EXPECT_EQ(stream_.closed, End::Replaced);
}

TEST_F(StreamTest, NothingElseWaitsForThat) {
  join(stream_, "a");
  stream_.has_been_read = false;
  RecordingTransport anew;
  anew.carried_by = Carrier::Stream;
  EXPECT_EQ(attach(anew, "a"), Admission::Resumed);
  anew.has_been_read = false;
  EXPECT_EQ(attach(a_, "a"), Admission::Resumed);
  EXPECT_EQ(anew.asked_by, nullptr);
}

TEST_F(StreamTest, ARenewedStreamGoesOnWhereTheLastOneEnded) {
  join(stream_, "a");
  stream_.unsent = {"one"};
  EXPECT_EQ(attach(renewed_, "a"), Admission::Resumed);
  EXPECT_EQ(renewed_.sent, Texts{"one"});
  EXPECT_EQ(stream_.closed, End::Replaced);
}

TEST_F(StreamTest, AnOpenThatWasNotSentIsSentByTheNextTransport) {
  join(stream_, "a");
  stream_.unsent = {kOpen, "one"};
  EXPECT_EQ(attach(a_, "a"), Admission::Resumed);
  EXPECT_EQ(a_.sent, (Texts{kOpen, "one"}));
}

TEST_F(StreamTest, AStreamThatIsNoRenewalOpensAgain) {
  join(stream_, "a");
  stream_.unsent = {kOpen, "one"};
  RecordingTransport another;
  another.carried_by = Carrier::Stream;
  EXPECT_EQ(attach(another, "a"), Admission::Resumed);
  EXPECT_EQ(another.sent, (Texts{kOpen, "one"}));
}

TEST_F(StreamTest, ARenewedStreamOpensWhereNothingIsToBeContinued) {
  EXPECT_EQ(attach(renewed_, "a"), Admission::Opened);
  EXPECT_EQ(renewed_.sent, Texts{kOpen});
}

TEST_F(StreamTest, ALostPageComesBackByAStream) {
  join(a_, "a");
  detach(a_, End::Lost);
  EXPECT_EQ(attach(stream_, "a"), Admission::Resumed);
  EXPECT_EQ(stream_.sent, Texts{kOpen});
}

TEST_F(StreamTest, APageWhoseStreamClosedIsGoneAtOnce) {
  join(stream_, "a");
  join(b_, "b");
  connect(stream_, b_);
  detach(stream_, End::StreamClosed);
  EXPECT_EQ(b_.sent, Texts{text("LEAVE", "a", "b")});
  EXPECT_EQ(relay_.realm("peerjs")->find("a"), nullptr);
}

TEST_F(StreamTest, TakesAPostedMessageAsAnyOther) {
  join(stream_, "a");
  join(b_, "b");
  EXPECT_EQ(post(MessageType::Offer, offer_to("b")), Receipt::Relayed);
  EXPECT_EQ(b_.take(), Texts{relayed_offer("a", "b")});
  EXPECT_EQ(post(MessageType::Offer, offer_to("nobody")), Receipt::Kept);
  EXPECT_EQ(post(MessageType::Offer, "nonsense"), Receipt::NotJson);
}

TEST_F(StreamTest, TakesTheTypeFromTheUrlWhereTheTextHasNone) {
  join(stream_, "a");
  join(b_, "b");
  EXPECT_EQ(post(MessageType::Answer, R"({"dst":"b"})"), Receipt::Relayed);
  EXPECT_EQ(b_.take(), Texts{text("ANSWER", "a", "b")});
  for (const char* wrong : {R"({"type":"OFFER","dst":"b"})", R"({"type":null,"dst":"b"})",
                            R"({"type":"HEARTBEAT"})", R"({"type":"answer","dst":"b"})"}) {
    EXPECT_EQ(post(MessageType::Answer, wrong), Receipt::WrongVerb) << wrong;
  }
  EXPECT_TRUE(b_.sent.empty());
}

TEST_F(StreamTest, TakesMessagesOnlyFromWhoIsRegistered) {
  join(stream_, "a");
  EXPECT_EQ(post(MessageType::Offer, offer_to("a"), "a", "wrong"), Receipt::Unauthorized);
  EXPECT_EQ(post(MessageType::Offer, offer_to("a"), "nobody"), Receipt::Unauthorized);
  EXPECT_EQ(post(MessageType::Offer, offer_to("a"), "a", "token", "other"), Receipt::Unauthorized);
  EXPECT_EQ(post(MessageType::Offer, offer_to("a"), "a", "token", "none"), Receipt::Unauthorized);
  EXPECT_TRUE(stream_.sent.empty());
}

TEST_F(StreamTest, APostedLeaveWithoutDestinationEndsThePeer) {
  join(stream_, "a");
  join(b_, "b");
  connect(stream_, b_);
  EXPECT_EQ(post(MessageType::Leave, "{}"), Receipt::Left);
  EXPECT_EQ(stream_.closed, End::Left);
  EXPECT_EQ(b_.sent, Texts{text("LEAVE", "a", "b")});
}

TEST_F(StreamTest, APostIsASignOfLifeOfAStreamOnly) {
  join(stream_, "a");
  join(b_, "b");
  pass(50s);
  post(MessageType::Offer, offer_to("a"), "a");
  post(MessageType::Offer, offer_to("b"), "b");
  pass(10s);
  EXPECT_EQ(b_.closed, End::Silent);
  EXPECT_FALSE(stream_.closed);
  pass(50s);
  EXPECT_EQ(stream_.closed, End::Silent);
}

TEST_F(StreamTest, WhoIsLostCannotPostBeforeItIsBack) {
  join(a_, "a");
  detach(a_, End::Lost);
  EXPECT_EQ(post(MessageType::Offer, offer_to("nobody")), Receipt::Unauthorized);
  attach(stream_, "a");
  EXPECT_EQ(post(MessageType::Offer, offer_to("nobody")), Receipt::Kept);
}

TEST_F(StreamTest, WhatFindsNoRoomIsReportedToItsSender) {
  join(stream_, "a");
  join(b_, "b");
  receive(b_, offer_to("a"));
  const Texts fitting = stream_.take();
  ASSERT_EQ(fitting.size(), 1U);
  stream_.room = fitting[0].size() - 1;
  EXPECT_EQ(receive(b_, offer_to("a")), Receipt::NoRoom);
  EXPECT_EQ(b_.take(), Texts{text("EXPIRE", "a", "b")});
  EXPECT_TRUE(stream_.sent.empty());
  EXPECT_FALSE(stream_.closed);
  stream_.room = fitting[0].size();
  EXPECT_EQ(receive(b_, offer_to("a")), Receipt::Relayed);
  EXPECT_EQ(stream_.take(), fitting);
}

TEST_F(StreamTest, APartnerHearsOfALeaveEvenIfThereIsNoRoom) {
  join(stream_, "a");
  join(b_, "b");
  receive(b_, offer_to("a"));
  stream_.take();
  stream_.room = 0;
  EXPECT_EQ(receive(b_, sent_to("a", "LEAVE")), Receipt::Relayed);
  EXPECT_EQ(stream_.take(), Texts{text("LEAVE", "b", "a")});
  EXPECT_EQ(receive(b_, sent_to("a", "LEAVE")), Receipt::NoRoom) << "they are none any more";
  EXPECT_EQ(stream_.take(), Texts{});
  EXPECT_EQ(b_.take(), Texts{}) << "nobody is told of a LEAVE that has not arrived";
}

}  // namespace
}  // namespace peerjsd::core
