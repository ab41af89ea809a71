// Messages of a relay that is one node of several: what it forwards, and gets from others.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "relay_nodes_fixture.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace peerjsd::core {
namespace {

class RelayNodesTest : public RelayNodesFixture {
 protected:
  using Waited = std::vector<std::pair<std::string, Instant>>;

  /// What was forwarded of `src`, and since when it waits.
  Waited sent_since(std::string_view src) const {
    Waited all;
    for (const RecordingBackend::Forwarded& each : backend_.forwarded) {
      if (each.src == src) all.emplace_back(each.text, each.since);
    }
    return all;
  }
};

// To other nodes

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
  send_in_vain(a_, "x");
  EXPECT_EQ(receive(a_, sent_to("x", "CANDIDATE")), Receipt::Kept) << "behind the first";
  EXPECT_EQ(backend_.forwarded.size(), 1U);
  pass(5s);
  EXPECT_EQ(a_.take(), Texts{text("EXPIRE", "x", "a")});
  EXPECT_EQ(receive(a_, sent_to("x", "CANDIDATE")), Receipt::Forwarded);
  relay_.on_returned({forwarded()}, now_);
  pass(4s);
  EXPECT_EQ(a_.take(), Texts{});
}

TEST_F(RelayNodesTest, WhatReturnsGoesBeforeWhatItsSenderHasSentSince) {
  join(a_, "a");
  join(b_, "b");
  receive(a_, sent_to("x"));
  const Parcel first = forwarded();
  receive(a_, sent_to("x", "ANSWER"));
  const Parcel second = forwarded();
  backend_.forwarding = Backend::Forwarding::Apart;
  pass(1s);
  receive(b_, sent_to("x"));
  receive(a_, sent_to("x", "CANDIDATE"));
  relay_.on_returned({first, second}, now_);
  backend_.forwarding = Backend::Forwarding::Taken;
  backend_.take();
  relay_.on_arrival("peerjs", "x");
  const Instant begun = now_ - 1s;
  EXPECT_EQ(sent_since("b"), (Waited{{text("OFFER", "b", "x"), now_}}));
  EXPECT_EQ(sent_since("a"), (Waited{{text("OFFER", "a", "x"), begun},
                                     {text("ANSWER", "a", "x"), begun},
                                     {text("CANDIDATE", "a", "x"), begun}}))
      << "one attempt";
}

TEST_F(RelayNodesTest, WhatReturnsToWhomItIsForIsFollowedByWhatWasSentSince) {
  join(a_, "a");
  receive(a_, sent_to("x"));
  const Parcel first = forwarded();
  backend_.forwarding = Backend::Forwarding::Apart;
  receive(a_, sent_to("x", "CANDIDATE"));
  const Claim claim = lose_before_answer(b_, "x");
  relay_.on_returned({first}, now_);
  relay_.settle(claim, Admission::Resumed, {}, now_);
  attach(b_, "x");
  EXPECT_EQ(b_.take(), (Texts{kOpen, text("OFFER", "a", "x"), text("CANDIDATE", "a", "x")}));
}

TEST_F(RelayNodesTest, WhatReturnsHasWaitedSinceItWasSent) {
  join(a_, "a");
  receive(a_, sent_to("x"));
  const Parcel late = forwarded();
  pass(2s);
  send_in_vain(a_, "y");
  pass(2s);
  relay_.on_returned({late}, now_);
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
  relay_.on_returned({forwarded()}, now_);
  EXPECT_EQ(receive(a_, sent_to("x", "CANDIDATE")), Receipt::Kept);
  backend_.take();
  relay_.on_arrival("peerjs", "x");
  EXPECT_EQ(backend_.take(), (Texts{text("ANSWER", "a", "x"), text("CANDIDATE", "a", "x")}));
}

TEST_F(RelayNodesTest, AnotherSenderNeedNotWaitBehindTheFirst) {
  join(a_, "a");
  join(b_, "b");
  send_in_vain(a_, "x");
  EXPECT_EQ(receive(b_, sent_to("x")), Receipt::Forwarded)
      << "for its own EXPIRE, noted for as long";
}

