#include "peerjsd/net/histogram.hpp"

#include <chrono>

#include <gtest/gtest.h>

namespace peerjsd::net {
namespace {

using namespace std::chrono_literals;

TEST(Histogram, CountsUpToEachBoundTheBoundIncluded) {
  Histogram histogram;
  histogram.add(25us);
  histogram.add(25001ns);
  histogram.add(1s);
  histogram.add(2s);
  EXPECT_EQ(histogram.up_to(0), 1U);
  EXPECT_EQ(histogram.up_to(1), 2U);
  EXPECT_EQ(histogram.up_to(Histogram::kBounds.size() - 2), 2U);
  EXPECT_EQ(histogram.up_to(Histogram::kBounds.size() - 1), 3U);
  EXPECT_EQ(histogram.count(), 4U);
}

TEST(Histogram, CountsOneDurationManyTimes) {
  Histogram histogram;
  histogram.add(2ms, 10);
  EXPECT_EQ(histogram.count(), 10U);
  EXPECT_EQ(histogram.sum(), 20ms);
}

TEST(Histogram, CountsWhatIsShorterThanNothing) {
  Histogram histogram;
  histogram.add(-1ms);
  EXPECT_EQ(histogram.up_to(0), 1U);
}

}  // namespace
}  // namespace peerjsd::net
