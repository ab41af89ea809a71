// Peers of a relay that is one node of several: their ids, and what they take along.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "relay_nodes_fixture.hpp"
#include <gtest/gtest.h>

namespace peerjsd::core {
namespace {

class RelayMovesTest : public RelayNodesFixture {};

// Ids

TEST_F(RelayMovesTest, OpensAPeerWhenItHasItsId) {
  EXPECT_EQ(attach(a_, "a"), Admission::Pending);
  EXPECT_EQ(backend_.claimed, Texts{"a"});
  EXPECT_EQ(a_.sent, Texts{});
  settle(a_, Admission::Opened);
  EXPECT_EQ(a_.answer, Admission::Opened);
  EXPECT_EQ(a_.sent, Texts{kOpen});
  EXPECT_EQ(relay_.counters().admissions.of(Admission::Opened), 1U);
}

TEST_F(RelayMovesTest, TellsAPeerThatItsIdIsTakenElsewhere) {
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

TEST_F(RelayMovesTest, RefusesAtOnceWhereNobodyCanBeAsked) {
  backend_.answer = Backend::Answer::No;
  EXPECT_EQ(attach(a_, "a"), Admission::Unavailable);
  EXPECT_EQ(a_.peer(), nullptr);
  EXPECT_EQ(find("a"), nullptr);
  EXPECT_EQ(relay_.realm("peerjs")->connected(kGroup), 0U);
}

TEST_F(RelayMovesTest, KnowsNobodyWhoIsPending) {
  attach(a_, "a");
  EXPECT_EQ(relay_.peer_of({"peerjs", "a", "token"}), nullptr);
  settle(a_, Admission::Opened);
  EXPECT_EQ(relay_.peer_of({"peerjs", "a", "token"}), a_.peer());
}

TEST_F(RelayMovesTest, NeitherReachesNorHearsAPeerThatIsPending) {
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

TEST_F(RelayMovesTest, SendsOnWhatWaitedForAPeerThatWasRefused) {
  join(b_, "b");
  attach(a_, "a");
  receive(b_, sent_to("a"));
  EXPECT_EQ(backend_.take(), Texts{});
  settle(a_, Admission::IdTaken);
  EXPECT_EQ(backend_.take(), Texts{text("OFFER", "b", "a")});
}

TEST_F(RelayMovesTest, APeerThatIsPendingDoesNotStandForTheOneThatHasItsId) {
  join(b_, "b");
  attach(a_, "x", "another");
  deliver_offer("x", "b");
  EXPECT_EQ(b_.take(), Texts{text("OFFER", "x", "b")});
  settle(a_, Admission::IdTaken);
  backend_.take();
  leave(b_);
  EXPECT_EQ(backend_.take(), Texts{text("LEAVE", "b", "x")});
}

TEST_F(RelayMovesTest, APeerThatIsPendingIsNoPartnerYet) {
  join(b_, "b");
  attach(a_, "x", "another");
  relay_.settle(claim_of(b_), Admission::Resumed, {.partners = {partner("x")}}, now_);
  settle(a_, Admission::IdTaken);
  leave(b_);
  EXPECT_EQ(backend_.take(), Texts{text("LEAVE", "b", "x")});
}

TEST_F(RelayMovesTest, WhatIsToldToAnIdThatIsPendingIsForWhoeverHasIt) {
  attach(a_, "x", "another");
  deliver_expire("y", "x");
  settle(a_, Admission::IdTaken);
  EXPECT_EQ(backend_.take(), Texts{text("EXPIRE", "y", "x")});
}

TEST_F(RelayMovesTest, NobodyIsRefusedForAnIdThatAnotherHasOnlyAskedFor) {
  attach(a_, "x", "another");
  EXPECT_EQ(attach(b_, "x"), Admission::Contested);
  EXPECT_EQ(b_.peer(), nullptr);
  EXPECT_EQ(a_.probes, 0);
  settle(a_, Admission::IdTaken);
  EXPECT_EQ(attach(b_, "x"), Admission::Pending);
  EXPECT_EQ(relay_.counters().admissions.of(Admission::IdTaken), 1U);
}

TEST_F(RelayMovesTest, SaysThatAPeerWithoutAnAnswerHasComeOnceMore) {
  attach(a_, "a");
  EXPECT_EQ(backend_.returned, Texts{});
  EXPECT_EQ(attach(b_, "a"), Admission::Pending);
  EXPECT_EQ(backend_.returned, Texts{"a"});
  settle(b_, Admission::Opened);
  EXPECT_EQ(attach(a_, "a"), Admission::Resumed);
  EXPECT_EQ(backend_.returned, Texts{"a"});
  EXPECT_EQ(backend_.claimed, Texts{"a"});
}

TEST_F(RelayMovesTest, GivesUpTheClaimOfAPeerThatEndsBeforeItsAnswer) {
  attach(a_, "a");
  const Claim claim = claim_of(a_);
  relay_.detach(a_, End::ClosedWithoutCode, now_);
  EXPECT_EQ(backend_.released, Texts{"a"});
  EXPECT_EQ(find("a"), nullptr);
  attach(b_, "a", "another");
  relay_.settle(claim, Admission::Opened, {}, now_);
  EXPECT_EQ(b_.sent, Texts{}) << "an answer to another claim";
}

TEST_F(RelayMovesTest, ReleasesTheIdOfANewPeerThatIsLostBeforeItsAnswer) {
  const Claim claim = lose_before_answer(a_, "a");
  EXPECT_EQ(backend_.released, Texts{}) << "it may be one that was connected elsewhere";
  relay_.settle(claim, Admission::Opened, {}, now_);
  EXPECT_EQ(backend_.released, Texts{"a"});
  EXPECT_EQ(find("a"), nullptr) << "there is nothing to come back to";
  EXPECT_EQ(relay_.realm("peerjs")->connected(kGroup), 0U);
}

TEST_F(RelayMovesTest, ForgetsAPeerThatIsLostAndThenRefused) {
  const Claim claim = lose_before_answer(a_, "a");
  relay_.settle(claim, Admission::IdTaken, {}, now_);
  EXPECT_EQ(find("a"), nullptr);
  EXPECT_EQ(backend_.released, Texts{}) << "it never had it";
  EXPECT_EQ(relay_.realm("peerjs")->connected(kGroup), 0U);
}

TEST_F(RelayMovesTest, KeepsWhatAPeerInheritsThatIsLostBeforeItsAnswer) {
  join(b_, "b");
  const Claim claim = lose_before_answer(a_, "a");
  relay_.settle(claim, Admission::Resumed,
                {.partners = {partner("b")}, .kept = {own("1"), own("2")}}, now_);
  EXPECT_EQ(backend_.released, Texts{});
  EXPECT_EQ(attach(c_, "a"), Admission::Resumed);
  EXPECT_EQ(c_.take(), (Texts{kOpen, "1", "2"}));
  lose(c_);
  pass(30s);
  EXPECT_EQ(b_.take(), Texts{text("LEAVE", "a", "b")});
}

TEST_F(RelayMovesTest, ThePartnersHearOfAPeerThatWasLostBeforeItsAnswerAndStaysAway) {
  join(b_, "b");
  relay_.settle(lose_before_answer(a_, "a"), Admission::Resumed, {.partners = {partner("b")}},
                now_);
  pass(29s);
  EXPECT_EQ(b_.take(), Texts{});
  pass(1s);
  EXPECT_EQ(b_.take(), Texts{text("LEAVE", "a", "b")});
  EXPECT_EQ(backend_.released, Texts{"a"});
}

TEST_F(RelayMovesTest, KeepsWhatIsToldToAPeerThatIsPendingAndReconnects) {
  attach(a_, "a");
  deliver_expire("b", "a");
  EXPECT_EQ(attach(c_, "a"), Admission::Pending);
  settle(c_, Admission::Resumed, {.kept = {own("inherited")}});
  EXPECT_EQ(c_.take(), (Texts{kOpen, "inherited", text("EXPIRE", "b", "a")}));
}

TEST_F(RelayMovesTest, APeerThatIsPendingCanBeHandedOn) {
  lose_before_answer(a_, "a");
  const Instant first = now_;
  deliver_expire("b", "a");
  deliver_offer("b", "a");
  deliver("x", "a", MessageType::Leave, "x has left");
  pass(1s);
  deliver_offer("c", "a");
  pass(1s);
  const auto inheritance = relay_.hand_over("peerjs", "a", now_);
  ASSERT_TRUE(inheritance);
  EXPECT_EQ(
      inheritance->kept,
      (Keepsakes{{"", MessageType::Expire, text("EXPIRE", "b", "a"), first, mark("a"), mark("a")},
                 kept_offer("b", "a", first),
                 kept("x", MessageType::Leave, "x has left", first),
                 kept_offer("c", "a", first + 1s)}));
  EXPECT_EQ(find("a"), nullptr);
}

TEST_F(RelayMovesTest, OpensOnTheConnectionThatAPendingPeerHasLast) {
  attach(a_, "a");
  EXPECT_EQ(attach(b_, "a"), Admission::Pending);
  EXPECT_EQ(a_.closed, End::Replaced);
  EXPECT_EQ(backend_.claimed, Texts{"a"});
  EXPECT_EQ(attach(c_, "a", "another"), Admission::Contested);
  settle(b_, Admission::Opened);
  EXPECT_EQ(a_.sent, Texts{});
  EXPECT_EQ(b_.sent, Texts{kOpen});
}

TEST_F(RelayMovesTest, ReleasesTheIdAtTheEndOfThePeerNotOfItsConnection) {
  join(a_, "a");
  lose(a_);
  EXPECT_EQ(backend_.released, Texts{});
  pass(30s);
  EXPECT_EQ(backend_.released, Texts{"a"});
}

TEST_F(RelayMovesTest, ResumesHereWithoutAsking) {
  join(a_, "a");
  EXPECT_EQ(attach(b_, "a"), Admission::Resumed);
  EXPECT_EQ(backend_.claimed, Texts{"a"});
}

// Limits

class RelayRoomTest : public RelayMovesTest {
 protected:
  /// A lost peer of the owner "owner", and its partner.
  void lose_one() {
    join(b_, "b");
    ASSERT_EQ(attach_of(a_, "lost", "owner", 1), Admission::Pending);
    settle(a_, Admission::Opened, {.partners = {partner("b")}});
    lose(a_);
  }

  void expect_lost_to_be_there() {
    EXPECT_NE(find("lost"), nullptr);
    EXPECT_EQ(b_.take(), Texts{});
    EXPECT_EQ(backend_.released, Texts{});
  }
  void expect_lost_to_have_left() {
    EXPECT_EQ(find("lost"), nullptr);
    EXPECT_EQ(b_.take(), Texts{text("LEAVE", "lost", "b")});
    EXPECT_EQ(backend_.released, Texts{"lost"});
  }
};

TEST_F(RelayRoomTest, NobodyYieldsToAPeerThatMayNotHaveItsId) {
  lose_one();
  limit_to(2);
  EXPECT_EQ(attach(c_, "c"), Admission::Pending);
  expect_lost_to_be_there();
  settle(c_, Admission::IdTaken);
  expect_lost_to_be_there();
  backend_.answer = Backend::Answer::No;
  EXPECT_EQ(attach(c_, "c"), Admission::Unavailable);
  expect_lost_to_be_there();
}

TEST_F(RelayRoomTest, TheLostYieldsToAPeerWhenThatHasItsId) {
  lose_one();
  limit_to(2);
  attach(c_, "c");
  settle(c_, Admission::Opened);
  expect_lost_to_have_left();
}

TEST_F(RelayRoomTest, NoneOfItsOwnerYieldsToAPeerThatMayNotHaveItsId) {
  lose_one();
  EXPECT_EQ(attach_of(c_, "c", "owner", 1), Admission::Pending);
  settle(c_, Admission::Unavailable);
  expect_lost_to_be_there();
}

TEST_F(RelayRoomTest, TheLostOfItsOwnerYieldsToAPeerWhenThatHasItsId) {
  lose_one();
  attach_of(c_, "c", "owner", 1);
  settle(c_, Admission::Opened);
  expect_lost_to_have_left();
}

TEST_F(RelayRoomTest, ThePlaceOfALostPeerIsGivenOnce) {
  lose_one();
  limit_to(2);
  RecordingTransport d;
  EXPECT_EQ(attach(c_, "c"), Admission::Pending);
  EXPECT_EQ(attach(d, "d"), Admission::LimitReached);
  EXPECT_EQ(attach_of(d, "d", "owner", 1), Admission::LimitReached);
}

TEST_F(RelayRoomTest, ThePlaceOfALostPeerOfAnOwnerIsGivenOnce) {
  lose_one();
  RecordingTransport d;
  EXPECT_EQ(attach_of(c_, "c", "owner", 1), Admission::Pending);
  EXPECT_EQ(attach_of(d, "d", "owner", 1), Admission::OwnerLimitReached);
}

TEST_F(RelayRoomTest, OnlyWhoIsCountedYieldsToAnotherOfItsOwner) {
  lose_one();
  RecordingTransport d;
  EXPECT_EQ(attach(c_, "c", "another"), Admission::Pending) << "without a limit then";
  settle(c_, Admission::Opened);
  lose(c_);
  EXPECT_EQ(attach_of(c_, "c2", "another", 1), Admission::Pending);
  EXPECT_EQ(attach_of(d, "d", "another", 1), Admission::OwnerLimitReached);
  settle(c_, Admission::Opened);
  EXPECT_NE(find("c"), nullptr);
  expect_lost_to_be_there();
}

TEST_F(RelayRoomTest, ANewPeerHearsOfTheEndOfItsPartnerThatYieldsAfterAllElse) {
  lose_one();
  limit_to(2);
  attach(c_, "c");
  settle(c_, Admission::Resumed,
         {.partners = {{"lost", mark("lost", "owner")}}, .kept = {own("an OFFER of it", "c")}});
  EXPECT_EQ(c_.take(), (Texts{kOpen, "an OFFER of it", text("LEAVE", "lost", "c")}));
}

TEST_F(RelayRoomTest, SoDoesOneThatIsLetInWithoutAsking) {
  join(b_, "b");
  attach(a_, "lost");
  settle(a_, Admission::Opened, {.partners = {partner("c")}});
  lose(a_);
  limit_to(2);
  backend_.answer = Backend::Answer::Yes;
  EXPECT_EQ(attach(c_, "c"), Admission::Opened);
  EXPECT_EQ(c_.take(), (Texts{kOpen, text("LEAVE", "lost", "c")}));
}

TEST_F(RelayRoomTest, PeersThatAreLostBeforeTheirAnswersDoNotGrowInNumber) {
  lose_one();
  limit_to(2);
  RecordingTransport d;
  for (const std::string id : {"1", "2", "3"}) {
    const Claim claim = lose_before_answer(d, id);
    relay_.settle(claim, Admission::Resumed, {}, now_);
    EXPECT_EQ(relay_.realm("peerjs")->size(), 2U) << "b and one that may come back";
  }
  EXPECT_NE(find("3"), nullptr);
}

TEST_F(RelayRoomTest, APeerThatGoesBeforeItsAnswerHasItsPlaceUntilThen) {
  lose_one();
  limit_to(2);
  const Claim claim = lose_before_answer(c_, "c");
  EXPECT_EQ(attach(c_, "d"), Admission::LimitReached);
  relay_.settle(claim, Admission::Opened, {}, now_);
  EXPECT_EQ(std::exchange(backend_.released, {}), Texts{"c"});
  expect_lost_to_be_there();
}

TEST_F(RelayRoomTest, NobodyYieldsBecauseOfPeersThatMayStillBeRefused) {
  lose_one();
  limit_to(3);
  RecordingTransport d;
  EXPECT_EQ(attach(c_, "c"), Admission::Pending);
  EXPECT_EQ(attach(d, "d"), Admission::Pending);
  settle(c_, Admission::Opened);
  expect_lost_to_be_there();
  settle(d, Admission::Opened);
  expect_lost_to_have_left();
}

TEST_F(RelayRoomTest, WhoComesBackMeanwhileHasItsPlace) {
  lose_one();
  limit_to(2);
  attach(c_, "c");
  EXPECT_EQ(attach_of(a_, "lost", "owner", 1), Admission::Resumed);
  settle(c_, Admission::Opened);
  EXPECT_EQ(c_.answer, Admission::LimitReached);
  EXPECT_EQ(c_.peer(), nullptr);
  EXPECT_EQ(find("c"), nullptr);
  EXPECT_EQ(std::exchange(backend_.released, {}), Texts{"c"});
  expect_lost_to_be_there();
}

TEST_F(RelayRoomTest, WhoComesBackMeanwhileHasItsPlaceAmongThoseOfItsOwner) {
  lose_one();
  attach_of(c_, "c", "owner", 1);
  EXPECT_EQ(attach_of(a_, "lost", "owner", 1), Admission::Resumed);
  settle(c_, Admission::Opened);
  EXPECT_EQ(c_.answer, Admission::OwnerLimitReached);
  EXPECT_EQ(std::exchange(backend_.released, {}), Texts{"c"});
  expect_lost_to_be_there();
}

TEST_F(RelayRoomTest, WhoHasMovedHereStaysEvenIfThereIsOneTooMany) {
  lose_one();
  limit_to(2);
  attach(c_, "c");
  EXPECT_EQ(attach_of(a_, "lost", "owner", 1), Admission::Resumed);
  settle(c_, Admission::Resumed);
  EXPECT_EQ(c_.take(), Texts{kOpen});
  expect_lost_to_be_there();
}

// What they take along

TEST_F(RelayMovesTest, HandsAPeerOverWithAllItHas) {
  join(a_, "a");
  join(b_, "b");
  receive(b_, sent_to("a"));
  deliver_offer("x", "a");
  a_.unsent = a_.take();
  const auto inheritance = relay_.hand_over("peerjs", "a", now_);
  ASSERT_TRUE(inheritance);
  EXPECT_EQ(inheritance->partners, (std::vector<PartnerElsewhere>{partner("x"), partner("b")}));
  EXPECT_EQ(inheritance->kept,
            (Keepsakes{own(text("OFFER", "b", "a")), own(text("OFFER", "x", "a"))}));
  EXPECT_EQ(a_.closed, End::Replaced);
  EXPECT_EQ(find("a"), nullptr);
  EXPECT_EQ(backend_.released, Texts{}) << "it is another node's now";
  EXPECT_EQ(b_.take(), Texts{}) << "no LEAVE";
}

TEST_F(RelayMovesTest, HandsOverALostPeerWithWhatHasWaited) {
  join(a_, "a");
  join(b_, "b");
  a_.unsent = {"unsent"};
  lose(a_);
  receive(b_, sent_to("a"));
  const auto inheritance = relay_.hand_over("peerjs", "a", now_);
  ASSERT_TRUE(inheritance);
  EXPECT_TRUE(inheritance->partners.empty());
  EXPECT_EQ(inheritance->kept, (Keepsakes{own("unsent"), kept_offer("b", "a", now_)}));
  pass(30s);
  EXPECT_EQ(b_.take(), Texts{});
}

TEST_F(RelayMovesTest, HandsOverWhatALostPeerWasToldAmongWhatHasWaited) {
  join(a_, "a");
  deliver_offer("x", "a");
  lose(a_);
  deliver_expire("y", "a");
  const Instant first = now_;
  deliver_offer("b", "a");
  pass(1s);
  deliver("x", "a", MessageType::Leave, "x has left");
  deliver("b", "a", MessageType::Candidate, "of b");
  deliver_expire("z", "a");
  const auto inheritance = relay_.hand_over("peerjs", "a", now_);
  ASSERT_TRUE(inheritance);
  ASSERT_EQ(inheritance->kept.size(), 5U);
  EXPECT_EQ(inheritance->kept[0], own(text("EXPIRE", "y", "a")));
  EXPECT_EQ(inheritance->kept[1], kept_offer("b", "a", first));
  EXPECT_EQ(inheritance->kept[2], leave_of("x"));
  EXPECT_EQ(inheritance->kept[3].text, "of b");
  EXPECT_EQ(inheritance->kept[4], own(text("EXPIRE", "z", "a"))) << "it waits since now";
}

TEST_F(RelayMovesTest, ThePartnersOfAPeerThatMovedTellItWhenTheyLeave) {
  join(a_, "a");
  join(b_, "b");
  receive(a_, sent_to("b"));
  relay_.hand_over("peerjs", "a", now_);
  backend_.take();
  leave(b_);
  EXPECT_EQ(backend_.take(), Texts{text("LEAVE", "b", "a")});
}

TEST_F(RelayMovesTest, HasNothingToHandOverOfWhoIsNotHere) {
  EXPECT_FALSE(relay_.hand_over("peerjs", "a", now_));
  EXPECT_FALSE(relay_.hand_over("another key", "a", now_));
}

TEST_F(RelayMovesTest, GivesAPeerItsInheritanceBeforeAllElse) {
  join(b_, "b");
  attach(a_, "a");
  deliver_offer("x", "a");
  settle(a_, Admission::Resumed,
         {.partners = {partner("b"), partner("y")},
          .kept = {own("first"), kept("y", MessageType::Candidate, "second", now_)}});
  EXPECT_EQ(a_.answer, Admission::Resumed);
  EXPECT_EQ(a_.take(), (Texts{kOpen, "first", "second", text("OFFER", "x", "a")}));
  leave(a_);
  EXPECT_EQ(b_.take(), Texts{text("LEAVE", "a", "b")});
  EXPECT_EQ(backend_.take(), (Texts{text("LEAVE", "a", "x"), text("LEAVE", "a", "y")}));
}

TEST_F(RelayMovesTest, GivesAPeerWhatWaitedForItElsewhere) {
  join(b_, "b");
  attach(a_, "a");
  settle(a_, Admission::Resumed,
         {.kept = {own("first"), kept_offer("b", "a", now_), kept_offer("y", "a", now_)}});
  EXPECT_EQ(a_.take(), (Texts{kOpen, "first", text("OFFER", "b", "a"), text("OFFER", "y", "a")}));
  leave(a_);
  EXPECT_EQ(b_.take(), Texts{text("LEAVE", "a", "b")});
  EXPECT_EQ(backend_.take(), Texts{text("LEAVE", "a", "y")});
}

TEST_F(RelayMovesTest, WhatWaitedElsewhereTiesAPeerToItsSenderOnly) {
  join(b_, "b");
  attach(a_, "a");
  settle(
      a_, Admission::Resumed,
      {.kept = {{"b", MessageType::Offer, text("OFFER", "b", "a"), now_, mark("b", "another")}}});
  EXPECT_EQ(a_.take(), (Texts{kOpen, text("OFFER", "b", "a")}));
  leave(b_);
  EXPECT_EQ(a_.take(), Texts{}) << "it has the id of one that has ended";
}

TEST_F(RelayMovesTest, WhatWasToldElsewhereToWhoHadTheIdBeforeIsNotForWhoInheritsIt) {
  attach(a_, "a");
  settle(a_, Admission::Resumed, {.kept = {own("told to another", "a", "another"), own("told")}});
  EXPECT_EQ(a_.take(), (Texts{kOpen, "told"}));
}

TEST_F(RelayMovesTest, WhatALostPeerWasToldElsewhereStaysAmongWhatHasWaited) {
  relay_.settle(lose_before_answer(a_, "a"), Admission::Resumed,
                {.kept = {own("first"), kept("x", MessageType::Offer, "of x", now_), own("told"),
                          kept("x", MessageType::Candidate, "then", now_), leave_of("y")}},
                now_);
  attach(b_, "a");
  EXPECT_EQ(b_.take(), (Texts{kOpen, "first", "of x", "told", "then", "y has left"}));
}

TEST_F(RelayMovesTest, WhoLeavesAfterWhatWaitsOfItIsNoPartnerByThat) {
  join(a_, "a");
  lose(a_);
  deliver_offer("x", "a");
  deliver("x", "a", MessageType::Leave, "x has left");
  attach(b_, "a");
  EXPECT_EQ(b_.take(), (Texts{kOpen, text("OFFER", "x", "a"), "x has left"}));
  leave(b_);
  EXPECT_EQ(backend_.take(), Texts{}) << "another peer may have its id by then";
}

TEST_F(RelayMovesTest, NorWherePeersGoOnBeforeTheyHear) {
  const Inheritance inheritance{
      .kept = {kept_offer("x", "a", now_), kept("x", MessageType::Leave, "x has left", now_)}};
  const Texts heard{kOpen, text("OFFER", "x", "a"), "x has left"};
  attach(a_, "a");
  settle(a_, Admission::Resumed, inheritance);
  EXPECT_EQ(a_.take(), heard);
  leave(a_);
  EXPECT_EQ(backend_.take(), Texts{});
  relay_.settle(lose_before_answer(b_, "a"), Admission::Resumed, inheritance, now_);
  attach(b_, "a");
  EXPECT_EQ(b_.take(), heard);
  leave(b_);
  EXPECT_EQ(backend_.take(), Texts{});
}

/// `a`, a partner of `c`, is lost before what it had elsewhere has come.
class RelayLateInheritanceTest : public RelayMovesTest {
 protected:
  void SetUp() override {
    join(a_, "a");
    claim_ = claim_of(a_);
    deliver_offer("c", "a");
    lose(a_);
  }

  void inherit(const std::vector<Inheritance::Kept>& kept) {
    relay_.settle(claim_, Admission::Resumed, {.kept = kept}, now_);
  }

  Claim claim_;
};

TEST_F(RelayLateInheritanceTest, GoesBeforeWhatThePeerWasToldHereWhichKeepsItsPlace) {
  deliver("c", "a", MessageType::Leave, "c has left");
  deliver("c", "a", MessageType::Offer, "c again");
  inherit({kept("d", MessageType::Offer, "of d", now_), own("told")});
  attach(b_, "a");
  EXPECT_EQ(b_.take(), (Texts{kOpen, "of d", "told", "c has left", "c again"}));
}

TEST_F(RelayLateInheritanceTest, TakesWhatASenderSaidAfterItAlong) {
  deliver("c", "a", MessageType::Candidate, "then");
  deliver("c", "a", MessageType::Leave, "c has left");
  inherit({kept("c", MessageType::Answer, "late", now_)});
  attach(b_, "a");
  EXPECT_EQ(b_.take(), (Texts{kOpen, "late", "then", "c has left"}));
}

TEST_F(RelayMovesTest, AMessageThatHasWaitedIsOfWhoHasComeHereMeanwhile) {
  join(a_, "a");
  lose(a_);
  deliver_offer("b", "a");
  ASSERT_EQ(attach(c_, "b"), Admission::Pending);
  settle(c_, Admission::Resumed, {.partners = {partner("a")}});
  attach(a_, "a");
  a_.take();
  leave(c_);
  EXPECT_EQ(a_.take(), Texts{text("LEAVE", "b", "a")});
  leave(a_);
  EXPECT_EQ(backend_.take(), Texts{}) << "nobody else is its partner";
}

TEST_F(RelayMovesTest, WhatALostPeerHadElsewhereAndComesLateGoesBeforeWhatItWasToldHere) {
  join(a_, "a");
  const Claim claim = claim_of(a_);
  lose(a_);
  deliver_expire("x", "a");
  relay_.settle(claim, Admission::Resumed, {.kept = {own("late")}}, now_);
  attach(b_, "a");
  EXPECT_EQ(b_.take(), (Texts{kOpen, "late", text("EXPIRE", "x", "a")}));
}

TEST_F(RelayMovesTest, WhatWaitedElsewhereForAPeerThatIsLostWaitsForNoLongerThanBefore) {
  join(a_, "a");
  join(b_, "b");
  lose(a_);
  const Claim claim{"peerjs", "a", find("a")->registration};
  relay_.settle(claim, Admission::Resumed, {.kept = {kept_offer("b", "a", now_ - 4s)}}, now_);
  pass(999ms);
  EXPECT_EQ(b_.take(), Texts{});
  pass(1ms);
  EXPECT_EQ(b_.take(), Texts{text("EXPIRE", "a", "b")});
  attach(a_, "a");
  EXPECT_EQ(a_.take(), Texts{kOpen});
}

TEST_F(RelayMovesTest, WhatWaitedElsewhereForAPeerThatIsLostIsThereWhenItComes) {
  join(a_, "a");
  join(b_, "b");
  lose(a_);
  const Claim claim{"peerjs", "a", find("a")->registration};
  relay_.settle(claim, Admission::Resumed, {.kept = {own("first"), kept_offer("b", "a", now_)}},
                now_);
  attach(a_, "a");
  EXPECT_EQ(a_.take(), (Texts{kOpen, "first", text("OFFER", "b", "a")}));
  leave(a_);
  EXPECT_EQ(b_.take(), Texts{text("LEAVE", "a", "b")});
}

TEST_F(RelayMovesTest, WhatWaitedElsewhereGoesBeforeWhatHasComeHereMeanwhile) {
  const Claim claim = lose_before_answer(a_, "a");
  pass(1s);
  deliver("x", "a", MessageType::Candidate, "second");
  relay_.settle(claim, Admission::Resumed,
                {.kept = {kept("x", MessageType::Offer, "first", now_ - 2s)}}, now_);
  pass(1s);
  attach(b_, "a");
  EXPECT_EQ(b_.take(), (Texts{kOpen, "first", "second"}));
}

TEST_F(RelayMovesTest, WhatWaitedElsewhereExpiresInTimeWhateverHasComeHereMeanwhile) {
  const Claim claim = lose_before_answer(a_, "a");
  pass(1s);
  deliver("x", "a", MessageType::Candidate, "second");
  relay_.settle(claim, Admission::Resumed,
                {.kept = {kept("x", MessageType::Offer, "first", now_ - 2s)}}, now_);
  backend_.take();
  pass(3s);
  EXPECT_EQ(backend_.take(), Texts{text("EXPIRE", "a", "x")});
}

TEST_F(RelayMovesTest, WhatAPeerHadSentBeforeItCameWaitsForNoLongerThanBefore) {
  attach(a_, "a");
  backend_.forwarding = Backend::Forwarding::Apart;
  settle(a_, Admission::Resumed,
         {.sent = {{"x", MessageType::Offer, text("OFFER", "a", "x"), now_ - 4s}}});
  a_.take();
  pass(1s);
  EXPECT_EQ(a_.take(), Texts{text("EXPIRE", "x", "a")});
}

TEST_F(RelayMovesTest, GivesAnInheritanceThatComesLate) {
  join(a_, "a");
  settle(a_, Admission::Resumed, {.partners = {partner("y")}, .kept = {own("late")}});
  EXPECT_EQ(a_.take(), Texts{"late"});
  EXPECT_EQ(a_.grants, 1);
  settle(a_, Admission::Resumed);
  EXPECT_EQ(a_.grants, 1) << "nothing has come";
  leave(a_);
  EXPECT_EQ(backend_.take(), Texts{text("LEAVE", "a", "y")});
}

TEST_F(RelayMovesTest, SendsOnWhatAPeerHadSentBeforeItCame) {
  join(b_, "b");
  attach(a_, "a");
  settle(a_, Admission::Resumed,
         {.sent = {{"b", MessageType::Offer, text("OFFER", "a", "b"), now_},
                   {"x", MessageType::Offer, text("OFFER", "a", "x"), now_},
                   {"x", MessageType::Candidate, text("CANDIDATE", "a", "x"), now_}}});
  EXPECT_EQ(b_.take(), Texts{text("OFFER", "a", "b")});
  EXPECT_EQ(backend_.take(), (Texts{text("OFFER", "a", "x"), text("CANDIDATE", "a", "x")}));
  leave(a_);
  EXPECT_EQ(b_.take(), Texts{text("LEAVE", "a", "b")});
}

TEST_F(RelayMovesTest, WhatAPeerHadSentBeforeItCameWaitsInOrderAndExpires) {
  attach(a_, "a");
  backend_.forwarding = Backend::Forwarding::Apart;
  settle(a_, Admission::Resumed,
         {.sent = {{"x", MessageType::Offer, text("OFFER", "a", "x"), now_}}});
  EXPECT_EQ(receive(a_, sent_to("x", "CANDIDATE")), Receipt::Kept);
  backend_.forwarding = Backend::Forwarding::Taken;
  relay_.on_reconnect();
  EXPECT_EQ(backend_.take(), (Texts{text("OFFER", "a", "x"), text("CANDIDATE", "a", "x")}));
  relay_.on_returned({forwarded_as(a_, "x")}, now_);
  a_.take();
  pass(5s);
  EXPECT_EQ(a_.take(), Texts{text("EXPIRE", "x", "a")});
}

TEST_F(RelayMovesTest, WhatAPeerThatHasMovedHadSentFollowsIt) {
  join(a_, "a");
  const Registration registration = a_.peer()->registration;
  const Instant first = now_;
  send_in_vain(a_, "x");
  pass(1s);
  receive(a_, sent_to("x", "CANDIDATE"));
  receive(a_, sent_to("y"));
  relay_.hand_over("peerjs", "a", now_);
  relay_.on_returned({forwarded_as(registration, "a", "y")}, now_);
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

TEST_F(RelayMovesTest, BequeathsWhatAPeerHasWhenTheServerStops) {
  join(a_, "a");
  join(b_, "b");
  receive(a_, sent_to("b"));
  deliver_offer("x", "a");
  send_in_vain(a_, "y");
  a_.unsent = {"unsent"};
  relay_.detach(a_, End::ServerStops, now_);
  ASSERT_EQ(backend_.bequeathed.size(), 1U);
  EXPECT_EQ(backend_.bequeathed[0].first, "a");
  EXPECT_EQ(backend_.bequeathed[0].second,
            (Inheritance{.partners = {partner("x"), partner("b")},
                         .kept = {own("unsent")},
                         .sent = {{"y", MessageType::Offer, text("OFFER", "a", "y"), now_}}}));
  EXPECT_EQ(backend_.released, Texts{});
  backend_.take();
  leave(b_);
  EXPECT_EQ(backend_.take(), Texts{text("LEAVE", "b", "a")}) << "it has gone on elsewhere";
}

TEST_F(RelayMovesTest, BequeathsWhatALostPeerHasWhenTheServerStops) {
  join(a_, "a");
  join(b_, "b");
  receive(b_, sent_to("a"));
  a_.unsent = {"unsent"};
  lose(a_);
  receive(b_, sent_to("a", "CANDIDATE"));
  relay_.bequeath_lost(now_);
  ASSERT_EQ(backend_.bequeathed.size(), 1U);
  EXPECT_EQ(backend_.bequeathed[0].first, "a");
  EXPECT_EQ(backend_.bequeathed[0].second,
            (Inheritance{.partners = {partner("b")}, .kept = {own("unsent")}}));
  EXPECT_EQ(find("a"), nullptr);
  EXPECT_NE(find("b"), nullptr);
  EXPECT_EQ(backend_.take(), Texts{text("CANDIDATE", "b", "a")}) << "to where it may be already";
  relay_.on_returned({forwarded_as(b_, "a")}, now_);
  pass(5s);
  EXPECT_EQ(b_.take(), Texts{text("EXPIRE", "a", "b")});
  pass(25s);
  EXPECT_EQ(b_.take(), Texts{}) << "no LEAVE";
}

TEST_F(RelayMovesTest, TellsAtTheEndOfWhatWillNotBeDelivered) {
  join(a_, "a");
  lose(a_);
  deliver_offer("x", "a");
  relay_.bequeath_lost(now_);
  relay_.on_returned({forwarded()}, now_);
  backend_.take();
  relay_.give_up_waiting(now_);
  EXPECT_EQ(backend_.take(), Texts{text("EXPIRE", "a", "x")});
  EXPECT_FALSE(relay_.keeps_messages());
}

TEST_F(RelayMovesTest, BequeathsWhatALostPeerIsToBeTold) {
  join(a_, "a");
  join(b_, "b");
  receive(b_, sent_to("a"));
  lose(a_);
  leave(b_);
  relay_.bequeath_lost(now_);
  ASSERT_EQ(backend_.bequeathed.size(), 1U);
  EXPECT_EQ(backend_.bequeathed[0].second,
            (Inheritance{.kept = {{"b", MessageType::Leave, text("LEAVE", "b", "a"), now_,
                                   mark("b"), mark("a")}}}));
}

TEST_F(RelayMovesTest, ALeaveWaitsBehindTheMessagesThatStayWhenTheServerStops) {
  join(a_, "a");
  join(b_, "b");
  lose(a_);
  deliver_offer("x", "a");
  receive(b_, sent_to("a"));
  deliver("x", "a", MessageType::Leave, "x has left");
  deliver("x", "a", MessageType::Offer, "x calls anew");
  leave(b_);
  relay_.bequeath_lost(now_);
  ASSERT_EQ(backend_.bequeathed.size(), 1U);
  EXPECT_EQ(backend_.bequeathed[0].second, Inheritance{});
  EXPECT_EQ(backend_.take(), (Texts{text("OFFER", "x", "a"), text("OFFER", "b", "a"), "x has left",
                                    "x calls anew"}));
}

TEST_F(RelayMovesTest, ALeaveGoesBeforeTheMessagesThatStayIfItCameBeforeThem) {
  join(a_, "a");
  deliver_offer("x", "a");
  lose(a_);
  deliver("x", "a", MessageType::Leave, "x has left");
  deliver("x", "a", MessageType::Offer, "x calls anew");
  relay_.bequeath_lost(now_);
  ASSERT_EQ(backend_.bequeathed.size(), 1U);
  EXPECT_EQ(backend_.bequeathed[0].second, (Inheritance{.kept = {leave_of("x")}}));
  EXPECT_EQ(backend_.take(), Texts{"x calls anew"});
}

TEST_F(RelayMovesTest, ALeaveDoesNotWaitBehindTheMessagesOfAnotherThatHasTheId) {
  join(a_, "a");
  lose(a_);
  deliver("x", "a", MessageType::Offer, "of another", "another");
  deliver("x", "a", MessageType::Leave, "x has left", "token", mark("a"));
  relay_.bequeath_lost(now_);
  ASSERT_EQ(backend_.bequeathed.size(), 1U);
  EXPECT_EQ(backend_.bequeathed[0].second, (Inheritance{.kept = {leave_of("x")}}));
}

TEST_F(RelayMovesTest, HandsOverALeaveThatCameBeforeItWasSettledThatThePeerWasHere) {
  const Claim claim = lose_before_answer(a_, "a");
  deliver("x", "a", MessageType::Leave, "x has left", "token", mark("a"));
  deliver("y", "a", MessageType::Leave, "y was no partner");
  deliver("x", "a", MessageType::Leave, "x is one no longer");
  relay_.settle(claim, Admission::Resumed, {}, now_);
  const auto inheritance = relay_.hand_over("peerjs", "a", now_);
  ASSERT_TRUE(inheritance);
  EXPECT_EQ(inheritance->kept, Keepsakes{leave_of("x")});
}

TEST_F(RelayMovesTest, WhatAPeerHadSentToAPartnerStaysForThatOne) {
  attach(a_, "a");
  settle(a_, Admission::Resumed,
         {.sent = {{"x", MessageType::Answer, text("ANSWER", "a", "x"), now_, mark("x")}}});
  ASSERT_EQ(backend_.forwarded.size(), 1U);
  EXPECT_EQ(backend_.forwarded[0].dst_mark, mark("x"));
}

TEST_F(RelayMovesTest, WhatAPeerSendsAfterItHasMovedBelongsToTheAttemptThatWaitsHereAlready) {
  join(a_, "a");
  lose(a_);
  deliver_offer("b", "a");
  attach(b_, "b");
  settle(b_, Admission::Resumed);
  b_.take();
  EXPECT_EQ(receive(b_, sent_to("a", "CANDIDATE")), Receipt::Kept);
  pass(5s);
  EXPECT_EQ(b_.take(), Texts{text("EXPIRE", "a", "b")}) << "it is one call";
  EXPECT_EQ(receive(b_, sent_to("a", "CANDIDATE")), Receipt::Absent) << "its tail";
}

TEST_F(RelayMovesTest, SoDoesWhatOneSendsWhoComesWhileOtherNodesCannotBeAsked) {
  join(a_, "a");
  lose(a_);
  deliver_offer("b", "a");
  backend_.answer = Backend::Answer::Yes;
  attach(b_, "b");
  b_.take();
  receive(b_, sent_to("a", "CANDIDATE"));
  pass(5s);
  EXPECT_EQ(b_.take(), Texts{text("EXPIRE", "a", "b")});
}

TEST_F(RelayMovesTest, SoDoesWhatHasComeBackWhileItWasPending) {
  join(c_, "c");
  lose(c_);
  attach(a_, "a");
  const Parcel returned = forwarded_as(a_, "c");  // which has been adopted while it was pending
  deliver_offer("a", "c");
  relay_.on_returned({returned}, now_);
  settle(a_, Admission::Resumed);
  pass(5s);
  EXPECT_EQ(a_.take(), (Texts{kOpen, text("EXPIRE", "c", "a")}));
  EXPECT_EQ(receive(a_, sent_to("c")), Receipt::Kept) << "it has room for what waits";
}

TEST_F(RelayMovesTest, SoDoesWhatWasGivenUpWhileItWasPending) {
  join(c_, "c");
  lose(c_);
  attach(a_, "a");
  const Parcel abandoned = forwarded_as(a_, "x");
  deliver_offer("a", "c");
  relay_.on_abandoned(abandoned, now_);
  settle(a_, Admission::Resumed);
  EXPECT_EQ(a_.take(), (Texts{kOpen, text("EXPIRE", "x", "a")}));
  pass(5s);
  EXPECT_EQ(a_.take(), Texts{text("EXPIRE", "c", "a")});
  pass(20s);
  EXPECT_EQ(a_.take(), Texts{});
}

TEST_F(RelayMovesTest, SoDoesWhatIsUnderWayFromHere) {
  join(b_, "b");
  ASSERT_EQ(backend_.adopted.size(), 1U);
  const auto& [from, to] = backend_.adopted[0];
  EXPECT_TRUE(is_elsewhere(from));
  EXPECT_EQ(from.mark, mark("b"));
  EXPECT_EQ(to, b_.peer()->registration);
}

TEST_F(RelayMovesTest, WhoIsLostBeforeItIsOpenedTakesNothingWithIt) {
  join(c_, "c");
  lose(c_);
  deliver_offer("a", "c");
  relay_.settle(lose_before_answer(a_, "a"), Admission::Opened, {}, now_);
  join(b_, "a");
  pass(5s);
  EXPECT_EQ(b_.take(), Texts{text("EXPIRE", "c", "a")});
}

TEST_F(RelayMovesTest, WhatAPeerHadNotReceivedGoesBeforeWhatWaitsForItHere) {
  const Claim claim = lose_before_answer(a_, "a");
  deliver("b", "a", MessageType::Candidate, "2");
  relay_.settle(claim, Admission::Resumed, {.kept = {own("1")}}, now_);
  attach(c_, "a");
  EXPECT_EQ(c_.take(), (Texts{kOpen, "1", "2"}));
}

TEST_F(RelayMovesTest, ALeaveWaitsBehindMessagesThoughThereIsNoRoom) {
  join(a_, "a");
  lose(a_);
  deliver_offer("b", "a");
  while (backend_.forwarded.empty()) deliver("c", "a", MessageType::Offer, std::string(999, 'o'));
  backend_.take();
  deliver("b", "a", MessageType::Leave, "b has left", "token", mark("a"));
  RelayOptions options = relay_nodes_options();
  options.outstanding.per_destination = 1;
  relay_.set_options(options, now_);
  relay_.bequeath_lost(now_);
  EXPECT_EQ(backend_.bequeathed[0].second, Inheritance{});
  EXPECT_EQ(backend_.take(), (Texts{text("OFFER", "b", "a"), "b has left"}));
}

TEST_F(RelayMovesTest, EachLeaveWaitsBehindWhatItEnds) {
  join(a_, "a");
  lose(a_);
  for (const std::string call : {"first", "second"}) {
    deliver("b", "a", MessageType::Offer, call);
    deliver("b", "a", MessageType::Leave, "end of the " + call, "token", mark("a"));
  }
  relay_.bequeath_lost(now_);
  EXPECT_EQ(backend_.bequeathed[0].second, Inheritance{});
  EXPECT_EQ(backend_.take(), (Texts{"first", "end of the first", "second", "end of the second"}));
}

TEST_F(RelayMovesTest, ALeaveWaitsBehindMessagesWhoseSenderHasComeHereSince) {
  join(a_, "a");
  lose(a_);
  deliver_offer("b", "a");
  deliver("b", "a", MessageType::Leave, "b has left", "token", mark("a"));
  join(b_, "b");
  relay_.bequeath_lost(now_);
  EXPECT_EQ(backend_.bequeathed[0].second, Inheritance{});
  EXPECT_EQ(backend_.take(), (Texts{text("OFFER", "b", "a"), "b has left"}));
}

TEST_F(RelayMovesTest, NorDoesItMatterIfThatHasEndedThere) {
  join(a_, "a");
  lose(a_);
  deliver_offer("b", "a");
  deliver("b", "a", MessageType::Leave, "b has left", "token", mark("a"));
  join(b_, "b");
  leave(b_);
  relay_.bequeath_lost(now_);
  EXPECT_EQ(backend_.bequeathed[0].second, Inheritance{});
  EXPECT_EQ(backend_.take(), (Texts{text("OFFER", "b", "a"), "b has left"}));
}

TEST_F(RelayMovesTest, WhoHasEndedIsNoPartnerOfWhoGetsWhatItHadSent) {
  join(a_, "a");
  join(b_, "b");
  lose(a_);
  receive(b_, sent_to("a"));
  leave(b_);
  backend_.take();
  attach(c_, "a");
  EXPECT_EQ(c_.take(), (Texts{kOpen, text("OFFER", "b", "a")}));
  leave(c_);
  EXPECT_EQ(backend_.take(), Texts{}) << "another may have its id";
}

TEST_F(RelayMovesTest, ALeaveOfWhoHasTheIdOfAPartnerIsNotHandedOverAsItsOwn) {
  const Claim claim = lose_before_answer(a_, "a");
  deliver("x", "a", MessageType::Leave, "of another", "another");
  relay_.settle(claim, Admission::Resumed, {.partners = {partner("x")}}, now_);
  const auto inheritance = relay_.hand_over("peerjs", "a", now_);
  ASSERT_TRUE(inheritance);
  EXPECT_EQ(inheritance->partners, std::vector{partner("x")});
  EXPECT_EQ(inheritance->kept, Keepsakes{});
}

TEST_F(RelayMovesTest, ALeaveOfAStrangerIsNotToldForBeingHandedOn) {
  attach(a_, "a");
  deliver("x", "a", MessageType::Leave, "of a stranger");
  const auto inheritance = relay_.hand_over("peerjs", "a", now_);
  ASSERT_TRUE(inheritance);
  attach(b_, "a");
  settle(b_, Admission::Resumed, *inheritance);
  EXPECT_EQ(b_.take(), Texts{kOpen});
}

TEST_F(RelayMovesTest, HandsOverALeaveBehindTheMessageThatItEnds) {
  attach(a_, "a");
  deliver_offer("b", "a");
  deliver("b", "a", MessageType::Leave, "b has left");
  const Claim claim = claim_of(a_);
  lose(a_);
  relay_.settle(claim, Admission::Resumed, {}, now_);
  const auto inheritance = relay_.hand_over("peerjs", "a", now_);
  ASSERT_TRUE(inheritance);
  EXPECT_EQ(inheritance->kept, (Keepsakes{kept_offer("b", "a", now_), leave_of("b")}));
}

TEST_F(RelayMovesTest, WhoIsOnItsWayElsewhereIsAPartnerOfWhoGetsWhatItHadSent) {
  join(a_, "a");
  join(b_, "b");
  lose(a_);
  receive(b_, sent_to("a"));
  relay_.hand_over("peerjs", "b", now_);
  attach(c_, "a");
  EXPECT_EQ(c_.take(), (Texts{kOpen, text("OFFER", "b", "a")}));
  leave(c_);
  EXPECT_EQ(backend_.take(), Texts{text("LEAVE", "a", "b")});
}

TEST_F(RelayMovesTest, WhatAnotherWithItsIdHasSentDoesNot) {
  join(a_, "a");
  lose(a_);
  deliver("b", "a", MessageType::Offer, "of another", "another");
  attach(b_, "b");
  settle(b_, Admission::Opened);
  b_.take();
  receive(b_, sent_to("a"));
  pass(5s);
  EXPECT_EQ(b_.take(), Texts{text("EXPIRE", "a", "b")});
  EXPECT_EQ(backend_.take(), Texts{}) << "nobody knows where that one is: b has its id";
}

TEST_F(RelayMovesTest, WhoHasGotTheIdOfAPartnerIsNotTakenForItByWhoMovesHere) {
  join(b_, "b");
  attach(a_, "a");
  settle(a_, Admission::Resumed, {.partners = {{"b", mark("b", "another")}}});
  a_.take();
  leave(b_);
  EXPECT_EQ(a_.take(), Texts{}) << "b is another";
  attach(c_, "b");
  settle(c_, Admission::Opened);
  c_.take();
  leave(a_);
  EXPECT_EQ(c_.take(), Texts{});
}

TEST_F(RelayMovesTest, APeerThatIsPendingWhenTheServerStopsJustEnds) {
  attach(a_, "a");
  relay_.detach(a_, End::ServerStops, now_);
  EXPECT_TRUE(backend_.bequeathed.empty());
  EXPECT_EQ(backend_.released, Texts{"a"});
}

TEST_F(RelayMovesTest, TellsAPeerThatItHasLostItsId) {
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

TEST_F(RelayMovesTest, ProbesAPeerWhoseIdIsWantedOnAnotherNode) {
  join(a_, "a");
  relay_.challenge("peerjs", "a", now_);
  EXPECT_EQ(a_.probes, 1);
  pass(2s);
  EXPECT_EQ(a_.closed, End::Silent);
}

}  // namespace
}  // namespace peerjsd::core