TEST_F(RelayNodesTest, ForwardsWhatWaitsWhenItsDestinationArrives) {
  join(a_, "a");
  join(b_, "b");
  send_in_vain(a_, "x");
  send_in_vain(b_, "x");
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
  send_in_vain(a_, "x");
  receive(a_, sent_to("x", "CANDIDATE"));
  backend_.take();
  pass(3s);
  backend_.forwarding = Backend::Forwarding::NoRoom;
  relay_.on_arrival("peerjs", "x");
  pass(1s);
  backend_.forwarding = Backend::Forwarding::Taken;
  relay_.on_arrival("peerjs", "x");
  EXPECT_EQ(backend_.take(), (Texts{text("OFFER", "a", "x"), text("CANDIDATE", "a", "x")}));
  send_in_vain(a_, "y");
  pass(3s);
  backend_.forwarding = Backend::Forwarding::Apart;
  relay_.on_arrival("peerjs", "y");
  pass(2s);
  EXPECT_EQ(a_.take(), Texts{text("EXPIRE", "y", "a")});
}

TEST_F(RelayNodesTest, ForwardsWhatWaitsForAPeerThatIsLostWhenItIsGivenUp) {
  join(a_, "a");
  join(b_, "b");
  lose(a_);
  pass(29s);
  EXPECT_EQ(receive(b_, sent_to("a")), Receipt::Kept);
  EXPECT_EQ(backend_.take(), Texts{});
  pass(1s);
  EXPECT_EQ(backend_.released, Texts{"a"});
  EXPECT_EQ(backend_.take(), Texts{text("OFFER", "b", "a")}) << "it may have come elsewhere";
}

TEST_F(RelayNodesTest, WhatFollowsWhenADestinationHasBeenThereIsNoTail) {
  join(a_, "a");
  send_in_vain(a_, "x");
  pass(5s);
  EXPECT_EQ(a_.take(), Texts{text("EXPIRE", "x", "a")});
  relay_.on_arrival("peerjs", "x");
  send_in_vain(a_, "x", "CANDIDATE");
  pass(5s);
  EXPECT_EQ(a_.take(), Texts{text("EXPIRE", "x", "a")});
}

TEST_F(RelayNodesTest, WhatFollowsWhenADestinationHasGoneElsewhereIsNoTail) {
  join(a_, "a");
  join(b_, "b");
  lose(b_);
  receive(a_, sent_to("b"));
  pass(5s);
  EXPECT_EQ(a_.take(), Texts{text("EXPIRE", "b", "a")});
  relay_.hand_over("peerjs", "b", now_);
  send_in_vain(a_, "b", "CANDIDATE");
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
  relay_.on_returned({parcel}, now_);
  EXPECT_EQ(b_.take(), Texts{text("OFFER", "a", "b")});
}

TEST_F(RelayNodesTest, RefusesToTheSenderWhatHasNoRoom) {
  join(a_, "a");
  backend_.forwarding = Backend::Forwarding::NoRoom;
  EXPECT_EQ(receive(a_, sent_to("x")), Receipt::NoRoom);
  EXPECT_EQ(a_.take(), Texts{text("EXPIRE", "x", "a")});
}

