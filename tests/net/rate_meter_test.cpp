#include "peerjsd/net/rate_meter.hpp"

#include <chrono>

#include <gtest/gtest.h>

namespace peerjsd::net {
namespace {

using namespace std::chrono_literals;

constexpr core::Instant kNow{1h};
constexpr Rate kRate{200};

TEST(RateMeter, GivesTenSecondsWorthAtOnceAndThenOwes) {
  RateMeter meter;
  EXPECT_EQ(meter.take(kRate, 2000, kNow), 0ms);
  EXPECT_EQ(meter.take(kRate, 1, kNow), 5ms);
  EXPECT_EQ(meter.take(kRate, 199, kNow), 1000ms);
  EXPECT_EQ(meter.take(kRate, 1, kNow + 1005ms), 0ms);
}

TEST(RateMeter, NeverHoldsMoreThanThat) {
  RateMeter meter;
  EXPECT_EQ(meter.take(kRate, 1, kNow), 0ms);
  EXPECT_EQ(meter.take(kRate, 2001, kNow + 24h), 5ms);
}

TEST(RateMeter, KnowsRatesBeyondOneAMillisecond) {
  RateMeter meter;
  EXPECT_EQ(meter.take({1000000}, 10000000, kNow), 0ms);
  EXPECT_EQ(meter.take({1000000}, 500000, kNow), 500ms);
}

TEST(RateMeter, OwesNothingWhereThereIsNoRate) {
  RateMeter meter;
  EXPECT_EQ(meter.take({0}, 1000000, kNow), 0ms);
}

TEST(RateMeter, IsHalfFullAgainAfterHalfTheTime) {
  RateMeter meter;
  meter.take(kRate, 2000, kNow);
  EXPECT_FALSE(meter.is_half_full(kNow + 4999ms));
  EXPECT_TRUE(meter.is_half_full(kNow + 5s));
  EXPECT_FALSE(meter.is_full(kNow + 9999ms));
  EXPECT_TRUE(meter.is_full(kNow + 10s));
}

}  // namespace
}  // namespace peerjsd::net
