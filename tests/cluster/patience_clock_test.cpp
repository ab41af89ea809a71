#include "peerjsd/cluster/patience_clock.hpp"

#include <initializer_list>

#include <gtest/gtest.h>

namespace peerjsd::cluster {
namespace {

using namespace std::chrono_literals;

/// How much has passed by the clock when it has ticked so long after its first tick.
core::Duration passed(std::initializer_list<core::Duration> ticks) {
  constexpr core::Instant begin{1h};
  PatienceClock clock;
  clock.tick(begin);
  const core::Instant then = clock.now();
  for (const core::Duration tick : ticks) clock.tick(begin + tick);
  return clock.now() - then;
}

TEST(PatienceClock, CountsTheTimeInWhichThisNodeRuns) {
  EXPECT_EQ(passed({25ms, 60ms}), 60ms);
}

TEST(PatienceClock, DoesNotCountWhereItStoodStill) {
  EXPECT_EQ(passed({10min}), PatienceClock::kLongestTurn);
  EXPECT_EQ(passed({10min, 10min + 25ms}), PatienceClock::kLongestTurn + 25ms);
}

}  // namespace
}  // namespace peerjsd::cluster