TEST_F(RelayNodesTest, ALeaveForWhichThereIsNoRoomIsRefusedWithoutAnExpire) {
  join(a_, "a");
  receive(a_, sent_to("x"));
  backend_.forwarding = Backend::Forwarding::NoRoom;
  EXPECT_EQ(receive(a_, sent_to("x", "LEAVE")), Receipt::NoRoom);
  EXPECT_EQ(a_.take(), Texts{});
  backend_.take();
  backend_.forwarding = Backend::Forwarding::Taken;
  leave(a_);
  EXPECT_EQ(backend_.take(), Texts{text("LEAVE", "a", "x")}) << "it is owed still";
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
  send_in_vain(a_, "x", "LEAVE");
  backend_.take();
  relay_.on_arrival("peerjs", "x");
  EXPECT_EQ(backend_.take(), Texts{text("LEAVE", "a", "x")});
  relay_.on_returned({{"peerjs", "a", a_.peer()->registration, "x", MessageType::Leave,
                       text("LEAVE", "a", "x"), now_}},
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

TEST_F(RelayNodesTest, ToTryAgainIsNoArrival) {
  join(a_, "a");
  send_in_vain(a_, "x");
  pass(5s);
  EXPECT_EQ(a_.take(), Texts{text("EXPIRE", "x", "a")});
  relay_.try_again("peerjs", "x");
  send_in_vain(a_, "x", "CANDIDATE");
  pass(5s);
  EXPECT_EQ(a_.take(), Texts{}) << "it was the tail of what expired";
}

// From other nodes

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
  relay_.on_returned({parcel}, now_);
  EXPECT_EQ(receive(b_, sent_to("a", "CANDIDATE")), Receipt::Kept);
  settle(a_, Admission::Opened);
  EXPECT_EQ(a_.take(), (Texts{kOpen, text("OFFER", "b", "a"), text("CANDIDATE", "b", "a")}));
}

TEST_F(RelayNodesTest, KeepsWhatIsForAPeerThatIsLostAndExpiresItToTheOtherNode) {
  join(a_, "a");
  lose(a_);
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
  deliver_expire("x", "a");
  EXPECT_EQ(a_.take(), Texts{text("EXPIRE", "x", "a")});
  lose(a_);
  deliver_expire("y", "a");
  attach(b_, "a");
  EXPECT_EQ(b_.take(), (Texts{kOpen, text("EXPIRE", "y", "a")}));
}

TEST_F(RelayNodesTest, ALeaveComesAfterWhatReturnsOfTheSame) {
  join(a_, "a");
  join(b_, "b");
  receive(b_, sent_to("a"));
  lose(a_);
  const Parcel first = forwarded_as(b_, "a");
  backend_.under_way = "";
  EXPECT_EQ(receive(b_, sent_to("a", "CANDIDATE")), Receipt::Kept);
  leave(b_);
  relay_.on_returned({first}, now_);
  attach(c_, "a");
  EXPECT_EQ(c_.take(), (Texts{kOpen, text("OFFER", "b", "a"), text("CANDIDATE", "b", "a"),
                              text("LEAVE", "b", "a")}));
}

TEST_F(RelayNodesTest, WhoHasTheIdOfOneThatHasEndedDoesNotHearWhomThatHadCalled) {
  join(a_, "a");
  EXPECT_TRUE(deliver_expire("x", "a", "another")) << "nobody else will want to have it";
  lose(a_);
  EXPECT_TRUE(deliver_expire("x", "a", "another"));
  attach(b_, "a");
  EXPECT_EQ(b_.take(), Texts{kOpen});
}

TEST_F(RelayNodesTest, NorWhoComesHereWhereWhatItHadSentHasWaited) {
  join(a_, "a");
  lose(a_);
  deliver_offer("x", "a");
  ASSERT_EQ(attach(b_, "x", "another"), Admission::Pending);
  settle(b_, Admission::Opened);
  b_.take();
  pass(5s);
  EXPECT_EQ(b_.take(), Texts{});
  EXPECT_EQ(backend_.take(), Texts{}) << "the one that had called has ended";
}

TEST_F(RelayNodesTest, NorWhoHasOnlyAskedForTheIdThen) {
  ASSERT_EQ(attach(a_, "x", "another"), Admission::Pending);
  deliver_expire("y", "x");
  settle(a_, Admission::Opened);
  EXPECT_EQ(a_.take(), Texts{kOpen});
  ASSERT_EQ(attach(b_, "z"), Admission::Pending);
  deliver_expire("y", "z");
  settle(b_, Admission::Opened);
  EXPECT_EQ(b_.take(), (Texts{kOpen, text("EXPIRE", "y", "z")}));
}

TEST_F(RelayNodesTest, AMessageOfWhoHadTheIdBeforeIsNotOfWhoHasItHere) {
  join(a_, "a");
  ASSERT_EQ(attach(b_, "b", "another"), Admission::Pending);
  settle(b_, Admission::Opened);
  deliver_offer("b", "a");
  a_.take();
  leave(b_);
  EXPECT_EQ(a_.take(), Texts{}) << "they are no partners";
}

TEST_F(RelayNodesTest, WhoMayOnlyCallHearsWhomItHasCalledAndNobodyWhoHasItsIdAfterwards) {
  ASSERT_EQ(relay_.attach(a_, {"peerjs", "a", "token"}, {PeerKind::Page, {true, false}}, now_),
            Admission::Pending);
  settle(a_, Admission::Opened);
  receive(a_, sent_to("x"));
  a_.take();
  deliver("x", "a", MessageType::Answer, "of x");
  EXPECT_EQ(a_.take(), Texts{"of x"});
  backend_.take();
  deliver("x", "a", MessageType::Offer, "of another", "another");
  EXPECT_EQ(a_.take(), Texts{});
  EXPECT_EQ(backend_.take(), Texts{text("EXPIRE", "a", "x")});
  lose(a_);
  deliver("x", "a", MessageType::Candidate, "of x");
  deliver("x", "a", MessageType::Offer, "of another", "another");
  ASSERT_EQ(relay_.attach(b_, {"peerjs", "a", "token"}, {PeerKind::Page, {true, false}}, now_),
            Admission::Resumed);
  EXPECT_EQ(b_.take(), (Texts{kOpen, "of x"}));
}

TEST_F(RelayNodesTest, APartnerThatHasMovedIsKnownByItsToken) {
  ASSERT_EQ(relay_.attach(a_, {"peerjs", "a", "token"}, {PeerKind::Page, {true, false}}, now_),
            Admission::Pending);
  settle(a_, Admission::Opened);
  join(b_, "b");
  receive(a_, sent_to("b"));
  relay_.hand_over("peerjs", "b", now_);
  a_.take();
  deliver("b", "a", MessageType::Offer, "of another", "another");
  EXPECT_EQ(a_.take(), Texts{});
  deliver("b", "a", MessageType::Answer, "of b");
  EXPECT_EQ(a_.take(), Texts{"of b"});
}

TEST_F(RelayNodesTest, AnExpireForOneOfAnotherNodeSaysWhoseItIs) {
  join(a_, "a");
  lose(a_);
  deliver_offer("x", "a");
  pass(5s);
  ASSERT_EQ(backend_.forwarded.size(), 1U);
  EXPECT_EQ(backend_.forwarded[0].registration.mark, mark("x"));
}

TEST_F(RelayNodesTest, TellsNobodyOfWhatAPeerHadSentThatHasEnded) {
  join(a_, "a");
  send_in_vain(a_, "x");
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
  lose(a_);
  deliver("x", "a", MessageType::Leave, text("LEAVE", "x", "a"));
  deliver("y", "a", MessageType::Leave, text("LEAVE", "y", "a"));
  pass(20s);
  attach(b_, "a");
  EXPECT_EQ(b_.take(), (Texts{kOpen, text("LEAVE", "x", "a")})) << "y was no partner";
  leave(b_);
  EXPECT_EQ(backend_.take(), Texts{}) << "x has left before";
}

TEST_F(RelayNodesTest, KeepsALeaveForAPeerThatIsPending) {
  attach(a_, "a");
  deliver("x", "a", MessageType::Leave, text("LEAVE", "x", "a"));
  deliver("y", "a", MessageType::Leave, text("LEAVE", "y", "a"));
  settle(a_, Admission::Resumed, {.partners = {partner("x")}});
  EXPECT_EQ(a_.take(), (Texts{kOpen, text("LEAVE", "x", "a")})) << "y was no partner";
  leave(a_);
  EXPECT_EQ(backend_.take(), Texts{});
}

TEST_F(RelayNodesTest, ALeaveIsForThePartnerThatIsKnownAndNotForWhoHasGotItsId) {
  join(a_, "a");
  deliver_offer("x", "a");
  receive(a_, sent_to("y"));
  relay_.on_delivered(forwarded(), mark("y"));
  backend_.take();
  leave(a_);
  ASSERT_EQ(backend_.forwarded.size(), 2U);
  EXPECT_EQ(backend_.forwarded[0].dst_mark, mark("x")) << "it has sent something";
  EXPECT_EQ(backend_.forwarded[1].dst_mark, mark("y")) << "it has got something";
}

TEST_F(RelayNodesTest, SaysToWhomAMessageWasHanded) {
  const std::string offer = text("OFFER", "x", "a");
  const Parcel parcel{"peerjs", "x", {.mark = mark("x")}, "a", MessageType::Offer, offer, now_};
  EXPECT_EQ(handed(parcel), std::nullopt);
  attach(a_, "a");
  EXPECT_EQ(handed(parcel), 0U) << "it is not known yet who gets it";
  settle(a_, Admission::Opened);
  EXPECT_EQ(handed(parcel), mark("a"));
  a_.room = 0;
  EXPECT_EQ(handed(parcel), 0U) << "there is no room";
  lose(a_);
  EXPECT_EQ(handed(parcel), 0U) << "it waits";
  relay_.attach(b_, {"peerjs", "b", "token"}, {.kind = PeerKind::Page, .rights = {true, false}},
                now_);
  settle(b_, Admission::Opened);
  Parcel refused = parcel;
  refused.dst = "b";
  EXPECT_EQ(handed(refused), 0U) << "it may not be called";
}

TEST_F(RelayNodesTest, WhoHasLeftBeforeItIsKnownWhereToIsNoPartnerByThat) {
  join(a_, "a");
  receive(a_, sent_to("y"));
  const Parcel offer = forwarded();
  deliver("y", "a", MessageType::Leave, "y has left");
  relay_.on_delivered(offer, mark("y"));
  backend_.take();
  leave(a_);
  EXPECT_EQ(backend_.take(), Texts{});
}

TEST_F(RelayNodesTest, ALostPeerIsToldOneLeaveForWhatWaitsOfItsSender) {
  join(a_, "a");
  lose(a_);
  deliver_offer("x", "a");
  for (int i = 0; i < 3; ++i) deliver("x", "a", MessageType::Leave, "x has left");
  deliver_offer("x", "a");
  deliver("x", "a", MessageType::Leave, "x has left");
  attach(b_, "a");
  const std::string offer = text("OFFER", "x", "a");
  EXPECT_EQ(b_.take(), (Texts{kOpen, offer, "x has left", offer, "x has left"}));
}

TEST_F(RelayNodesTest, LeavesForALostPeerWaitAmongWhatHasARoom) {
  join(a_, "a");
  lose(a_);
  deliver("y", "a", MessageType::Leave, "of a stranger");
  EXPECT_TRUE(relay_.realm("peerjs")->outstanding.empty());
  const std::size_t most = relay_nodes_options().outstanding.per_destination;
  for (int i = 0; i < 100; ++i) {
    deliver_offer("x", "a");
    deliver("x", "a", MessageType::Leave, std::string(most / 10, 'l'));
  }
  EXPECT_EQ(find("a")->backlog.size(), 0U);
  EXPECT_LE(relay_.realm("peerjs")->outstanding.bytes(), most);
}

TEST_F(RelayNodesTest, APartnersLeaveForALostPeerIsKeptWithoutItsPayload) {
  join(a_, "a");
  deliver_offer("x", "a");
  a_.take();
  lose(a_);
  deliver("x", "a", MessageType::Leave, std::string(100'000, 'l'));
  attach(b_, "a");
  EXPECT_EQ(b_.take(), (Texts{kOpen, text("LEAVE", "x", "a")}));
}

TEST_F(RelayNodesTest, AReturnedLeaveKeepsItsPlaceAmongWhatALostPeerIsToldAlready) {
  join(a_, "a");
  join(b_, "b");
  join(c_, "c");
  receive(c_, sent_to("a"));
  a_.take();
  lose(a_);
  receive(b_, sent_to("a"));
  leave(c_);
  Parcel first = forwarded_as(b_, "a");
  first.text = "first call";
  Parcel end = forwarded_as(b_, "a");
  end.type = MessageType::Leave;
  end.text = "its end";
  end.dst_mark = mark("a");
  relay_.on_returned({first, end}, now_);
  RecordingTransport again;
  attach(again, "a");
  EXPECT_EQ(again.take(), (Texts{kOpen, "first call", "its end", text("OFFER", "b", "a"),
                                 text("LEAVE", "c", "a")}));
}

TEST_F(RelayNodesTest, ALeaveThatWasToldPartsThoseWhoAreBothHereByThen) {
  join(a_, "a");
  lose(a_);
  deliver_offer("x", "a");
  deliver("x", "a", MessageType::Leave, "x has left");
  attach(b_, "x");
  settle(b_, Admission::Resumed);
  b_.take();
  attach(c_, "a");
  EXPECT_EQ(c_.take(), (Texts{kOpen, text("OFFER", "x", "a"), "x has left"}));
  leave(b_);
  EXPECT_EQ(c_.take(), Texts{}) << "it has left already";
}

TEST_F(RelayNodesTest, WhoHasGotTheIdOfAPartnerDoesNotLeaveInItsPlace) {
  join(a_, "a");
  deliver_offer("x", "a");
  deliver("x", "a", MessageType::Leave, "of another", "another");
  backend_.take();
  leave(a_);
  EXPECT_EQ(backend_.take(), Texts{text("LEAVE", "a", "x")});
}

TEST_F(RelayNodesTest, TellsALeaveToWhomItIsMeantFor) {
  join(a_, "a");
  EXPECT_TRUE(deliver("x", "a", MessageType::Leave, "for another", "token", mark("a", "another")));
  EXPECT_EQ(a_.take(), Texts{});
  a_.room = 0;
  deliver("x", "a", MessageType::Leave, "for a", "token", mark("a"));
  EXPECT_EQ(a_.take(), Texts{"for a"}) << "what its partner knows of it may be lost with a node";
}

TEST_F(RelayNodesTest, TellsALeaveToWhomItIsMeantForWhenThatComesBack) {
  join(a_, "a");
  lose(a_);
  deliver("x", "a", MessageType::Leave, "for another", "token", mark("a", "another"));
  deliver("y", "a", MessageType::Leave, "for a", "token", mark("a"));
  attach(b_, "a");
  EXPECT_EQ(b_.take(), (Texts{kOpen, "for a"}));
}

TEST_F(RelayNodesTest, ALeaveThatHasWaitedIsForWhomItIsMeantFor) {
  join(b_, "b");
  receive(b_, sent_to("a"));
  relay_.on_delivered(forwarded(), mark("a"));
  receive(b_, sent_to("c"));
  relay_.on_delivered(forwarded(), mark("c", "another"));
  backend_.forwarding = Backend::Forwarding::Apart;
  leave(b_);
  attach(a_, "a");
  settle(a_, Admission::Opened);
  EXPECT_EQ(a_.take(), (Texts{kOpen, text("LEAVE", "b", "a")}));
  attach(c_, "c");
  settle(c_, Admission::Opened);
  EXPECT_EQ(c_.take(), Texts{kOpen}) << "it has the id of a partner";
}

TEST_F(RelayNodesTest, ALeaveThatHasWaitedIsHandedOnToWhomItIsMeantFor) {
  attach(a_, "a");
  deliver("x", "a", MessageType::Leave, "for another", "token", mark("a", "another"));
  deliver("y", "a", MessageType::Leave, "for a", "token", mark("a"));
  const auto inheritance = relay_.hand_over("peerjs", "a", now_);
  ASSERT_TRUE(inheritance);
  attach(b_, "a");
  settle(b_, Admission::Resumed, *inheritance);
  EXPECT_EQ(b_.take(), (Texts{kOpen, "for a"}));
}

TEST_F(RelayNodesTest, WhatOtherNodesHaveToBeToldWaitsUntilTheyCanBe) {
  join(a_, "a");
  join(b_, "b");
  deliver_offer("x", "a");
  lose(b_);
  deliver_offer("y", "b");
  backend_.forwarding = Backend::Forwarding::Apart;
  pass(4s);
  leave(a_);
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

TEST_F(RelayNodesTest, WhatWaitedForAPeerThatIsNowhereGoesOnWaiting) {
  join(b_, "b");
  relay_.wait_for("peerjs", "a", {kept_offer("b", "a", now_ - 2s)}, now_);
  const Parcel sent = forwarded();
  EXPECT_EQ(sent.registration, b_.peer()->registration);
  relay_.on_returned({sent}, now_);
  backend_.take();
  pass(3s);
  EXPECT_EQ(b_.take(), Texts{text("EXPIRE", "a", "b")});
  relay_.wait_for("another key", "a", {{"b", MessageType::Offer, "x", now_}}, now_);
  EXPECT_EQ(backend_.take(), Texts{});
}

TEST_F(RelayNodesTest, WhatWaitedForAPeerThatIsNowhereGoesBeforeWhatWasSentSince) {
  join(b_, "b");
  backend_.forwarding = Backend::Forwarding::Apart;
  receive(b_, sent_to("a", "CANDIDATE"));
  backend_.forwarding = Backend::Forwarding::Taken;
  relay_.wait_for("peerjs", "a", {kept_offer("b", "a", now_ - 2s)}, now_);
  EXPECT_EQ(backend_.take(), (Texts{text("OFFER", "b", "a"), text("CANDIDATE", "b", "a")}));
}

TEST_F(RelayNodesTest, NobodyIsToldOfMessagesUnderWayOfAPeerThatHasEnded) {
  join(a_, "a");
  receive(a_, sent_to("x"));
  const Parcel sent = forwarded();
  backend_.under_way_from = sent.registration;
  leave(a_);
  backend_.take();
  pass(1s);
  relay_.on_abandoned(sent, now_);
  EXPECT_EQ(backend_.take(), Texts{});
  relay_.on_returned({sent}, now_);
  backend_.under_way_from.reset();
  pass(5s);
  EXPECT_EQ(backend_.take(), Texts{}) << "another peer may have its id";
}

TEST_F(RelayNodesTest, NobodyIsToldOfMessagesThatWaitedAndThenWereUnderWayOfAPeerThatHasEnded) {
  join(a_, "a");
  send_in_vain(a_, "x");
  leave(a_);
  backend_.take();
  relay_.on_arrival("peerjs", "x");
  const Parcel sent = forwarded();
  backend_.under_way_from = sent.registration;
  pass(1s);
  backend_.take();
  relay_.on_abandoned(sent, now_);
  EXPECT_EQ(backend_.take(), Texts{});
}

TEST_F(RelayNodesTest, WhoHasMovedIsToldOfWhatStillWaitsHere) {
  join(a_, "a");
  send_in_vain(a_, "x");
  backend_.take();
  relay_.hand_over("peerjs", "a", now_);
  pass(5s);
  EXPECT_EQ(backend_.take(), Texts{text("EXPIRE", "x", "a")});
}

TEST_F(RelayNodesTest, NobodyIsToldWhatBecomesOfTheMessagesOfAPeerThatHasEnded) {
  join(a_, "a");
  send_in_vain(a_, "x");
  leave(a_);
  backend_.take();
  relay_.attach(b_, {"peerjs", "x", "token"},
                {.kind = PeerKind::Page, .rights = {.may_be_called = false}}, now_);
  settle(b_, Admission::Opened);
  EXPECT_EQ(b_.take(), Texts{kOpen});
  EXPECT_EQ(backend_.take(), Texts{}) << "another peer may have its id";
}

// Partners

TEST_F(RelayNodesTest, TellsPartnersOnOtherNodesThatAPeerHasLeft) {
  join(a_, "a");
  receive(a_, sent_to("x"));
  deliver_offer("y", "a");
  send_in_vain(a_, "z");
  backend_.take();
  leave(a_);
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
  leave(a_);
  EXPECT_EQ(backend_.take(), Texts{text("LEAVE", "a", "w")});
}

TEST_F(RelayNodesTest, TellsAPartnerOnceThatHasComeHere) {
  join(a_, "a");
  receive(a_, sent_to("b"));
  backend_.take();
  join(b_, "b");
  receive(b_, sent_to("a"));
  leave(a_);
  EXPECT_EQ(b_.take(), Texts{text("LEAVE", "a", "b")});
  EXPECT_EQ(backend_.take(), Texts{});
}

TEST_F(RelayNodesTest, TellsNobodyWhereThePolicyIsNever) {
  RelayOptions never = relay_nodes_options();
  never.leave = LeavePolicy::Never;
  relay_.set_options(never, now_);
  join(a_, "a");
  deliver_offer("x", "a");
  leave(a_);
  EXPECT_EQ(backend_.take(), Texts{""}) << "its node is told, and tells nobody";
}

TEST_F(RelayNodesTest, APartnerThatHasEndedWithoutALeaveIsRememberedNoLonger) {
  join(a_, "a");
  deliver_offer("x", "a");
  deliver_offer("y", "a");
  a_.take();
  EXPECT_TRUE(deliver("x", "a", MessageType::Leave, ""));
  EXPECT_EQ(a_.take(), Texts{});
  lose(a_);
  EXPECT_TRUE(deliver("y", "a", MessageType::Leave, ""));
  EXPECT_FALSE(deliver("y", "nobody", MessageType::Leave, ""));
  attach(b_, "a");
  EXPECT_EQ(b_.take(), Texts{kOpen});
  leave(b_);
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
  relay_.on_returned({forwarded()}, now_);
  EXPECT_FALSE(relay_.keeps_messages());
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

}  // namespace
}  // namespace peerjsd::core
