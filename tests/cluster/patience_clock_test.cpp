#include "peerjsd/cluster/patience_clock.hpp"

#include <gtest/gtest.h>

namespace peerjsd::cluster {
namespace {

using namespace std::chrono_literals;

TEST(PatienceClock, CountsTheTimeInWhichThisNodeRuns) {
  PatienceClock clock;
  const core::Instant begin{1h};
  clock.tick(begin);
  const core::Instant then = clock.now();
  clock.tick(begin + 25ms);
  clock.tick(begin + 60ms);
  EXPECT_EQ(clock.now() - then, 60ms);
}

TEST(PatienceClock, DoesNotCountWhereItStoodStill) {
  PatienceClock clock;
  const core::Instant begin{1h};
  clock.tick(begin);
  const core::Instant then = clock.now();
  clock.tick(begin + 10min);
  EXPECT_EQ(clock.now() - then, PatienceClock::kLongestTurn);
  clock.tick(begin + 10min + 25ms);
  EXPECT_EQ(clock.now() - then, PatienceClock::kLongestTurn + 25ms);
}

}  // namespace
}  // namespace peerjsd::cluster
