#include "peerjsd/cluster/flights.hpp"

#include <chrono>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace peerjsd::cluster {
namespace {

using namespace std::chrono_literals;
using Texts = std::vector<std::string>;

constexpr core::HashKey kHashKey{1, 2};
constexpr core::Instant kStart{1h};

Texts texts(const auto& items) {
  Texts all;
  for (const Flights::Item& item : items) all.push_back(item.text);
  return all;
}

class FlightsTest : public testing::Test {
 protected:
  bool add(std::string_view dst, std::string_view text, std::string_view key = "peerjs",
           core::Registration src = core::Registration{1}) {
    return flights_.add({key, "src", src, dst, core::MessageType::Offer, text, kStart});
  }

  bool add_leave(std::string_view dst, std::string_view text) {
    return flights_.add(
        {"peerjs", "src", core::Registration{1}, dst, core::MessageType::Leave, text, kStart});
  }

  /// The number of the next flight that takes off, and has these texts; none: there is none, 0.
  std::uint64_t take_off(const Texts& expected) {
    const Flights::Flight* const flight = flights_.take_off(kStart);
    EXPECT_EQ(flight == nullptr ? Texts() : texts(flight->under_way), expected);
    return flight == nullptr ? 0 : flight->number;
  }

  Flights flights_{{10'000, 20'000, 20'000}, kHashKey};
};

TEST_F(FlightsTest, OneSenderHasItsShareOfTheRoom) {
  flights_.set_limits({10'000, 5'000, 20'000});
  const std::string text(2'000, 'x');
  EXPECT_TRUE(add("a", text));
  EXPECT_TRUE(add("b", text));
  EXPECT_FALSE(add("c", text));
  EXPECT_TRUE(add("c", text, "peerjs", core::Registration{2}));
  flights_.land(take_off({text}));
  EXPECT_TRUE(add("c", text)) << "what has landed counts no longer";
  EXPECT_TRUE(flights_.has_from(core::Registration{2}));
}

TEST_F(FlightsTest, ALeaveToEachPartnerIsNotOfItsSendersShare) {
  flights_.set_limits({1 << 20, 1000, 1 << 20});
  for (const std::string dst : {"a", "b", "c", "d", "e"}) {
    EXPECT_TRUE(add_leave(dst, std::string(100, 'x')));
  }
  EXPECT_FALSE(add("f", "1"));
}

TEST_F(FlightsTest, GivesOutWhatWaitsOfOneSender) {
  constexpr core::Registration other{2};
  add("a", "1");
  const auto number = take_off({"1"});
  add("a", "2", "peerjs", other);
  add("a", "3");
  add("a", "4", "peerjs", other);
  const auto taken = flights_.take_waiting_from(other, Flights::Behind::Others);
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_EQ(taken[0].dst, "a");
  EXPECT_EQ(texts(taken[0].waiting), (Texts{"2", "4"}));
  EXPECT_FALSE(flights_.has_from(other));
  EXPECT_EQ(texts(flights_.land(number).under_way), Texts{"1"});
  flights_.land(take_off({"3"}));
  EXPECT_EQ(flights_.bytes(), 0U);
}

TEST_F(FlightsTest, WhatFollowsOnesOwnIsTakenOutOnlyIfThatMayNotBeWaitedFor) {
  constexpr core::Registration src{1};
  add("a", "1");
  const auto number = take_off({"1"});
  add("a", "2");
  EXPECT_TRUE(flights_.take_waiting_from(src, Flights::Behind::Others).empty());
  const auto taken = flights_.take_waiting_from(src, Flights::Behind::Anybody);
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_EQ(texts(taken[0].waiting), Texts{"2"});
  EXPECT_EQ(texts(flights_.land(number).under_way), Texts{"1"});
}

TEST_F(FlightsTest, WhatIsOfAPeerThatComesBackIsItsOwnAgain) {
  constexpr core::Registration back{2};
  add("a", "1");
  const auto number = take_off({"1"});
  add("a", "2");
  add("b", "3", "peerjs", back);
  flights_.adopt(core::Registration{1}, back);
  EXPECT_FALSE(flights_.has_from(core::Registration{1}));
  EXPECT_EQ(flights_.land(number).under_way.at(0).registration, back);
  EXPECT_EQ(texts(flights_.take_ready()->waiting), Texts{"3"});
  EXPECT_EQ(flights_.take_ready()->waiting.at(0).registration, back);
  EXPECT_FALSE(flights_.has_from(back));
  EXPECT_EQ(flights_.bytes(), 0U);
}

TEST_F(FlightsTest, GivesUpAllThatHasTakenOff) {
  add("a", "1");
  take_off({"1"});
  add("a", "2");
  add("b", "3");
  Texts all;
  for (const Flights::Flight& flight : flights_.take_under_way()) {
    for (const std::string& text : texts(flight.under_way)) all.push_back(text);
    for (const std::string& text : texts(flight.waiting)) all.push_back(text);
  }
  EXPECT_EQ(all, (Texts{"1", "2"}));
  EXPECT_EQ(take_off({"3"}), 2U);
  flights_.land(2);
  EXPECT_EQ(flights_.bytes(), 0U);
  EXPECT_FALSE(flights_.has_from(core::Registration{1}));
}

TEST_F(FlightsTest, GivesBackWhatWaitsForOneDestination) {
  add("a", "1");
  const auto number = take_off({"1"});
  add("a", "2");
  add("b", "3");
  EXPECT_EQ(texts(flights_.take_waiting("peerjs", "a").waiting), Texts{"2"});
  EXPECT_EQ(texts(flights_.take_waiting("peerjs", "b").waiting), Texts{}) << "it takes off";
  EXPECT_EQ(texts(flights_.take_waiting("peerjs", "c").waiting), Texts{});
  EXPECT_EQ(texts(flights_.land(number).under_way), Texts{"1"});
  EXPECT_EQ(take_off({"3"}), 2U);
}

TEST_F(FlightsTest, WhatComesInOneTurnGoesTogether) {
  add("a", "1");
  add("a", "2");
  add("b", "3");
  add("a", "other key", "other");
  EXPECT_EQ(take_off({"1", "2"}), 1U);
  EXPECT_EQ(take_off({"3"}), 2U);
  EXPECT_EQ(take_off({"other key"}), 3U);
  EXPECT_EQ(take_off({}), 0U);
}

TEST_F(FlightsTest, WhatComesLaterWaitsForTheOneBefore) {
  add("a", "1");
  const auto number = take_off({"1"});
  add("a", "2");
  add("a", "3");
  EXPECT_EQ(take_off({}), 0U);
  EXPECT_EQ(texts(flights_.land(number).under_way), Texts{"1"});
  EXPECT_EQ(take_off({"2", "3"}), 2U);
  flights_.land(2);
  EXPECT_EQ(flights_.bytes(), 0U);
  EXPECT_FALSE(flights_.has("peerjs", "a"));
}

TEST_F(FlightsTest, GivesAllBackInOrderWhereTheDestinationIsAbsent) {
  add("a", "1");
  const auto number = take_off({"1"});
  add("a", "2");
  const Flights::Flight back = flights_.turn_back(number);
  EXPECT_EQ(back.dst, "a");
  EXPECT_EQ(texts(back.under_way), Texts{"1"});
  EXPECT_EQ(texts(back.waiting), Texts{"2"});
  EXPECT_EQ(flights_.bytes(), 0U);
  EXPECT_FALSE(flights_.has("peerjs", "a"));
}

TEST_F(FlightsTest, TakesOffOnceMoreWhereSomebodyHasArrivedMeanwhile) {
  add("a", "1");
  const auto number = take_off({"1"});
  add("a", "2");
  flights_.on_arrival("peerjs", "a");
  EXPECT_TRUE(flights_.turn_back(number).under_way.empty());
  EXPECT_EQ(take_off({"1", "2"}), 2U);
}

TEST_F(FlightsTest, AnArrivalBeforeItTookOffSaysNothing) {
  add("a", "1");
  flights_.on_arrival("peerjs", "a");
  EXPECT_EQ(texts(flights_.turn_back(take_off({"1"})).under_way), Texts{"1"});
}

TEST_F(FlightsTest, TakesOffOnceMoreWhereItsDestinationHadGone) {
  add("a", "1");
  const auto number = take_off({"1"});
  add("a", "2");
  flights_.bounce(number);
  flights_.bounce(number);
  EXPECT_EQ(take_off({}), 0U) << "not at once";
  flights_.relaunch_bounced();
  flights_.relaunch_bounced();
  flights_.land(number);
  EXPECT_EQ(take_off({"1", "2"}), 2U);
}

TEST_F(FlightsTest, KnowsWhatHasBouncedUntilThatTakesOffOnceMore) {
  add("a", "1");
  const auto number = take_off({"1"});
  EXPECT_FALSE(flights_.has_bounced(number));
  flights_.bounce(number);
  EXPECT_TRUE(flights_.has_bounced(number));
  flights_.relaunch_bounced();
  EXPECT_FALSE(flights_.has_bounced(number));
  EXPECT_FALSE(flights_.has_bounced(take_off({"1"})));
}

TEST_F(FlightsTest, WhatHasBouncedAndLandedDoesNotTakeOff) {
  add("a", "1");
  const auto number = take_off({"1"});
  flights_.bounce(number);
  flights_.land(number);
  flights_.relaunch_bounced();
  EXPECT_EQ(take_off({}), 0U);
}

TEST_F(FlightsTest, WhatHasBouncedCanBeTakenOutWithWhatWaitsForIt) {
  add("a", "1");
  const auto number = take_off({"1"});
  add("a", "2");
  EXPECT_EQ(flights_.bounce(number)->dst, "a");
  const Flights::Flight taken = flights_.take_bounced(number);
  EXPECT_EQ(texts(taken.under_way), Texts{"1"});
  EXPECT_EQ(texts(taken.waiting), Texts{"2"});
  EXPECT_FALSE(flights_.has("peerjs", "a"));
  EXPECT_EQ(flights_.bytes(), 0U);
  flights_.relaunch_bounced();
  EXPECT_EQ(take_off({}), 0U);
  EXPECT_EQ(flights_.bounce(number), nullptr);
  EXPECT_TRUE(flights_.take_bounced(number).under_way.empty());
}

TEST_F(FlightsTest, WhatWaitsCanBeTakenOutFromBehindWhatIsUnderWay) {
  add("a", "1");
  const auto number = take_off({"1"});
  add("a", "2");
  add("a", "3");
  const auto taken = flights_.take_waiting();
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_EQ(taken[0].dst, "a");
  EXPECT_EQ(taken[0].key, "peerjs");
  EXPECT_EQ(texts(taken[0].waiting), (Texts{"2", "3"}));
  EXPECT_TRUE(flights_.take_waiting().empty());
  EXPECT_TRUE(flights_.has("peerjs", "a"));
  EXPECT_EQ(texts(flights_.land(number).under_way), Texts{"1"});
  EXPECT_FALSE(flights_.has("peerjs", "a"));
  EXPECT_EQ(flights_.bytes(), 0U);
}

TEST_F(FlightsTest, KnowsOfWhomSomethingIsUnderWay) {
  constexpr core::Registration src{1};
  EXPECT_FALSE(flights_.has_from(src));
  add("a", "1");
  add("b", "2");
  const auto a = take_off({"1"});
  const auto b = take_off({"2"});
  add("a", "3");
  flights_.land(b);
  EXPECT_TRUE(flights_.has_from(src));
  flights_.land(a);
  EXPECT_TRUE(flights_.has_from(src));
  flights_.take_ready();
  EXPECT_FALSE(flights_.has_from(src));
}

TEST_F(FlightsTest, GivesOutOnceWhatANodeIsSilentAbout) {
  add("a", "1");
  add("b", "2");
  const auto a = take_off({"1"});
  flights_.sent_to(a, "node");
  flights_.sent_to(take_off({"2"}), "another");
  EXPECT_TRUE(flights_.mark_silent("node", kStart).empty());
  const auto silent = flights_.mark_silent("node", kStart + 1s);
  ASSERT_EQ(silent.size(), 1U);
  EXPECT_EQ(silent[0]->number, a);
  EXPECT_TRUE(flights_.mark_silent("node", kStart + 2s).empty());
}

TEST_F(FlightsTest, WhatIsInDoubtKeepsItsNumber) {
  add("a", "1");
  add("b", "2");
  const auto a = take_off({"1"});
  const auto b = take_off({"2"});
  const auto doubted = flights_.doubt_all();
  ASSERT_EQ(doubted.size(), 2U);
  EXPECT_EQ(doubted[0]->number, a);
  EXPECT_EQ(doubted[1]->number, b);
  EXPECT_TRUE(flights_.turn_back(b).under_way.empty());
  const auto turned = flights_.take_turned();
  ASSERT_EQ(turned.size(), 1U);
  EXPECT_EQ(turned[0]->number, b);
  EXPECT_TRUE(flights_.take_turned().empty());
  EXPECT_EQ(texts(flights_.land(b).under_way), Texts{"2"});
}

TEST_F(FlightsTest, OnceItHasBouncedThereIsNoDoubt) {
  add("a", "1");
  const auto number = take_off({"1"});
  flights_.doubt_all();
  flights_.bounce(number);
  flights_.relaunch_bounced();
  EXPECT_EQ(texts(flights_.turn_back(take_off({"1"})).under_way), Texts{"1"});
}

TEST_F(FlightsTest, WhatHasBouncedIsInNoDoubtWhenTheLinkBreaks) {
  add("x", "1");
  const std::uint64_t number = take_off({"1"});
  flights_.bounce(number);
  flights_.relaunch_bounced();
  EXPECT_TRUE(flights_.doubt_all().empty());
  EXPECT_NE(take_off({"1"}), number);
  EXPECT_EQ(take_off({}), 0U);
}

TEST_F(FlightsTest, WhatHasBouncedIsGivenBackBeforeWhatWaitsForIt) {
  add("x", "1");
  flights_.bounce(take_off({"1"}));
  add("x", "2");
  flights_.relaunch_bounced();
  const auto ready = flights_.take_ready();
  ASSERT_TRUE(ready);
  EXPECT_EQ(texts(ready->waiting), (Texts{"1", "2"}));
}

TEST_F(FlightsTest, WhatIsTriedAgainForADoubtIsNotTriedForHavingTurnedBack) {
  add("x", "1");
  const std::uint64_t number = take_off({"1"});
  flights_.doubt_all();
  flights_.turn_back(number);
  EXPECT_EQ(flights_.doubt_all().size(), 1U);
  EXPECT_TRUE(flights_.take_turned().empty());
}

TEST_F(FlightsTest, WhatIsGivenUpLeavesItsNoticesToTakeOffOnceMore) {
  add("a", "1");
  add_leave("a", "left");
  const auto number = take_off({"1", "left"});
  add("a", "2");
  const Flights::Flight given_up = flights_.give_up(number);
  EXPECT_EQ(given_up.dst, "a");
  EXPECT_EQ(texts(given_up.under_way), Texts{"1"});
  flights_.land(take_off({"left", "2"}));
  EXPECT_EQ(flights_.bytes(), 0U);
}

TEST_F(FlightsTest, WhatIsGivenUpWithoutNoticesIsGone) {
  add("a", "1");
  EXPECT_EQ(texts(flights_.give_up(take_off({"1"})).under_way), Texts{"1"});
  take_off({});
  EXPECT_FALSE(flights_.has("peerjs", "a"));
  EXPECT_EQ(flights_.give_up(1).under_way.size(), 0U);
}

TEST_F(FlightsTest, KnowsWhatIsUnderWayForTooLong) {
  using Numbers = std::vector<std::uint64_t>;
  add("a", "1");
  const auto number = take_off({"1"});
  add("a", "2");
  EXPECT_EQ(flights_.older_than(kStart), Numbers{});
  EXPECT_EQ(flights_.older_than(kStart + 1ms), Numbers{number});
  EXPECT_EQ(texts(flights_.land(number).under_way), Texts{"1"});
  EXPECT_EQ(flights_.older_than(kStart + 1h), Numbers{});
  take_off({"2"});
}

TEST_F(FlightsTest, KnowsWhatWentToANode) {
  using Nodes = std::set<std::string>;
  using Numbers = std::vector<std::uint64_t>;
  for (const char* const dst : {"a", "b", "c"}) add(dst, dst);
  const auto a = take_off({"a"});
  const auto b = take_off({"b"});
  take_off({"c"});
  EXPECT_EQ(flights_.nodes_silent_since(kStart + 1ms), Nodes{});
  flights_.sent_to(a, "one");
  flights_.sent_to(b, "one");
  flights_.sent_to(b + 100, "two");
  EXPECT_EQ(flights_.nodes_silent_since(kStart), Nodes{});
  EXPECT_EQ(flights_.nodes_silent_since(kStart + 1ms), Nodes{"one"});
  EXPECT_EQ(flights_.under_way_to("one"), (Numbers{a, b}));
  flights_.bounce(b);
  EXPECT_EQ(flights_.under_way_to("one"), Numbers{a});
}

TEST_F(FlightsTest, GivesOutWhatHasNotTakenOff) {
  add("a", "1");
  add("b", "2");
  take_off({"1"});
  add("a", "3");
  const auto ready = flights_.take_ready();
  ASSERT_TRUE(ready);
  EXPECT_EQ(texts(ready->waiting), Texts{"2"});
  EXPECT_FALSE(flights_.take_ready());
  EXPECT_TRUE(flights_.has("peerjs", "a"));
}

TEST_F(FlightsTest, HasRoomForSoMuchPerDestinationAndInAll) {
  const std::string text(3000, 'x');
  EXPECT_TRUE(add("a", text));
  EXPECT_TRUE(add("a", text));
  EXPECT_TRUE(add("a", text));
  EXPECT_FALSE(add("a", text));
  EXPECT_TRUE(add("b", text));
  EXPECT_TRUE(add("c", text));
  EXPECT_TRUE(add("d", text));
  EXPECT_FALSE(add("e", text));
  flights_.turn_back(take_off({text, text, text}));
  EXPECT_TRUE(add("e", text));
}

TEST_F(FlightsTest, OneMessageHasRoomHoweverLargeItIs) {
  EXPECT_TRUE(add("a", std::string(15'000, 'x')));
  EXPECT_FALSE(add("a", "y"));
}

}  // namespace
}  // namespace peerjsd::cluster
