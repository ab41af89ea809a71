#include "peerjsd/outbound/random_pause.hpp"

#include <chrono>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace peerjsd::outbound {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::Ge;
using testing::Le;

TEST(RandomPauseTest, GrowsWithEachFailureUpToTheLongest) {
  RandomPause pause(100ms, 1s);
  for (int i = 0; i < 100; ++i) {
    EXPECT_THAT(pause.after(0), AllOf(Ge(50ms), Le(100ms)));
    EXPECT_THAT(pause.after(2), AllOf(Ge(200ms), Le(400ms)));
    EXPECT_THAT(pause.after(4), AllOf(Ge(500ms), Le(1s)));
    EXPECT_THAT(pause.after(1'000'000), AllOf(Ge(500ms), Le(1s)));
  }
}

TEST(RandomPauseTest, IsOfRandomLength) {
  RandomPause pause(1s, 1s);
  std::set<core::Duration> lengths;
  for (int i = 0; i < 20; ++i) lengths.insert(pause.after(0));
  EXPECT_GT(lengths.size(), 5U);
}

}  // namespace
}  // namespace peerjsd::outbound
