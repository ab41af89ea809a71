#include "peerjsd/core/leave_policy.hpp"

#include <cstddef>
#include <vector>

#include <gtest/gtest.h>

namespace peerjsd::core {
namespace {

struct Rule {
  End end;
  LeaveTiming native;
  LeaveTiming page;
};

const std::vector<Rule> kAutoRules = {
    {End::GoingAway, LeaveTiming::AtOnce, LeaveTiming::AtOnce},
    {End::ClosedWithCode, LeaveTiming::AtOnce, LeaveTiming::AtOnce},
    {End::ClosedWithoutCode, LeaveTiming::AtOnce, LeaveTiming::None},
    {End::Lost, LeaveTiming::AtOnce, LeaveTiming::AfterGrace},
    {End::StreamClosed, LeaveTiming::AtOnce, LeaveTiming::AtOnce},
    {End::Silent, LeaveTiming::AtOnce, LeaveTiming::AtOnce},
    {End::OverLimit, LeaveTiming::AtOnce, LeaveTiming::AtOnce},
    {End::Left, LeaveTiming::AtOnce, LeaveTiming::AtOnce},
    {End::Replaced, LeaveTiming::None, LeaveTiming::None},
    {End::ServerStops, LeaveTiming::None, LeaveTiming::None},
    {End::Dismissed, LeaveTiming::AtOnce, LeaveTiming::AtOnce},
    {End::Expired, LeaveTiming::AtOnce, LeaveTiming::AfterGrace},
    {End::Displaced, LeaveTiming::None, LeaveTiming::None},
};

TEST(LeavePolicy, HasARuleForEachEnd) {
  EXPECT_EQ(kAutoRules.size(), static_cast<std::size_t>(End::Displaced) + 1);
}

TEST(LeavePolicy, AutoGoesByHowThePeerWentAndWhatItWas) {
  for (const Rule& rule : kAutoRules) {
    EXPECT_EQ(leave_timing(LeavePolicy::Auto, PeerKind::Native, rule.end), rule.native)
        << to_string(rule.end);
    EXPECT_EQ(leave_timing(LeavePolicy::Auto, PeerKind::Page, rule.end), rule.page)
        << to_string(rule.end);
  }
}

TEST(LeavePolicy, AlwaysIsAtOnceAtEveryEndOfAPeer) {
  for (const Rule& rule : kAutoRules) {
    const bool is_end_of_peer =
        rule.end != End::Replaced && rule.end != End::ServerStops && rule.end != End::Displaced;
    for (const PeerKind kind : {PeerKind::Native, PeerKind::Page}) {
      EXPECT_EQ(leave_timing(LeavePolicy::Always, kind, rule.end),
                is_end_of_peer ? LeaveTiming::AtOnce : LeaveTiming::None)
          << to_string(rule.end);
    }
  }
}

TEST(LeavePolicy, NeverIsNever) {
  for (const Rule& rule : kAutoRules) {
    for (const PeerKind kind : {PeerKind::Native, PeerKind::Page}) {
      EXPECT_EQ(leave_timing(LeavePolicy::Never, kind, rule.end), LeaveTiming::None)
          << to_string(rule.end);
    }
  }
}

}  // namespace
}  // namespace peerjsd::core
