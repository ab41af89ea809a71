// A relay that is one node of several: what it asks of its backend, and does at its word.

#include "peerjsd/core/relay.hpp"
#include "support/recording_backend.hpp"
#include "support/recording_transport.hpp"
#include "support/relay_setup.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace peerjsd::core {
namespace {

using namespace std::chrono_literals;
using test::kOpen;
using test::RecordingBackend;
using test::RecordingTransport;
using test::sent_to;
using test::text;
using test::Texts;

RelayOptions options() {
  RelayOptions options = test::relay_options();
  options.ip_limit = 100;
  return options;
}

class RelayNodesTest : public testing::Test {
 protected:
  Admission attach(RecordingTransport& transport, std::string_view id,
                   std::string_view token = "token") {
    return relay_.attach(transport, {"peerjs", id, token},
                         {.kind = PeerKind::Page, .group = kGroup}, now_);
  }

  static Claim claim_of(const RecordingTransport& transport) {
    return {"peerjs", transport.peer()->id, transport.peer()->registration};
  }

  void settle(RecordingTransport& transport, Admission answer,
              const Inheritance& inheritance = {}) {
    relay_.settle(claim_of(transport), answer, inheritance, now_);
  }

  /// A peer that has its id.
  void join(RecordingTransport& transport, std::string_view id) {
    ASSERT_EQ(attach(transport, id), Admission::Pending);
    settle(transport, Admission::Opened);
    ASSERT_EQ(transport.take(), Texts{kOpen});
  }

  /// A claim without its peer's connection.
  Claim lose_before_answer(RecordingTransport& transport, std::string_view id) {
    EXPECT_EQ(attach(transport, id), Admission::Pending);
    const Claim claim = claim_of(transport);
    relay_.detach(transport, End::Lost, now_);
    return claim;
  }

  Receipt receive(RecordingTransport& from, std::string_view what) {
    return relay_.receive(from, what, now_);
  }

  /// What was forwarded last, with texts that live as long as the test.
  Parcel forwarded() {
    kept_.push_back(std::make_unique<RecordingBackend::Forwarded>(backend_.forwarded.back()));
    const auto& it = *kept_.back();
    return {"peerjs", it.src,  it.registration, it.dst,
            it.type,  it.text, it.since,        it.makes_partners};
  }

  /// A message that was forwarded, of `registration`.
  Parcel forwarded_as(Registration registration, const std::string& src, const std::string& dst) {
    kept_.push_back(std::make_unique<RecordingBackend::Forwarded>(RecordingBackend::Forwarded{
        src, registration, dst, MessageType::Offer, text("OFFER", src, dst), now_}));
    const auto& it = *kept_.back();
    return {"peerjs", it.src,  it.registration, it.dst,
            it.type,  it.text, it.since,        it.makes_partners};
  }
  Parcel forwarded_as(const RecordingTransport& src, const std::string& dst) {
    return forwarded_as(src.peer()->registration, src.peer()->id, dst);
  }

  /// A message of another node's peer.
  bool deliver(const std::string& src, const std::string& dst, MessageType type,
               const std::string& what) {
    return relay_.deliver({"peerjs", src, {}, dst, type, what, now_}, now_);
  }
  bool deliver_offer(const std::string& src, const std::string& dst) {
    return deliver(src, dst, MessageType::Offer, text("OFFER", src, dst));
  }

  void pass(Duration time) {
    now_ += time;
    relay_.expire(now_);
  }

  const Peer* find(std::string_view id) const { return relay_.realm("peerjs")->find(id); }

  static constexpr AddressGroup kGroup{7};

