#include "peerjsd/net/flood_guard.hpp"

#include <chrono>

#include <gtest/gtest.h>

namespace peerjsd::net {
namespace {

using namespace std::chrono_literals;

constexpr core::Instant kNow{1h};
constexpr Rate kRate{100};  // and 1000 at once

TEST(FloodGuard, LetsABurstPass) {
  FloodGuard guard;
  const auto verdict = guard.take(kRate, 30s, 1000, kNow);
  EXPECT_EQ(verdict.pause, 0ms);
  EXPECT_FALSE(verdict.is_first);
  EXPECT_FALSE(verdict.is_flood);
}

TEST(FloodGuard, SlowsDownUntilNothingIsOwed) {
  FloodGuard guard;
  const auto first = guard.take(kRate, 30s, 1100, kNow);
  EXPECT_EQ(first.pause, 1s);
  EXPECT_TRUE(first.is_first);
  const auto second = guard.take(kRate, 30s, 50, kNow + 1s);
  EXPECT_EQ(second.pause, 500ms);
  EXPECT_FALSE(second.is_first);
  EXPECT_EQ(guard.take(kRate, 30s, 0, kNow + 1500ms).pause, 0ms);
}

TEST(FloodGuard, EndsWhoGoesOnForAllOfThePatience) {
  FloodGuard guard;
  guard.take(kRate, 3s, 1100, kNow);
  EXPECT_FALSE(guard.take(kRate, 3s, 1000, kNow + 2999ms).is_flood);
  const auto verdict = guard.take(kRate, 3s, 1, kNow + 3s);
  EXPECT_TRUE(verdict.is_flood);
  EXPECT_EQ(verdict.lasted, 3s);
}

TEST(FloodGuard, ForgivesWhoCalmsDown) {
  FloodGuard guard;
  guard.take(kRate, 3s, 1100, kNow);
  EXPECT_EQ(guard.take(kRate, 3s, 1, kNow + 7s).pause, 0ms);  // half full again
  const auto again = guard.take(kRate, 3s, 1000, kNow + 8s);
  EXPECT_GT(again.pause, 0ms);
  EXPECT_TRUE(again.is_first);
  EXPECT_FALSE(again.is_flood);
}

TEST(FloodGuard, DoesNotForgiveWhoTakesABreath) {
  FloodGuard guard;
  guard.take(kRate, 3s, 1100, kNow);
  EXPECT_EQ(guard.take(kRate, 3s, 1, kNow + 3s).pause, 0ms);  // nothing owed, but not half full
  EXPECT_TRUE(guard.take(kRate, 3s, 1000, kNow + 4s).is_flood);
}

TEST(FloodGuard, PausesInPiecesSoThatSignsOfLifeComeThrough) {
  FloodGuard guard;
  EXPECT_EQ(guard.take(kRate, 3s, 100000, kNow).pause, 1s);
  FloodGuard patient;
  EXPECT_EQ(patient.take(kRate, 0s, 100000, kNow).pause, 10s);
}

TEST(FloodGuard, WithoutAnEndOfPatienceEndsNobody) {
  FloodGuard guard;
  guard.take(kRate, 0s, 1100, kNow);
  EXPECT_FALSE(guard.take(kRate, 0s, 100000, kNow + 1h).is_flood);
}

}  // namespace
}  // namespace peerjsd::net
