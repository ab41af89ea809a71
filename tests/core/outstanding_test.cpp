#include "peerjsd/core/outstanding.hpp"

#include <chrono>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace peerjsd::core {
namespace {

using namespace std::chrono_literals;
constexpr HashKey kHashKey{1, 2};

using Verdict = Outstanding::Verdict;

constexpr Instant kStart{1h};
constexpr Outstanding::Limits kRoomy{1 << 20, 1 << 20, 1 << 22};
constexpr Outstanding::Sender kAnn{"ann", Registration{1}};
constexpr Outstanding::Sender kBob{"bob", Registration{2}};

std::vector<std::string> texts(const std::vector<Outstanding::Message>& messages) {
  std::vector<std::string> result;
  for (const auto& message : messages) result.push_back(message.text);
  return result;
}

class OutstandingTest : public testing::Test {
 protected:
  Outstanding outstanding_{kRoomy, 5s, kHashKey};

  Verdict keep(Outstanding::Sender sender, std::string_view dst, MessageType type, std::string text,
               Instant now) {
    return outstanding_.keep(sender, dst, type, std::move(text), now);
  }
};

TEST_F(OutstandingTest, GivesOutWhatWaitsInTheOrderOfArrivalOverAllSenders) {
  keep(kAnn, R"("x")", MessageType::Offer, "1", kStart);
  keep(kBob, R"("x")", MessageType::Offer, "2", kStart);
  keep(kAnn, R"("x")", MessageType::Candidate, "3", kStart + 1ms);
  keep(kAnn, R"("y")", MessageType::Offer, "other", kStart);
  EXPECT_EQ(texts(outstanding_.take(R"("x")")), (std::vector<std::string>{"1", "2", "3"}));
  EXPECT_TRUE(outstanding_.take(R"("x")").empty());
  EXPECT_EQ(texts(outstanding_.take(R"("y")")), (std::vector<std::string>{"other"}));
  EXPECT_EQ(outstanding_.bytes(), 0U);
  EXPECT_TRUE(outstanding_.empty());
}

TEST_F(OutstandingTest, ReportsAnAttemptOnceWhenItsFirstMessageRunsOut) {
  keep(kAnn, R"("x")", MessageType::Offer, "1", kStart);
  keep(kAnn, R"("x")", MessageType::Candidate, "2", kStart + 4s);
  EXPECT_FALSE(outstanding_.expire_next(kStart + 4999ms));
  const auto expired = outstanding_.expire_next(kStart + 5s);
  ASSERT_TRUE(expired);
  EXPECT_EQ(expired->src, "ann");
  EXPECT_EQ(expired->dst_json, R"("x")");
  EXPECT_FALSE(outstanding_.expire_next(kStart + 9s));
  EXPECT_TRUE(outstanding_.take(R"("x")").empty());
}

TEST_F(OutstandingTest, DropsTheTailOfAnExpiredAttemptButNotANewOffer) {
  keep(kAnn, R"("x")", MessageType::Offer, "1", kStart);
  ASSERT_TRUE(outstanding_.expire_next(kStart + 5s));
  EXPECT_EQ(keep(kAnn, R"("x")", MessageType::Candidate, "2", kStart + 6s), Verdict::Dropped);
  EXPECT_EQ(keep(kBob, R"("x")", MessageType::Candidate, "3", kStart + 6s), Verdict::Kept);
  EXPECT_EQ(keep(kAnn, R"("x")", MessageType::Offer, "4", kStart + 7s), Verdict::Kept);
  EXPECT_EQ(keep(kAnn, R"("x")", MessageType::Candidate, "5", kStart + 7s), Verdict::Kept);
  EXPECT_EQ(texts(outstanding_.take(R"("x")")), (std::vector<std::string>{"3", "4", "5"}));
}

TEST_F(OutstandingTest, AMessageOfAnAppsOwnIsNoTailButMayHaveOne) {
  keep(kAnn, R"("x")", MessageType::Offer, "1", kStart);
  ASSERT_TRUE(outstanding_.expire_next(kStart + 5s));
  EXPECT_EQ(keep(kAnn, R"("x")", MessageType::Candidate, "2", kStart + 6s), Verdict::Dropped);
  EXPECT_EQ(keep(kAnn, R"("x")", MessageType::Custom, "3", kStart + 6s), Verdict::Kept);
  EXPECT_EQ(keep(kAnn, R"("x")", MessageType::Custom, "4", kStart + 7s), Verdict::Kept);
  EXPECT_FALSE(outstanding_.expire_next(kStart + 10999ms));
  EXPECT_TRUE(outstanding_.expire_next(kStart + 11s));
  EXPECT_FALSE(outstanding_.expire_next(kStart + 12s)) << "once for both";
  EXPECT_EQ(keep(kAnn, R"("x")", MessageType::Candidate, "5", kStart + 12s), Verdict::Dropped);
}

TEST_F(OutstandingTest, GivesUpEachMessageOfAnAppsOwn) {
  EXPECT_TRUE(outstanding_.give_up(kAnn, R"("x")", MessageType::Custom, kStart));
  EXPECT_TRUE(outstanding_.give_up(kAnn, R"("x")", MessageType::Custom, kStart));
  EXPECT_FALSE(outstanding_.give_up(kAnn, R"("x")", MessageType::Candidate, kStart));
}

TEST_F(OutstandingTest, OffersInOrderAndKeepsWhatIsNotTakenForNoLongerThanBefore) {
  keep(kAnn, R"("x")", MessageType::Offer, "1", kStart);
  keep(kBob, R"("x")", MessageType::Offer, "2", kStart + 1s);
  keep(kAnn, R"("x")", MessageType::Candidate, "3", kStart + 1s);
  keep(kBob, R"("x")", MessageType::Candidate, "4", kStart + 1s);
  std::vector<std::string> offered;
  outstanding_.offer(R"("x")", [&](const Outstanding::Message& message) {
    offered.push_back(message.text);
    return message.src == "bob" || message.text == "1";
  });
  EXPECT_EQ(offered, (std::vector<std::string>{"1", "2", "3", "4"}));
  EXPECT_FALSE(outstanding_.holds(R"("x")", kBob.registration));
  offered.clear();
  keep(kAnn, R"("x")", MessageType::Candidate, "5", kStart + 1s);
  outstanding_.offer(R"("x")", [&](const Outstanding::Message& message) {
    offered.push_back(message.text);
    return false;
  });
  EXPECT_EQ(offered, (std::vector<std::string>{"3"})) << "what follows is not asked for";
  EXPECT_FALSE(outstanding_.expire_next(kStart + 4999ms));
  EXPECT_TRUE(outstanding_.expire_next(kStart + 5s));
  EXPECT_FALSE(outstanding_.expire_next(kStart + 6s)) << "what was taken is owed nothing";
  outstanding_.expire_next(kStart + 10s);
  EXPECT_EQ(outstanding_.bytes(), 0U);
  EXPECT_TRUE(outstanding_.empty());
}

TEST_F(OutstandingTest, GivesBackAllOfASenderInTheOrderOfArrival) {
  keep(kAnn, R"("x")", MessageType::Offer, "1", kStart);
  keep(kBob, R"("x")", MessageType::Offer, "2", kStart);
  keep(kAnn, R"("y")", MessageType::Offer, "3", kStart);
  keep(kAnn, R"("x")", MessageType::Candidate, "4", kStart);
  std::vector<std::string> found;
  for (const auto& sent : outstanding_.take_from(kAnn.registration)) {
    found.push_back(sent.dst_json + sent.text);
  }
  EXPECT_EQ(found, (std::vector<std::string>{R"("x"1)", R"("y"3)", R"("x"4)"}));
  EXPECT_TRUE(outstanding_.take_from(kAnn.registration).empty());
  EXPECT_EQ(texts(outstanding_.take(R"("x")")), (std::vector<std::string>{"2"}));
  EXPECT_EQ(outstanding_.bytes(), 0U);
  EXPECT_TRUE(outstanding_.empty());
}

TEST_F(OutstandingTest, DropsALeaveInTheEndWithoutOwingAnything) {
  EXPECT_EQ(keep(kAnn, R"("x")", MessageType::Leave, "1", kStart), Verdict::Kept);
  EXPECT_EQ(keep(kBob, R"("x")", MessageType::Leave, "2", kStart + 1s), Verdict::Kept);
  keep(kBob, R"("x")", MessageType::Offer, "3", kStart + 2s);
  const auto expired = outstanding_.expire_next(kStart + 6s);
  ASSERT_TRUE(expired);
  EXPECT_EQ(expired->src, "bob") << "ann has called nobody";
  EXPECT_FALSE(outstanding_.expire_next(kStart + 6s));
  EXPECT_TRUE(outstanding_.take(R"("x")").empty());
}

TEST_F(OutstandingTest, ALeaveIsNoTail) {
  keep(kAnn, R"("x")", MessageType::Offer, "1", kStart);
  ASSERT_TRUE(outstanding_.expire_next(kStart + 5s));
  EXPECT_EQ(keep(kAnn, R"("x")", MessageType::Leave, "2", kStart + 6s), Verdict::Kept);
  EXPECT_EQ(texts(outstanding_.take(R"("x")")), std::vector<std::string>{"2"});
  EXPECT_EQ(outstanding_.bytes(), 0U);
}

TEST_F(OutstandingTest, AnAttemptThatRunsOutLeavesItsNotices) {
  keep(kAnn, R"("x")", MessageType::Offer, "1", kStart);
  keep(kAnn, R"("x")", MessageType::Leave, "2", kStart + 4s);
  ASSERT_TRUE(outstanding_.expire_next(kStart + 5s));
  EXPECT_FALSE(outstanding_.expire_next(kStart + 8999ms));
  EXPECT_TRUE(outstanding_.holds(R"("x")", kAnn.registration));
  EXPECT_EQ(texts(outstanding_.take(R"("x")")), std::vector<std::string>{"2"});
  EXPECT_EQ(outstanding_.bytes(), 0U);

  keep(kAnn, R"("x")", MessageType::Offer, "1", kStart);
  keep(kAnn, R"("x")", MessageType::Leave, "2", kStart + 4s);
  ASSERT_TRUE(outstanding_.expire_next(kStart + 5s));
  EXPECT_FALSE(outstanding_.expire_next(kStart + 9s)) << "nobody is owed anything for it";
  EXPECT_TRUE(outstanding_.empty());
  EXPECT_EQ(outstanding_.bytes(), 0U);
}

TEST_F(OutstandingTest, ALeaveToEachPartnerIsNotOfItsSendersShare) {
  Outstanding tight({1 << 20, 1000, 1 << 22}, 5s, kHashKey);
  for (const std::string dst : {R"("x")", R"("y")", R"("z")", R"("w")"}) {
    EXPECT_EQ(tight.keep(kAnn, dst, MessageType::Leave, std::string(100, 'x'), kStart),
              Verdict::Kept);
  }
  EXPECT_EQ(tight.keep(kAnn, R"("v")", MessageType::Offer, "1", kStart), Verdict::Refused);
}

TEST_F(OutstandingTest, ALeaveForWhichThereIsNoRoomEndsNoAttempt) {
  Outstanding tight{{1000, 1000, 1000}, 5s, kHashKey};
  EXPECT_EQ(tight.keep(kAnn, R"("x")", MessageType::Offer, "1", kStart), Verdict::Kept);
  EXPECT_EQ(tight.keep(kAnn, R"("x")", MessageType::Leave, std::string(500, 'x'), kStart),
            Verdict::Dropped);
  EXPECT_TRUE(tight.holds(R"("x")", kAnn.registration));
}

TEST_F(OutstandingTest, TailEndsAfterAnotherTimeout) {
  keep(kAnn, R"("x")", MessageType::Offer, "1", kStart);
  ASSERT_TRUE(outstanding_.expire_next(kStart + 5s));
  EXPECT_FALSE(outstanding_.expire_next(kStart + 10s));
  EXPECT_TRUE(outstanding_.empty());
  EXPECT_EQ(outstanding_.bytes(), 0U);
  EXPECT_EQ(keep(kAnn, R"("x")", MessageType::Candidate, "2", kStart + 10s), Verdict::Kept);
}

TEST_F(OutstandingTest, ATailEndsInTimeEvenIfNobodyHasLooked) {
  keep(kAnn, R"("x")", MessageType::Offer, "1", kStart);
  ASSERT_TRUE(outstanding_.expire_next(kStart + 5s));
  EXPECT_EQ(keep(kAnn, R"("x")", MessageType::Candidate, "2", kStart + 9999ms), Verdict::Dropped);
  EXPECT_EQ(keep(kAnn, R"("x")", MessageType::Candidate, "3", kStart + 10s), Verdict::Kept);
}

TEST_F(OutstandingTest, WhatComesInTheTailDoesNotProlongIt) {
  keep(kAnn, R"("x")", MessageType::Offer, "1", kStart);
  ASSERT_TRUE(outstanding_.expire_next(kStart + 5s));
  keep(kAnn, R"("x")", MessageType::Candidate, "2", kStart + 9s);
  EXPECT_FALSE(outstanding_.expire_next(kStart + 10s));
  EXPECT_TRUE(outstanding_.empty());
}

TEST_F(OutstandingTest, ATailCostsNoMoreThanItsNames) {
  keep(kAnn, R"("x")", MessageType::Offer, std::string(1000, 'x'), kStart);
  ASSERT_TRUE(outstanding_.expire_next(kStart + 5s));
  EXPECT_EQ(outstanding_.bytes(), Outstanding::kOverhead + 3 + 2 * 3);
}

/// Nothing is left of what was charged.
void expect_empty(Outstanding& outstanding) {
  while (outstanding.expire_next(kStart + 1h)) continue;
  EXPECT_FALSE(outstanding.expire_next(kStart + 2h));
  EXPECT_EQ(outstanding.bytes(), 0U);
  EXPECT_TRUE(outstanding.empty());
  EXPECT_FALSE(outstanding.has_from(kAnn.registration));
  EXPECT_FALSE(outstanding.has_from(kBob.registration));
  EXPECT_FALSE(outstanding.has_from({7}));
}

TEST_F(OutstandingTest, WhatIsAdoptedIsOneAttemptWithWhatIsThere) {
  keep(kBob, R"("x")", MessageType::Offer, "1", kStart);
  keep(kAnn, R"("x")", MessageType::Candidate, "2", kStart + 1s);
  keep(kBob, R"("x")", MessageType::Candidate, "3", kStart + 2s);
  keep(kBob, R"("y")", MessageType::Offer, "4", kStart + 3s);
  outstanding_.adopt(kBob.registration, kAnn.registration);
  EXPECT_FALSE(outstanding_.has_from(kBob.registration));
  EXPECT_FALSE(outstanding_.expire_next(kStart + 4999ms));
  const auto expired = outstanding_.expire_next(kStart + 5s);
  ASSERT_TRUE(expired);
  EXPECT_EQ(expired->registration, kAnn.registration);
  EXPECT_EQ(expired->dst_json, R"("x")");
  EXPECT_FALSE(outstanding_.expire_next(kStart + 5s)) << "it is one";
  EXPECT_EQ(texts(outstanding_.take(R"("y")")), std::vector<std::string>{"4"});
  expect_empty(outstanding_);
}

TEST_F(OutstandingTest, WhatIsAdoptedKeepsItsPlace) {
  keep(kBob, R"("x")", MessageType::Offer, "1", kStart);
  keep(kAnn, R"("x")", MessageType::Candidate, "2", kStart);
  keep(kBob, R"("x")", MessageType::Candidate, "3", kStart);
  outstanding_.adopt(kBob.registration, kAnn.registration);
  std::vector<std::string> seen;
  outstanding_.offer(R"("x")", [&](const Outstanding::Message& message) {
    seen.push_back(message.text);
    return true;
  });
  EXPECT_EQ(seen, (std::vector<std::string>{"1", "2", "3"}));
  expect_empty(outstanding_);
}

TEST_F(OutstandingTest, WhatIsAdoptedCostsWhatItDid) {
  keep(kBob, R"("x")", MessageType::Offer, "1", kStart);
  const std::size_t bytes = outstanding_.bytes();
  outstanding_.adopt(kBob.registration, {7});
  EXPECT_EQ(outstanding_.bytes(), bytes);
  outstanding_.adopt({7}, kBob.registration);
  expect_empty(outstanding_);
}

TEST_F(OutstandingTest, WhatIsAdoptedWaitsSinceTheOlderOfTheTwo) {
  keep(kAnn, R"("x")", MessageType::Offer, "1", kStart);
  keep(kBob, R"("x")", MessageType::Candidate, "2", kStart + 1s);
  outstanding_.adopt(kBob.registration, kAnn.registration);
  EXPECT_TRUE(outstanding_.expire_next(kStart + 5s));
  expect_empty(outstanding_);
}

TEST_F(OutstandingTest, WhatIsAdoptedAndHasRunOutIsATailStill) {
  keep(kBob, R"("x")", MessageType::Offer, "1", kStart);
  ASSERT_TRUE(outstanding_.expire_next(kStart + 5s));
  outstanding_.adopt(kBob.registration, kAnn.registration);
  EXPECT_EQ(keep(kAnn, R"("x")", MessageType::Candidate, "2", kStart + 6s), Verdict::Dropped);
  expect_empty(outstanding_);
}

TEST_F(OutstandingTest, WhatIsAdoptedWaitsIfEitherDoes) {
  keep(kBob, R"("x")", MessageType::Offer, "1", kStart);
  keep(kAnn, R"("y")", MessageType::Offer, "1", kStart);
  while (outstanding_.expire_next(kStart + 5s)) continue;
  keep(kAnn, R"("x")", MessageType::Offer, "2", kStart + 6s);
  keep(kBob, R"("y")", MessageType::Offer, "2", kStart + 6s);
  outstanding_.adopt(kBob.registration, kAnn.registration);
  EXPECT_FALSE(outstanding_.expire_next(kStart + 10999ms));
  EXPECT_TRUE(outstanding_.expire_next(kStart + 11s));
  EXPECT_TRUE(outstanding_.expire_next(kStart + 11s));
  expect_empty(outstanding_);
}

TEST_F(OutstandingTest, WaitsSinceTheOldestOfWhatComesLate) {
  keep(kAnn, R"("x")", MessageType::Candidate, "2", kStart);
  keep(kAnn, R"("x")", MessageType::Offer, "1", kStart - 2s);
  EXPECT_TRUE(outstanding_.expire_next(kStart + 3s));
  expect_empty(outstanding_);
}

TEST_F(OutstandingTest, PutsWhatHadArrivedBehindWhatHasCome) {
  keep(kAnn, R"("x")", MessageType::Candidate, "3", kStart);
  keep(kBob, R"("x")", MessageType::Candidate, "4", kStart);
  keep(kAnn, R"("y")", MessageType::Offer, "of another", kStart);
  const std::uint64_t before = outstanding_.arrived();
  keep(kAnn, R"("x")", MessageType::Offer, "1", kStart);
  keep(kBob, R"("x")", MessageType::Offer, "2", kStart);
  const auto orders = outstanding_.put_behind(R"("x")", before);
  EXPECT_EQ(orders, (decltype(orders){{0, 5}, {1, 6}}));
  EXPECT_EQ(outstanding_.arrived(), 7U);
  std::vector<std::string> seen;
  outstanding_.offer(R"("x")", [&](const Outstanding::Message& message) {
    seen.push_back(message.text);
    return message.text != "3";
  });
  EXPECT_EQ(seen, (std::vector<std::string>{"1", "2", "3", "4"}));
  EXPECT_EQ(texts(outstanding_.take(R"("x")")), std::vector<std::string>{"3"});
  EXPECT_TRUE(outstanding_.put_behind(R"("z")", 100).empty());
}

TEST_F(OutstandingTest, WhatIsToldIsDroppedEachInItsTime) {
  keep(kAnn, R"("x")", MessageType::Expire, "1", kStart);
  keep(kAnn, R"("x")", MessageType::Leave, "2", kStart + 2s);
  keep(kAnn, R"("x")", MessageType::Expire, "3", kStart + 4s);
  EXPECT_FALSE(outstanding_.expire_next(kStart + 5s));
  EXPECT_FALSE(outstanding_.expire_next(kStart + 7s));
  EXPECT_EQ(texts(outstanding_.take(R"("x")")), std::vector<std::string>{"3"});
  expect_empty(outstanding_);
}

TEST_F(OutstandingTest, LeavesKeepTheirPlacesAmongMany) {
  std::vector<std::string> expected;
  for (int i = 0; i < 40; ++i) {
    keep(i % 2 == 0 ? kAnn : kBob, R"("x")", MessageType::Offer, std::to_string(i), kStart);
    outstanding_.keep_behind((i % 2 == 0 ? kAnn : kBob).registration, R"("x")",
                             outstanding_.arrived(), "left", kStart, 7);
    expected.insert(expected.end(), {std::to_string(i), "left"});
  }
  outstanding_.put_behind(R"("x")", outstanding_.arrived());
  outstanding_.adopt(kBob.registration, kAnn.registration);
  EXPECT_EQ(texts(outstanding_.take(R"("x")")), expected);
  expect_empty(outstanding_);
}

TEST_F(OutstandingTest, KeepsALeaveBehindWhatItFollows) {
  keep(kAnn, R"("x")", MessageType::Offer, "1", kStart);
  const std::uint64_t order = outstanding_.arrived();
  keep(kBob, R"("x")", MessageType::Offer, "of another", kStart);
  keep(kAnn, R"("x")", MessageType::Offer, "2", kStart);
  EXPECT_TRUE(outstanding_.keep_behind(kAnn.registration, R"("x")", order, "left", kStart, 7));
  EXPECT_FALSE(outstanding_.keep_behind(kBob.registration, R"("x")", order, "left", kStart, 7));
  EXPECT_FALSE(outstanding_.keep_behind(kAnn.registration, R"("y")", order, "left", kStart, 7));
  const auto messages = outstanding_.take(R"("x")");
  EXPECT_EQ(texts(messages), (std::vector<std::string>{"1", "left", "of another", "2"}));
  EXPECT_EQ(messages[1].type, MessageType::Leave);
  EXPECT_EQ(messages[1].dst_mark, 7U);
  expect_empty(outstanding_);
}

TEST_F(OutstandingTest, PairsWithSimilarNamesAreTwoPairs) {
  const Outstanding::Sender x_y{"x_y", Registration{3}};
  const Outstanding::Sender x{"x", Registration{4}};
  keep(x_y, R"("z")", MessageType::Offer, "1", kStart);
  keep(x, R"("y_z")", MessageType::Offer, "2", kStart);
  EXPECT_EQ(outstanding_.expire_next(kStart + 5s)->src, "x_y");
  EXPECT_EQ(outstanding_.expire_next(kStart + 5s)->src, "x");
}

TEST(Outstanding, RefusesWithATimeoutOfZeroAndThenDropsTheTail) {
  Outstanding outstanding(kRoomy, 0ms, kHashKey);
  EXPECT_EQ(outstanding.keep(kAnn, R"("x")", MessageType::Offer, "1", kStart), Verdict::Refused);
  EXPECT_EQ(outstanding.keep(kAnn, R"("x")", MessageType::Candidate, "2", kStart + 500ms),
            Verdict::Dropped);
  EXPECT_EQ(outstanding.keep(kAnn, R"("x")", MessageType::Offer, "3", kStart + 600ms),
            Verdict::Refused);
  EXPECT_FALSE(outstanding.expire_next(kStart + 1600ms));
  EXPECT_TRUE(outstanding.empty());
}

TEST(Outstanding, ATailLastsASecondEvenIfTheTimeoutIsShorter) {
  for (const Duration timeout : {0ms, 100ms}) {
    Outstanding outstanding(kRoomy, timeout, kHashKey);
    outstanding.keep(kAnn, R"("x")", MessageType::Offer, "1", kStart);
    outstanding.expire_next(kStart + timeout);
    EXPECT_FALSE(outstanding.expire_next(kStart + timeout + 999ms));
    EXPECT_EQ(
        outstanding.keep(kAnn, R"("x")", MessageType::Candidate, "2", kStart + timeout + 999ms),
        Verdict::Dropped);
    EXPECT_FALSE(outstanding.expire_next(kStart + timeout + 1s));
    EXPECT_TRUE(outstanding.empty());
  }
}

TEST(Outstanding, KeepsEachLimit) {
  // An attempt with one message: "ann" or "bob" once, the quoted destination twice.
  const std::size_t one = 2 * Outstanding::kOverhead + 100 + 3 + 2 * 3;
  const std::string text(100, 'x');
  struct Case {
    Outstanding::Limits limits;
    Outstanding::Sender second_sender;
    std::string_view second_dst;
  };
  const std::vector<Case> cases = {
      {{one, 10 * one, 10 * one}, kBob, R"("x")"},
      {{10 * one, one, 10 * one}, kAnn, R"("y")"},
      {{10 * one, 10 * one, one}, kBob, R"("y")"},
  };
  for (const Case& each : cases) {
    Outstanding outstanding(each.limits, 5s, kHashKey);
    EXPECT_EQ(outstanding.keep(kAnn, R"("x")", MessageType::Offer, text, kStart), Verdict::Kept);
    EXPECT_EQ(
        outstanding.keep(each.second_sender, each.second_dst, MessageType::Offer, text, kStart),
        Verdict::Refused);
    EXPECT_EQ(outstanding.bytes(), one);
    outstanding.take(R"("x")");
    EXPECT_EQ(
        outstanding.keep(each.second_sender, each.second_dst, MessageType::Offer, text, kStart),
        Verdict::Kept);
  }
}

TEST(Outstanding, WhatRanOutMakesRoomBesideWhatStillWaits) {
  const std::size_t one = 2 * Outstanding::kOverhead + 1 + 3 + 2 * 3;
  Outstanding outstanding({2 * one, 2 * one, 2 * one}, 5s, kHashKey);
  outstanding.keep(kAnn, R"("x")", MessageType::Offer, "1", kStart);
  outstanding.keep(kBob, R"("x")", MessageType::Offer, "2", kStart + 1s);
  ASSERT_TRUE(outstanding.expire_next(kStart + 5s));
  EXPECT_EQ(outstanding.keep(kAnn, R"("x")", MessageType::Offer, "3", kStart + 5s), Verdict::Kept);
}

TEST(Outstanding, LongDestinationsCount) {
  Outstanding outstanding({10000, 10000, 10000}, 5s, kHashKey);
  const std::string dst = '"' + std::string(4000, 'x') + '"';
  EXPECT_EQ(outstanding.keep(kAnn, dst, MessageType::Offer, "1", kStart), Verdict::Kept);
  ASSERT_TRUE(outstanding.expire_next(kStart + 5s));
  EXPECT_GT(outstanding.bytes(), 8000U) << "its tail still holds the destination";
  EXPECT_EQ(outstanding.keep(kAnn, dst + "2", MessageType::Offer, "2", kStart + 5s),
            Verdict::Refused);
  EXPECT_LT(outstanding.bytes(), 10000U);
}

TEST(Outstanding, AnAttemptThatOutgrowsTheRoomIsGivenUpWhole) {
  Outstanding outstanding({1000, 1000, 1000}, 5s, kHashKey);
  EXPECT_EQ(outstanding.keep(kAnn, R"("x")", MessageType::Offer, std::string(100, 'x'), kStart),
            Verdict::Kept);
  EXPECT_EQ(outstanding.keep(kAnn, R"("x")", MessageType::Candidate, std::string(500, 'x'), kStart),
            Verdict::Refused);
  EXPECT_EQ(outstanding.keep(kAnn, R"("x")", MessageType::Candidate, "small", kStart),
            Verdict::Dropped);
  EXPECT_TRUE(outstanding.take(R"("x")").empty());
  EXPECT_EQ(outstanding.bytes(), 0U);
}

}  // namespace
}  // namespace peerjsd::core