  Instant now_{1h};
  RecordingBackend backend_;
  std::vector<std::unique_ptr<RecordingBackend::Forwarded>> kept_;
  RecordingTransport a_;
  RecordingTransport b_;
  RecordingTransport c_;
  Relay relay_{options(), backend_};
};

// Claims

TEST_F(RelayNodesTest, OpensAPeerWhenItHasItsId) {
  EXPECT_EQ(attach(a_, "a"), Admission::Pending);
  EXPECT_EQ(backend_.claimed, Texts{"a"});
  EXPECT_EQ(a_.sent, Texts{});
  settle(a_, Admission::Opened);
  EXPECT_EQ(a_.answer, Admission::Opened);
  EXPECT_EQ(a_.sent, Texts{kOpen});
  EXPECT_EQ(relay_.counters().admissions.of(Admission::Opened), 1U);
}

TEST_F(RelayNodesTest, TellsAPeerThatItsIdIsTakenElsewhere) {
  attach(a_, "a");
  settle(a_, Admission::IdTaken);
  EXPECT_EQ(a_.answer, Admission::IdTaken);
  EXPECT_EQ(a_.peer(), nullptr);
  EXPECT_EQ(find("a"), nullptr);
  EXPECT_EQ(relay_.realm("peerjs")->connected(kGroup), 0U);
  EXPECT_EQ(relay_.counters().admissions.of(Admission::IdTaken), 1U);
  EXPECT_EQ(backend_.released, Texts{}) << "it never had it";
  relay_.detach(a_, End::ClosedWithoutCode, now_);
  EXPECT_EQ(backend_.released, Texts{});
}

TEST_F(RelayNodesTest, RefusesAtOnceWhereNobodyCanBeAsked) {
  backend_.answer = Backend::Answer::No;
  EXPECT_EQ(attach(a_, "a"), Admission::Unavailable);
  EXPECT_EQ(a_.peer(), nullptr);
  EXPECT_EQ(find("a"), nullptr);
  EXPECT_EQ(relay_.realm("peerjs")->connected(kGroup), 0U);
}

TEST_F(RelayNodesTest, KnowsNobodyWhoIsPending) {
  attach(a_, "a");
  EXPECT_EQ(relay_.peer_of({"peerjs", "a", "token"}), nullptr);
  settle(a_, Admission::Opened);
  EXPECT_EQ(relay_.peer_of({"peerjs", "a", "token"}), a_.peer());
}

TEST_F(RelayNodesTest, NeitherReachesNorHearsAPeerThatIsPending) {
  join(b_, "b");
  attach(a_, "a");
  EXPECT_EQ(receive(a_, sent_to("b")), Receipt::Early);
  EXPECT_EQ(relay_.receive({"peerjs", "a", "token"}, MessageType::Offer, sent_to("b"), now_),
            Receipt::Early);
  EXPECT_EQ(b_.sent, Texts{});
  EXPECT_EQ(receive(b_, sent_to("a")), Receipt::Kept);
  EXPECT_EQ(a_.sent, Texts{});
  EXPECT_EQ(relay_.realm("peerjs")->connected_ids(), (std::vector<std::string_view>{"b"}));
  settle(a_, Admission::Opened);
  EXPECT_EQ(a_.sent, (Texts{kOpen, text("OFFER", "b", "a")}));
  EXPECT_EQ(receive(a_, sent_to("b")), Receipt::Relayed);
}

TEST_F(RelayNodesTest, SendsOnWhatWaitedForAPeerThatWasRefused) {
  join(b_, "b");
  attach(a_, "a");
  receive(b_, sent_to("a"));
  EXPECT_EQ(backend_.take(), Texts{});
  settle(a_, Admission::IdTaken);
  EXPECT_EQ(backend_.take(), Texts{text("OFFER", "b", "a")});
}

TEST_F(RelayNodesTest, APeerThatIsPendingDoesNotStandForTheOneThatHasItsId) {
  join(b_, "b");
  attach(a_, "x", "another");
  deliver_offer("x", "b");
  EXPECT_EQ(b_.take(), Texts{text("OFFER", "x", "b")});
  settle(a_, Admission::IdTaken);
  backend_.take();
  relay_.detach(b_, End::GoingAway, now_);
  EXPECT_EQ(backend_.take(), Texts{text("LEAVE", "b", "x")});
}

TEST_F(RelayNodesTest, APeerThatIsPendingIsNoPartnerYet) {
  join(b_, "b");
  attach(a_, "x", "another");
  relay_.settle(claim_of(b_), Admission::Resumed, {{"x"}, {}, {}, {}}, now_);
  settle(a_, Admission::IdTaken);
  relay_.detach(b_, End::GoingAway, now_);
  EXPECT_EQ(backend_.take(), Texts{text("LEAVE", "b", "x")});
}

TEST_F(RelayNodesTest, WhatIsToldToAnIdThatIsPendingIsForWhoeverHasIt) {
  attach(a_, "x", "another");
  deliver("", "x", MessageType::Expire, text("EXPIRE", "y", "x"));
  settle(a_, Admission::IdTaken);
  EXPECT_EQ(backend_.take(), Texts{text("EXPIRE", "y", "x")});
}

TEST_F(RelayNodesTest, NobodyIsRefusedForAnIdThatAnotherHasOnlyAskedFor) {
  attach(a_, "x", "another");
  EXPECT_EQ(attach(b_, "x"), Admission::Contested);
  EXPECT_EQ(b_.peer(), nullptr);
  EXPECT_EQ(a_.probes, 0);
  settle(a_, Admission::IdTaken);
  EXPECT_EQ(attach(b_, "x"), Admission::Pending);
  EXPECT_EQ(relay_.counters().admissions.of(Admission::IdTaken), 1U);
}

TEST_F(RelayNodesTest, GivesUpTheClaimOfAPeerThatEndsBeforeItsAnswer) {
  attach(a_, "a");
  const Claim claim = claim_of(a_);
  relay_.detach(a_, End::ClosedWithoutCode, now_);
  EXPECT_EQ(backend_.released, Texts{"a"});
  EXPECT_EQ(find("a"), nullptr);
  attach(b_, "a", "another");
  relay_.settle(claim, Admission::Opened, {}, now_);
  EXPECT_EQ(b_.sent, Texts{}) << "an answer to another claim";
}

TEST_F(RelayNodesTest, ReleasesTheIdOfANewPeerThatIsLostBeforeItsAnswer) {
  const Claim claim = lose_before_answer(a_, "a");
  EXPECT_EQ(backend_.released, Texts{}) << "it may be one that was connected elsewhere";
  relay_.settle(claim, Admission::Opened, {}, now_);
  EXPECT_EQ(backend_.released, Texts{"a"});
  EXPECT_EQ(find("a"), nullptr) << "there is nothing to come back to";
  EXPECT_EQ(relay_.realm("peerjs")->connected(kGroup), 0U);
}

TEST_F(RelayNodesTest, ForgetsAPeerThatIsLostAndThenRefused) {
  const Claim claim = lose_before_answer(a_, "a");
  relay_.settle(claim, Admission::IdTaken, {}, now_);
  EXPECT_EQ(find("a"), nullptr);
  EXPECT_EQ(backend_.released, Texts{}) << "it never had it";
  EXPECT_EQ(relay_.realm("peerjs")->connected(kGroup), 0U);
}

TEST_F(RelayNodesTest, KeepsWhatAPeerInheritsThatIsLostBeforeItsAnswer) {
  join(b_, "b");
  const Claim claim = lose_before_answer(a_, "a");
  relay_.settle(claim, Admission::Resumed, {{"b"}, {"1", "2"}, {}, {}}, now_);
  EXPECT_EQ(backend_.released, Texts{});
  EXPECT_EQ(attach(c_, "a"), Admission::Resumed);
  EXPECT_EQ(c_.take(), (Texts{kOpen, "1", "2"}));
  relay_.detach(c_, End::Lost, now_);
  pass(30s);
  EXPECT_EQ(b_.take(), Texts{text("LEAVE", "a", "b")});
}

TEST_F(RelayNodesTest, ThePartnersHearOfAPeerThatWasLostBeforeItsAnswerAndStaysAway) {
  join(b_, "b");
  relay_.settle(lose_before_answer(a_, "a"), Admission::Resumed, {{"b"}, {}, {}, {}}, now_);
  pass(29s);
  EXPECT_EQ(b_.take(), Texts{});
  pass(1s);
  EXPECT_EQ(b_.take(), Texts{text("LEAVE", "a", "b")});
  EXPECT_EQ(backend_.released, Texts{"a"});
}

TEST_F(RelayNodesTest, KeepsWhatIsToldToAPeerThatIsPendingAndReconnects) {
  attach(a_, "a");
  deliver("b", "a", MessageType::Expire, "told");
  EXPECT_EQ(attach(c_, "a"), Admission::Pending);
  settle(c_, Admission::Resumed, {{}, {"inherited"}, {}, {}});
  EXPECT_EQ(c_.take(), (Texts{kOpen, "inherited", "told"}));
}

TEST_F(RelayNodesTest, APeerThatIsPendingCanBeHandedOn) {
  lose_before_answer(a_, "a");
  const Instant first = now_;
  deliver("b", "a", MessageType::Expire, "told");
  deliver_offer("b", "a");
  pass(1s);
  deliver_offer("c", "a");
  pass(1s);
  const auto estate = relay_.hand_over("peerjs", "a");
  ASSERT_TRUE(estate);
  EXPECT_EQ(estate->texts, Texts{});
  EXPECT_EQ(estate->kept, (std::vector<Inheritance::Kept>{
                              {"b", MessageType::Expire, "told", first},
                              {"b", MessageType::Offer, text("OFFER", "b", "a"), first},
                              {"c", MessageType::Offer, text("OFFER", "c", "a"), first + 1s}}));
  EXPECT_EQ(find("a"), nullptr);
}

TEST_F(RelayNodesTest, OpensOnTheConnectionThatAPendingPeerHasLast) {
  attach(a_, "a");
  EXPECT_EQ(attach(b_, "a"), Admission::Pending);
  EXPECT_EQ(a_.closed, End::Replaced);
  EXPECT_EQ(backend_.claimed, Texts{"a"});
  EXPECT_EQ(attach(c_, "a", "another"), Admission::Contested);
  settle(b_, Admission::Opened);
  EXPECT_EQ(a_.sent, Texts{});
  EXPECT_EQ(b_.sent, Texts{kOpen});
}

TEST_F(RelayNodesTest, ReleasesTheIdAtTheEndOfThePeerNotOfItsConnection) {
  join(a_, "a");
  relay_.detach(a_, End::Lost, now_);
  EXPECT_EQ(backend_.released, Texts{});
  pass(30s);
  EXPECT_EQ(backend_.released, Texts{"a"});
}

TEST_F(RelayNodesTest, ResumesHereWithoutAsking) {
  join(a_, "a");
  EXPECT_EQ(attach(b_, "a"), Admission::Resumed);
  EXPECT_EQ(backend_.claimed, Texts{"a"});
}

// Messages for other nodes

TEST_F(RelayNodesTest, ForwardsWhatIsForAPeerThatIsNotHere) {
  join(a_, "a");
  EXPECT_EQ(receive(a_, sent_to("x")), Receipt::Forwarded);
  const Parcel parcel = forwarded();
  EXPECT_EQ(parcel.src, "a");
  EXPECT_EQ(parcel.registration, a_.peer()->registration);
  EXPECT_EQ(parcel.dst, "x");
  EXPECT_EQ(parcel.type, MessageType::Offer);
  EXPECT_EQ(parcel.text, text("OFFER", "a", "x"));
}

TEST_F(RelayNodesTest, ForwardsNothingThatIsForNobodyInParticular) {
  join(a_, "a");
  EXPECT_EQ(receive(a_, R"({"type":"OFFER","dst":7})"), Receipt::Kept);
  EXPECT_EQ(backend_.take(), Texts{});
}

TEST_F(RelayNodesTest, KeepsWhatReturnsAndExpiresItOnce) {
  join(a_, "a");
  receive(a_, sent_to("x"));
  relay_.on_returned(forwarded(), now_);
  EXPECT_EQ(receive(a_, sent_to("x", "CANDIDATE")), Receipt::Kept) << "behind the first";
  EXPECT_EQ(backend_.forwarded.size(), 1U);
  pass(5s);
  EXPECT_EQ(a_.take(), Texts{text("EXPIRE", "x", "a")});
  EXPECT_EQ(receive(a_, sent_to("x", "CANDIDATE")), Receipt::Forwarded);
  relay_.on_returned(forwarded(), now_);
  pass(4s);
  EXPECT_EQ(a_.take(), Texts{});
}

TEST_F(RelayNodesTest, WhatReturnsHasWaitedSinceItWasSent) {
  join(a_, "a");
  receive(a_, sent_to("x"));
  const Parcel late = forwarded();
  pass(2s);
  receive(a_, sent_to("y"));
  relay_.on_returned(forwarded(), now_);
  pass(2s);
  relay_.on_returned(late, now_);
  pass(1s);
  EXPECT_EQ(a_.take(), Texts{text("EXPIRE", "x", "a")});
  pass(1s);
  EXPECT_EQ(a_.take(), Texts{});
  pass(1s);
  EXPECT_EQ(a_.take(), Texts{text("EXPIRE", "y", "a")});
}

TEST_F(RelayNodesTest, WhoMayOnlyAnswerGoesOnToDoSoWhenSomethingReturns) {
  ASSERT_EQ(relay_.attach(a_, {"peerjs", "a", "token"},
                          {.kind = PeerKind::Page, .rights = {.may_call = false}}, now_),
            Admission::Pending);
  settle(a_, Admission::Opened);
  deliver_offer("x", "a");
  EXPECT_EQ(receive(a_, sent_to("x", "ANSWER")), Receipt::Forwarded);
  relay_.on_returned(forwarded(), now_);
  EXPECT_EQ(receive(a_, sent_to("x", "CANDIDATE")), Receipt::Kept);
  backend_.take();
  relay_.on_arrival("peerjs", "x");
  EXPECT_EQ(backend_.take(), (Texts{text("ANSWER", "a", "x"), text("CANDIDATE", "a", "x")}));
}

TEST_F(RelayNodesTest, AnotherSenderNeedNotWaitBehindTheFirst) {
  join(a_, "a");
  join(b_, "b");
  receive(a_, sent_to("x"));
  relay_.on_returned(forwarded(), now_);
  EXPECT_EQ(receive(b_, sent_to("x")), Receipt::Forwarded)
      << "for its own EXPIRE, noted for as long";
}

TEST_F(RelayNodesTest, ForwardsWhatWaitsWhenItsDestinationArrives) {
  join(a_, "a");
  join(b_, "b");
  receive(a_, sent_to("x"));
  relay_.on_returned(forwarded(), now_);
  receive(b_, sent_to("x"));
  relay_.on_returned(forwarded(), now_);
  receive(a_, sent_to("x", "CANDIDATE"));
  backend_.take();
  relay_.on_arrival("peerjs", "x");
  EXPECT_EQ(backend_.take(),
            (Texts{text("OFFER", "a", "x"), text("OFFER", "b", "x"), text("CANDIDATE", "a", "x")}));
  pass(10s);
  EXPECT_EQ(a_.take(), Texts{}) << "it is under way";
}

TEST_F(RelayNodesTest, WhatCannotGoWhenItsDestinationArrivesWaitsForNoLongerThanBefore) {
  join(a_, "a");
  receive(a_, sent_to("x"));
  relay_.on_returned(forwarded(), now_);
  receive(a_, sent_to("x", "CANDIDATE"));
  backend_.take();
  pass(3s);
  backend_.forwarding = Backend::Forwarding::NoRoom;
  relay_.on_arrival("peerjs", "x");
  pass(1s);
  backend_.forwarding = Backend::Forwarding::Taken;
  relay_.on_arrival("peerjs", "x");
  EXPECT_EQ(backend_.take(), (Texts{text("OFFER", "a", "x"), text("CANDIDATE", "a", "x")}));
  receive(a_, sent_to("y"));
  relay_.on_returned(forwarded(), now_);
  pass(3s);
  backend_.forwarding = Backend::Forwarding::Apart;
  relay_.on_arrival("peerjs", "y");
  pass(2s);
  EXPECT_EQ(a_.take(), Texts{text("EXPIRE", "y", "a")});
}

TEST_F(RelayNodesTest, ForwardsWhatWaitsForAPeerThatIsLostWhenItIsGivenUp) {
  join(a_, "a");
  join(b_, "b");
  relay_.detach(a_, End::Lost, now_);
  pass(29s);
  EXPECT_EQ(receive(b_, sent_to("a")), Receipt::Kept);
  EXPECT_EQ(backend_.take(), Texts{});
  pass(1s);
  EXPECT_EQ(backend_.released, Texts{"a"});
  EXPECT_EQ(backend_.take(), Texts{text("OFFER", "b", "a")}) << "it may have come elsewhere";
}

TEST_F(RelayNodesTest, WhatFollowsWhenADestinationHasBeenThereIsNoTail) {
  join(a_, "a");
  receive(a_, sent_to("x"));
  relay_.on_returned(forwarded(), now_);
  pass(5s);
  EXPECT_EQ(a_.take(), Texts{text("EXPIRE", "x", "a")});
  relay_.on_arrival("peerjs", "x");
  receive(a_, sent_to("x", "CANDIDATE"));
  relay_.on_returned(forwarded(), now_);
  pass(5s);
  EXPECT_EQ(a_.take(), Texts{text("EXPIRE", "x", "a")});
}

TEST_F(RelayNodesTest, WhatFollowsWhenADestinationHasGoneElsewhereIsNoTail) {
  join(a_, "a");
  join(b_, "b");
  relay_.detach(b_, End::Lost, now_);
  receive(a_, sent_to("b"));
  pass(5s);
  EXPECT_EQ(a_.take(), Texts{text("EXPIRE", "b", "a")});
  relay_.hand_over("peerjs", "b");
  receive(a_, sent_to("b", "CANDIDATE"));
  relay_.on_returned(forwarded(), now_);
  pass(5s);
  EXPECT_EQ(a_.take(), Texts{text("EXPIRE", "b", "a")});
}

TEST_F(RelayNodesTest, AsksNobodyForAnIdThatIsTooLong) {
  join(a_, "a");
  EXPECT_EQ(receive(a_, sent_to(std::string(256, 'x'))), Receipt::Forwarded);
  EXPECT_EQ(receive(a_, sent_to(std::string(257, 'x'))), Receipt::Kept);
}

TEST_F(RelayNodesTest, ForwardsAllThatWaitsWhenOthersCanBeReachedAgain) {
  join(a_, "a");
  backend_.forwarding = Backend::Forwarding::Nobody;
  EXPECT_EQ(receive(a_, sent_to("x")), Receipt::Kept);
  EXPECT_EQ(receive(a_, sent_to("y")), Receipt::Kept);
  EXPECT_EQ(receive(a_, R"({"type":"OFFER","dst":7})"), Receipt::Kept);
  backend_.forwarding = Backend::Forwarding::Taken;
  relay_.on_reconnect();
  EXPECT_THAT(backend_.take(),
              testing::UnorderedElementsAre(text("OFFER", "a", "x"), text("OFFER", "a", "y")));
}

TEST_F(RelayNodesTest, DeliversHereWhatReturnsAfterItsDestinationHasCome) {
  join(a_, "a");
  receive(a_, sent_to("b"));
  const Parcel parcel = forwarded();
  join(b_, "b");
  relay_.on_returned(parcel, now_);
  EXPECT_EQ(b_.take(), Texts{text("OFFER", "a", "b")});
}

TEST_F(RelayNodesTest, RefusesToTheSenderWhatHasNoRoom) {
  join(a_, "a");
  backend_.forwarding = Backend::Forwarding::NoRoom;
  EXPECT_EQ(receive(a_, sent_to("x")), Receipt::NoRoom);
  EXPECT_EQ(a_.take(), Texts{text("EXPIRE", "x", "a")});
}

TEST_F(RelayNodesTest, TellsTheSenderOnceThatNobodyKnowsWhatBecameOfAnAttempt) {
  join(a_, "a");
  receive(a_, sent_to("x"));
  relay_.on_abandoned(forwarded(), now_);
  EXPECT_EQ(a_.take(), Texts{text("EXPIRE", "x", "a")});
  receive(a_, sent_to("x", "CANDIDATE"));
  relay_.on_abandoned(forwarded(), now_);
  EXPECT_EQ(a_.take(), Texts{});
  receive(a_, sent_to("x"));
  relay_.on_abandoned(forwarded(), now_);
  EXPECT_EQ(a_.take(), Texts{text("EXPIRE", "x", "a")}) << "another attempt";
}

TEST_F(RelayNodesTest, ALeaveThatReturnsWaitsAndIsDroppedWithoutAWord) {
  join(a_, "a");
  receive(a_, sent_to("x", "LEAVE"));
  relay_.on_returned(forwarded(), now_);
  backend_.take();
  relay_.on_arrival("peerjs", "x");
  EXPECT_EQ(backend_.take(), Texts{text("LEAVE", "a", "x")});
  relay_.on_returned({"peerjs", "a", a_.peer()->registration, "x", MessageType::Leave,
                      text("LEAVE", "a", "x"), now_},
                     now_);
  pass(5s);
  relay_.on_arrival("peerjs", "x");
  EXPECT_EQ(backend_.take(), Texts{});
  EXPECT_EQ(a_.take(), Texts{});
}

TEST_F(RelayNodesTest, ALeaveOfWhichNobodyKnowsWhetherItArrivedIsForgotten) {
  join(a_, "a");
  receive(a_, sent_to("x", "LEAVE"));
  relay_.on_abandoned(forwarded(), now_);
  pass(5s);
  EXPECT_EQ(a_.take(), Texts{});
}

// Messages from other nodes

TEST_F(RelayNodesTest, DeliversWhatComesFromOtherNodes) {
  join(a_, "a");
  deliver_offer("x", "a");
  EXPECT_EQ(a_.take(), Texts{text("OFFER", "x", "a")});
}

TEST_F(RelayNodesTest, SaysThatTheDestinationIsNotHere) {
  EXPECT_FALSE(deliver_offer("x", "a"));
  EXPECT_EQ(backend_.take(), Texts{});
  attach(a_, "a");
  EXPECT_TRUE(deliver_offer("x", "a"));
  settle(a_, Admission::Opened);
  EXPECT_EQ(a_.take(), (Texts{kOpen, text("OFFER", "x", "a")}));
}

TEST_F(RelayNodesTest, SendsAfterWhatIsUnderWayToAPeerThatHasComeHere) {
  join(b_, "b");
  attach(a_, "a");
  backend_.under_way = "a";
  EXPECT_EQ(receive(b_, sent_to("a")), Receipt::Forwarded);
  const Parcel parcel = forwarded();
  backend_.under_way = "";
  relay_.on_returned(parcel, now_);
  EXPECT_EQ(receive(b_, sent_to("a", "CANDIDATE")), Receipt::Kept);
  settle(a_, Admission::Opened);
  EXPECT_EQ(a_.take(), (Texts{kOpen, text("OFFER", "b", "a"), text("CANDIDATE", "b", "a")}));
}

TEST_F(RelayNodesTest, KeepsWhatIsForAPeerThatIsLostAndExpiresItToTheOtherNode) {
  join(a_, "a");
  relay_.detach(a_, End::Lost, now_);
  deliver_offer("x", "a");
  deliver("x", "a", MessageType::Candidate, text("CANDIDATE", "x", "a"));
  EXPECT_EQ(backend_.take(), Texts{});
  pass(5s);
  ASSERT_EQ(backend_.forwarded.size(), 1U);
  EXPECT_EQ(backend_.forwarded[0].dst, "x");
  EXPECT_EQ(backend_.forwarded[0].type, MessageType::Expire);
  EXPECT_EQ(backend_.take(), Texts{text("EXPIRE", "a", "x")});
}

TEST_F(RelayNodesTest, TellsAnExpireOfAnotherNode) {
  join(a_, "a");
  deliver("", "a", MessageType::Expire, text("EXPIRE", "x", "a"));
  EXPECT_EQ(a_.take(), Texts{text("EXPIRE", "x", "a")});
  relay_.detach(a_, End::Lost, now_);
  deliver("", "a", MessageType::Expire, text("EXPIRE", "y", "a"));
  attach(b_, "a");
  EXPECT_EQ(b_.take(), (Texts{kOpen, text("EXPIRE", "y", "a")}));
}

TEST_F(RelayNodesTest, TellsNobodyOfWhatAPeerHadSentThatHasEnded) {
  join(a_, "a");
  receive(a_, sent_to("x"));
  relay_.on_returned(forwarded(), now_);
  relay_.detach(a_, End::ClosedWithoutCode, now_);
  backend_.take();
  pass(5s);
  EXPECT_EQ(backend_.take(), Texts{}) << "another may have its id by now";
}

TEST_F(RelayNodesTest, TellsTheOtherNodeThatTheReceiverHasNoRoom) {
  join(a_, "a");
  a_.room = 0;
  deliver_offer("x", "a");
  EXPECT_EQ(a_.take(), Texts{});
  EXPECT_EQ(backend_.take(), Texts{text("EXPIRE", "a", "x")});
}

TEST_F(RelayNodesTest, KeepsALeaveForAPartnerThatIsLost) {
  join(a_, "a");
  deliver_offer("x", "a");
  a_.take();
  relay_.detach(a_, End::Lost, now_);
  deliver("x", "a", MessageType::Leave, text("LEAVE", "x", "a"));
  deliver("y", "a", MessageType::Leave, text("LEAVE", "y", "a"));
  pass(20s);
  attach(b_, "a");
  EXPECT_EQ(b_.take(), (Texts{kOpen, text("LEAVE", "x", "a")})) << "y was no partner";
  relay_.detach(b_, End::GoingAway, now_);
  EXPECT_EQ(backend_.take(), Texts{}) << "x has left before";
}

TEST_F(RelayNodesTest, KeepsALeaveForAPeerThatIsPending) {
  attach(a_, "a");
  deliver("x", "a", MessageType::Leave, text("LEAVE", "x", "a"));
  deliver("y", "a", MessageType::Leave, text("LEAVE", "y", "a"));
  settle(a_, Admission::Resumed, {{"x"}, {}, {}, {}});
  EXPECT_EQ(a_.take(), (Texts{kOpen, text("LEAVE", "x", "a")})) << "y was no partner";
  relay_.detach(a_, End::GoingAway, now_);
  EXPECT_EQ(backend_.take(), Texts{});
}

TEST_F(RelayNodesTest, WhatOtherNodesHaveToBeToldWaitsUntilTheyCanBe) {
  join(a_, "a");
  join(b_, "b");
  deliver_offer("x", "a");
  relay_.detach(b_, End::Lost, now_);
  deliver_offer("y", "b");
  backend_.forwarding = Backend::Forwarding::Apart;
  pass(4s);
  relay_.detach(a_, End::GoingAway, now_);
  pass(1s);
  backend_.forwarding = Backend::Forwarding::Taken;
  relay_.on_reconnect();
  EXPECT_THAT(backend_.take(),
              testing::UnorderedElementsAre(text("LEAVE", "a", "x"), text("EXPIRE", "b", "y")));
  EXPECT_EQ(relay_.counters().leaves, 1U);
  EXPECT_EQ(relay_.counters().expires, 1U);
}

TEST_F(RelayNodesTest, WhereThereAreNoOthersNothingWaitsForThem) {
  backend_.forwarding = Backend::Forwarding::Nobody;
  join(a_, "a");
  join(b_, "b");
  receive(a_, sent_to("x"));
  relay_.detach(a_, End::ClosedWithoutCode, now_);
  pass(5s);
  attach(c_, "a", "another");
  settle(c_, Admission::Opened);
  EXPECT_EQ(c_.take(), Texts{kOpen}) << "no EXPIRE of another's";
  EXPECT_EQ(relay_.counters().expires, 0U);
}

// Partners

TEST_F(RelayNodesTest, TellsPartnersOnOtherNodesThatAPeerHasLeft) {
  join(a_, "a");
  receive(a_, sent_to("x"));
  deliver_offer("y", "a");
  receive(a_, sent_to("z"));
  relay_.on_returned(forwarded(), now_);
  backend_.take();
  relay_.detach(a_, End::GoingAway, now_);
  EXPECT_EQ(backend_.take(), (Texts{text("LEAVE", "a", "x"), text("LEAVE", "a", "y")}));
  EXPECT_EQ(relay_.counters().leaves, 2U);
}

TEST_F(RelayNodesTest, PartsWhereALeavePasses) {
  join(a_, "a");
  for (const std::string partner : {"w", "x", "y"}) {
    receive(a_, sent_to(partner));
  }
  receive(a_, sent_to("x", "LEAVE"));
  deliver("y", "a", MessageType::Leave, text("LEAVE", "y", "a"));
  EXPECT_EQ(a_.take(), Texts{text("LEAVE", "y", "a")});
  backend_.take();
  relay_.detach(a_, End::GoingAway, now_);
  EXPECT_EQ(backend_.take(), Texts{text("LEAVE", "a", "w")});
}

TEST_F(RelayNodesTest, TellsAPartnerOnceThatHasComeHere) {
  join(a_, "a");
  receive(a_, sent_to("b"));
  backend_.take();
  join(b_, "b");
  receive(b_, sent_to("a"));
  relay_.detach(a_, End::GoingAway, now_);
  EXPECT_EQ(b_.take(), Texts{text("LEAVE", "a", "b")});
  EXPECT_EQ(backend_.take(), Texts{});
}

TEST_F(RelayNodesTest, TellsNobodyWhereThePolicyIsNever) {
  RelayOptions never = options();
  never.leave = LeavePolicy::Never;
  relay_.set_options(never);
  join(a_, "a");
  deliver_offer("x", "a");
  relay_.detach(a_, End::GoingAway, now_);
  EXPECT_EQ(backend_.take(), Texts{""}) << "its node is told, and tells nobody";
}

TEST_F(RelayNodesTest, APartnerThatHasEndedWithoutALeaveIsRememberedNoLonger) {
  join(a_, "a");
  deliver_offer("x", "a");
  deliver_offer("y", "a");
  a_.take();
  EXPECT_TRUE(deliver("x", "a", MessageType::Leave, ""));
  EXPECT_EQ(a_.take(), Texts{});
  relay_.detach(a_, End::Lost, now_);
  EXPECT_TRUE(deliver("y", "a", MessageType::Leave, ""));
  EXPECT_FALSE(deliver("y", "nobody", MessageType::Leave, ""));
  attach(b_, "a");
  EXPECT_EQ(b_.take(), Texts{kOpen});
  relay_.detach(b_, End::GoingAway, now_);
  EXPECT_EQ(backend_.take(), Texts{});
}

TEST_F(RelayNodesTest, NothingWaitsForThatToBeTold) {
  join(a_, "a");
  deliver_offer("x", "a");
  backend_.forwarding = Backend::Forwarding::Apart;
  relay_.detach(a_, End::ClosedWithoutCode, now_);
  EXPECT_FALSE(relay_.keeps_messages());
  join(b_, "b");
  backend_.forwarding = Backend::Forwarding::Taken;
  deliver_offer("x", "b");
  relay_.detach(b_, End::ClosedWithoutCode, now_);
  relay_.on_returned(forwarded(), now_);
  EXPECT_FALSE(relay_.keeps_messages());
}

// Peers that move

TEST_F(RelayNodesTest, HandsAPeerOverWithAllItHas) {
  join(a_, "a");
  join(b_, "b");
  receive(b_, sent_to("a"));
  deliver_offer("x", "a");
  a_.unsent = a_.take();
  const auto inheritance = relay_.hand_over("peerjs", "a");
  ASSERT_TRUE(inheritance);
  EXPECT_EQ(inheritance->partners, (Texts{"b", "x"}));
  EXPECT_EQ(inheritance->texts, (Texts{text("OFFER", "b", "a"), text("OFFER", "x", "a")}));
  EXPECT_EQ(a_.closed, End::Replaced);
  EXPECT_EQ(find("a"), nullptr);
  EXPECT_EQ(backend_.released, Texts{}) << "it is another node's now";
  EXPECT_EQ(b_.take(), Texts{}) << "no LEAVE";
}

TEST_F(RelayNodesTest, HandsOverALostPeerWithWhatHasWaited) {
  join(a_, "a");
  join(b_, "b");
  a_.unsent = {"unsent"};
  relay_.detach(a_, End::Lost, now_);
  receive(b_, sent_to("a"));
  const auto inheritance = relay_.hand_over("peerjs", "a");
  ASSERT_TRUE(inheritance);
  EXPECT_EQ(inheritance->partners, Texts{});
  EXPECT_EQ(inheritance->texts, Texts{"unsent"});
  EXPECT_EQ(
      inheritance->kept,
      (std::vector<Inheritance::Kept>{{"b", MessageType::Offer, text("OFFER", "b", "a"), now_}}));
  pass(30s);
  EXPECT_EQ(b_.take(), Texts{});
}

TEST_F(RelayNodesTest, ThePartnersOfAPeerThatMovedTellItWhenTheyLeave) {
  join(a_, "a");
  join(b_, "b");
  receive(a_, sent_to("b"));
  relay_.hand_over("peerjs", "a");
  backend_.take();
  relay_.detach(b_, End::GoingAway, now_);
  EXPECT_EQ(backend_.take(), Texts{text("LEAVE", "b", "a")});
}

TEST_F(RelayNodesTest, HasNothingToHandOverOfWhoIsNotHere) {
  EXPECT_FALSE(relay_.hand_over("peerjs", "a"));
  EXPECT_FALSE(relay_.hand_over("another key", "a"));
}

TEST_F(RelayNodesTest, GivesAPeerItsInheritanceBeforeAllElse) {
  join(b_, "b");
  attach(a_, "a");
  deliver_offer("x", "a");
  settle(a_, Admission::Resumed, {{"b", "y"}, {"first"}, {}, {}});
  EXPECT_EQ(a_.answer, Admission::Resumed);
  EXPECT_EQ(a_.take(), (Texts{kOpen, "first", text("OFFER", "x", "a")}));
  relay_.detach(a_, End::GoingAway, now_);
  EXPECT_EQ(b_.take(), Texts{text("LEAVE", "a", "b")});
  EXPECT_EQ(backend_.take(), (Texts{text("LEAVE", "a", "x"), text("LEAVE", "a", "y")}));
}

TEST_F(RelayNodesTest, GivesAPeerWhatWaitedForItElsewhere) {
  join(b_, "b");
  attach(a_, "a");
  settle(a_, Admission::Resumed,
         {{},
          {"first"},
          {{"b", MessageType::Offer, text("OFFER", "b", "a"), now_},
           {"y", MessageType::Offer, text("OFFER", "y", "a"), now_}},
          {}});
  EXPECT_EQ(a_.take(), (Texts{kOpen, "first", text("OFFER", "b", "a"), text("OFFER", "y", "a")}));
  relay_.detach(a_, End::GoingAway, now_);
  EXPECT_EQ(b_.take(), Texts{text("LEAVE", "a", "b")});
  EXPECT_EQ(backend_.take(), Texts{text("LEAVE", "a", "y")});
}

TEST_F(RelayNodesTest, WhatWaitedElsewhereForAPeerThatIsLostWaitsNoLonger) {
  join(a_, "a");
  join(b_, "b");
  relay_.detach(a_, End::Lost, now_);
  const Claim claim{"peerjs", "a", find("a")->registration};
  relay_.settle(claim, Admission::Resumed,
                {{}, {}, {{"b", MessageType::Offer, text("OFFER", "b", "a"), now_ - 4s}}, {}},
                now_);
  pass(999ms);
  EXPECT_EQ(b_.take(), Texts{});
  pass(1ms);
  EXPECT_EQ(b_.take(), Texts{text("EXPIRE", "a", "b")});
  attach(a_, "a");
  EXPECT_EQ(a_.take(), Texts{kOpen});
}

TEST_F(RelayNodesTest, WhatWaitedElsewhereForAPeerThatIsLostIsThereWhenItComes) {
  join(a_, "a");
  join(b_, "b");
  relay_.detach(a_, End::Lost, now_);
  const Claim claim{"peerjs", "a", find("a")->registration};
  relay_.settle(claim, Admission::Resumed,
                {{}, {"first"}, {{"b", MessageType::Offer, text("OFFER", "b", "a"), now_}}, {}},
                now_);
  attach(a_, "a");
  EXPECT_EQ(a_.take(), (Texts{kOpen, "first", text("OFFER", "b", "a")}));
  relay_.detach(a_, End::GoingAway, now_);
  EXPECT_EQ(b_.take(), Texts{text("LEAVE", "a", "b")});
}

TEST_F(RelayNodesTest, WhatWaitedElsewhereGoesBeforeWhatHasComeHereMeanwhile) {
  const Claim claim = lose_before_answer(a_, "a");
  pass(1s);
  deliver("x", "a", MessageType::Candidate, "second");
  relay_.settle(claim, Admission::Resumed,
                {{}, {}, {{"x", MessageType::Offer, "first", now_ - 2s}}, {}}, now_);
  pass(1s);
  attach(b_, "a");
  EXPECT_EQ(b_.take(), (Texts{kOpen, "first", "second"}));
}

TEST_F(RelayNodesTest, WhatWaitedElsewhereExpiresInTimeWhateverHasComeHereMeanwhile) {
  const Claim claim = lose_before_answer(a_, "a");
  pass(1s);
  deliver("x", "a", MessageType::Candidate, "second");
  relay_.settle(claim, Admission::Resumed,
                {{}, {}, {{"x", MessageType::Offer, "first", now_ - 2s}}, {}}, now_);
  backend_.take();
  pass(3s);
  EXPECT_EQ(backend_.take(), Texts{text("EXPIRE", "a", "x")});
}

TEST_F(RelayNodesTest, WhatWaitedForAPeerThatIsNowhereGoesOnWaiting) {
  join(b_, "b");
  relay_.wait_for("peerjs", "a", {{"b", MessageType::Offer, text("OFFER", "b", "a"), now_ - 2s}},
                  now_);
  const Parcel sent = forwarded();
  EXPECT_EQ(sent.registration, b_.peer()->registration);
  relay_.on_returned(sent, now_);
  backend_.take();
  pass(3s);
  EXPECT_EQ(b_.take(), Texts{text("EXPIRE", "a", "b")});
  relay_.wait_for("another key", "a", {{"b", MessageType::Offer, "x", now_}}, now_);
  EXPECT_EQ(backend_.take(), Texts{});
}

TEST_F(RelayNodesTest, APartnerWithoutRoomIsToldOfALeaveAllTheSame) {
  join(a_, "a");
  deliver_offer("x", "a");
  a_.take();
  a_.room = 0;
  deliver("x", "a", MessageType::Leave, text("LEAVE", "x", "a"));
  EXPECT_EQ(a_.take(), Texts{text("LEAVE", "x", "a")});
  deliver("x", "a", MessageType::Leave, text("LEAVE", "x", "a"));
  EXPECT_EQ(a_.take(), Texts{}) << "it is no partner any more";
  EXPECT_EQ(backend_.take(), Texts{}) << "no EXPIRE";
}

TEST_F(RelayNodesTest, ToTryAgainIsNoArrival) {
  join(a_, "a");
  receive(a_, sent_to("x"));
  relay_.on_returned(forwarded(), now_);
  pass(5s);
  EXPECT_EQ(a_.take(), Texts{text("EXPIRE", "x", "a")});
  relay_.try_again("peerjs", "x");
  receive(a_, sent_to("x", "CANDIDATE"));
  relay_.on_returned(forwarded(), now_);
  pass(5s);
  EXPECT_EQ(a_.take(), Texts{}) << "it was the tail of what expired";
}

TEST_F(RelayNodesTest, WhatAPeerHadSentBeforeItCameWaitsNoLonger) {
  attach(a_, "a");
  backend_.forwarding = Backend::Forwarding::Apart;
  settle(a_, Admission::Resumed,
         {{}, {}, {}, {{"x", MessageType::Offer, text("OFFER", "a", "x"), now_ - 4s}}});
  a_.take();
  pass(1s);
  EXPECT_EQ(a_.take(), Texts{text("EXPIRE", "x", "a")});
}

TEST_F(RelayNodesTest, GivesAnInheritanceThatComesLate) {
  join(a_, "a");
  settle(a_, Admission::Resumed, {{"y"}, {"late"}, {}, {}});
  EXPECT_EQ(a_.take(), Texts{"late"});
  relay_.detach(a_, End::GoingAway, now_);
  EXPECT_EQ(backend_.take(), Texts{text("LEAVE", "a", "y")});
}

TEST_F(RelayNodesTest, SendsOnWhatAPeerHadSentBeforeItCame) {
  join(b_, "b");
  attach(a_, "a");
  settle(a_, Admission::Resumed,
         {{},
          {},
          {},
          {{"b", MessageType::Offer, text("OFFER", "a", "b"), now_},
           {"x", MessageType::Offer, text("OFFER", "a", "x"), now_},
           {"x", MessageType::Candidate, text("CANDIDATE", "a", "x"), now_}}});
  EXPECT_EQ(b_.take(), Texts{text("OFFER", "a", "b")});
  EXPECT_EQ(backend_.take(), (Texts{text("OFFER", "a", "x"), text("CANDIDATE", "a", "x")}));
  relay_.detach(a_, End::GoingAway, now_);
  EXPECT_EQ(b_.take(), Texts{text("LEAVE", "a", "b")});
}

TEST_F(RelayNodesTest, WhatAPeerHadSentBeforeItCameWaitsInOrderAndExpires) {
  attach(a_, "a");
  backend_.forwarding = Backend::Forwarding::Apart;
  settle(a_, Admission::Resumed,
         {{}, {}, {}, {{"x", MessageType::Offer, text("OFFER", "a", "x"), now_}}});
  EXPECT_EQ(receive(a_, sent_to("x", "CANDIDATE")), Receipt::Kept);
  backend_.forwarding = Backend::Forwarding::Taken;
  relay_.on_reconnect();
  EXPECT_EQ(backend_.take(), (Texts{text("OFFER", "a", "x"), text("CANDIDATE", "a", "x")}));
  relay_.on_returned(forwarded_as(a_, "x"), now_);
  a_.take();
  pass(5s);
  EXPECT_EQ(a_.take(), Texts{text("EXPIRE", "x", "a")});
}

TEST_F(RelayNodesTest, WhatAPeerThatHasMovedHadSentFollowsIt) {
  join(a_, "a");
  const Registration registration = a_.peer()->registration;
  const Instant first = now_;
  receive(a_, sent_to("x"));
  relay_.on_returned(forwarded(), now_);
  pass(1s);
  receive(a_, sent_to("x", "CANDIDATE"));
  receive(a_, sent_to("y"));
  relay_.hand_over("peerjs", "a");
  relay_.on_returned(forwarded_as(registration, "a", "y"), now_);
  EXPECT_EQ(relay_.take_sent("peerjs", registration),
            (std::vector<Inheritance::Sent>{
                {"x", MessageType::Offer, text("OFFER", "a", "x"), first},
                {"x", MessageType::Candidate, text("CANDIDATE", "a", "x"), first},
                {"y", MessageType::Offer, text("OFFER", "a", "y"), first + 1s}}))
      << "each waits since its attempt does";
  EXPECT_TRUE(relay_.take_sent("peerjs", registration).empty());
  backend_.take();
  pass(5s);
  EXPECT_EQ(backend_.take(), Texts{}) << "it is its new node that says when they expire";
}

TEST_F(RelayNodesTest, BequeathsWhatAPeerHasWhenTheServerStops) {
  join(a_, "a");
  join(b_, "b");
  receive(a_, sent_to("b"));
  deliver_offer("x", "a");
  receive(a_, sent_to("y"));
  relay_.on_returned(forwarded(), now_);
  a_.unsent = {"unsent"};
  relay_.detach(a_, End::ServerStops, now_);
  ASSERT_EQ(backend_.bequeathed.size(), 1U);
  EXPECT_EQ(backend_.bequeathed[0].first, "a");
  EXPECT_EQ(
      backend_.bequeathed[0].second,
      (Inheritance{
          {"b", "x"}, {"unsent"}, {}, {{"y", MessageType::Offer, text("OFFER", "a", "y"), now_}}}));
  EXPECT_EQ(backend_.released, Texts{});
  backend_.take();
  relay_.detach(b_, End::GoingAway, now_);
  EXPECT_EQ(backend_.take(), Texts{text("LEAVE", "b", "a")}) << "it has gone on elsewhere";
}

TEST_F(RelayNodesTest, BequeathsWhatALostPeerHasWhenTheServerStops) {
  join(a_, "a");
  join(b_, "b");
  receive(b_, sent_to("a"));
  a_.unsent = {"unsent"};
  relay_.detach(a_, End::Lost, now_);
  receive(b_, sent_to("a", "CANDIDATE"));
  relay_.bequeath_lost();
  ASSERT_EQ(backend_.bequeathed.size(), 1U);
  EXPECT_EQ(backend_.bequeathed[0].first, "a");
  EXPECT_EQ(backend_.bequeathed[0].second, (Inheritance{{"b"}, {"unsent"}, {}, {}}));
  EXPECT_EQ(find("a"), nullptr);
  EXPECT_NE(find("b"), nullptr);
  EXPECT_EQ(backend_.take(), Texts{text("CANDIDATE", "b", "a")}) << "to where it may be already";
  relay_.on_returned(forwarded_as(b_, "a"), now_);
  pass(5s);
  EXPECT_EQ(b_.take(), Texts{text("EXPIRE", "a", "b")});
  pass(25s);
  EXPECT_EQ(b_.take(), Texts{}) << "no LEAVE";
}

TEST_F(RelayNodesTest, TellsAtTheEndOfWhatWillNotBeDelivered) {
  join(a_, "a");
  relay_.detach(a_, End::Lost, now_);
  deliver_offer("x", "a");
  relay_.bequeath_lost();
  relay_.on_returned(forwarded(), now_);
  backend_.take();
  relay_.give_up_waiting(now_);
  EXPECT_EQ(backend_.take(), Texts{text("EXPIRE", "a", "x")});
  EXPECT_FALSE(relay_.keeps_messages());
}

TEST_F(RelayNodesTest, BequeathsWhatALostPeerIsToBeTold) {
  join(a_, "a");
  join(b_, "b");
  receive(b_, sent_to("a"));
  relay_.detach(a_, End::Lost, now_);
  relay_.detach(b_, End::GoingAway, now_);
  relay_.bequeath_lost();
  ASSERT_EQ(backend_.bequeathed.size(), 1U);
  EXPECT_EQ(backend_.bequeathed[0].second, (Inheritance{{}, {text("LEAVE", "b", "a")}, {}, {}}));
}

TEST_F(RelayNodesTest, APeerThatIsPendingWhenTheServerStopsJustEnds) {
  attach(a_, "a");
  relay_.detach(a_, End::ServerStops, now_);
  EXPECT_TRUE(backend_.bequeathed.empty());
  EXPECT_EQ(backend_.released, Texts{"a"});
}

TEST_F(RelayNodesTest, TellsAPeerThatItHasLostItsId) {
  join(a_, "a");
  join(b_, "b");
  receive(a_, sent_to("b"));
  b_.take();
  relay_.displace(claim_of(a_), now_);
  EXPECT_EQ(a_.take(), Texts{R"({"type":"ID-TAKEN","payload":{"msg":"ID is taken"}})"});
  EXPECT_EQ(a_.closed, End::Displaced);
  EXPECT_EQ(backend_.released, Texts{});
  EXPECT_EQ(b_.take(), Texts{}) << "its calls may live on";
}

TEST_F(RelayNodesTest, ProbesAPeerWhoseIdIsWantedOnAnotherNode) {
  join(a_, "a");
  relay_.challenge("peerjs", "a", now_);
  EXPECT_EQ(a_.probes, 1);
  pass(2s);
  EXPECT_EQ(a_.closed, End::Silent);
}

}  // namespace
}  // namespace peerjsd::core
