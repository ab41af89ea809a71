#include "peerjsd/net/connection_limits.hpp"

#include <chrono>

#include <gtest/gtest.h>

namespace peerjsd::net {
namespace {

using namespace std::chrono_literals;
using core::AddressGroup;

constexpr AddressGroup kHere{1000};
constexpr AddressGroup kThere{2000};
constexpr core::Instant kNow{1h};

TEST(ConnectionLimits, BoundAllConnectionsTogether) {
  ConnectionLimits limits({2, 0, {}});
  for (const AddressGroup group : {kHere, AddressGroup::Local}) {
    EXPECT_EQ(limits.refusal(group, kNow), "");
    limits.enter(group);
  }
  EXPECT_EQ(limits.refusal(kThere, kNow), "there are too many connections");
  EXPECT_EQ(limits.refusal(AddressGroup::Local, kNow), "there are too many connections");
  EXPECT_EQ(limits.refusal_behind_proxy(kThere, kNow), "") << "that adds none";
  limits.leave(AddressGroup::Local);
  EXPECT_EQ(limits.refusal(kThere, kNow), "");
  EXPECT_EQ(limits.total(), 1U);
}

TEST(ConnectionLimits, BoundThoseOfOneAddress) {
  ConnectionLimits limits({0, 1, {}});
  EXPECT_EQ(limits.refusal(kHere, kNow), "");
  limits.enter(kHere);
  EXPECT_EQ(limits.refusal(kHere, kNow), "too many connections from this address");
  EXPECT_EQ(limits.refusal(kThere, kNow), "");
  limits.leave(kHere);
  EXPECT_EQ(limits.refusal(kHere, kNow), "");
}

TEST(ConnectionLimits, BoundNewOnesASecondWithTenSecondsWorthAtOnce) {
  ConnectionLimits limits({0, 0, {2}});
  for (int i = 0; i < 20; ++i) EXPECT_EQ(limits.refusal(kHere, kNow), "") << i;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(limits.refusal(kHere, kNow), "too many new connections a second from this address");
  }
  EXPECT_EQ(limits.refusal(kThere, kNow), "");
  EXPECT_NE(limits.refusal(kHere, kNow + 499ms), "");
  EXPECT_EQ(limits.refusal(kHere, kNow + 500ms), "") << "those that were refused cost nothing";
  EXPECT_NE(limits.refusal(kHere, kNow + 500ms), "");
}

TEST(ConnectionLimits, DoNotCountForLocalAddressesOrWhereTheyAreZero) {
  ConnectionLimits strict({0, 1, {1}});
  ConnectionLimits open({});
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(strict.refusal(AddressGroup::Local, kNow), "");
    strict.enter(AddressGroup::Local);
    EXPECT_EQ(open.refusal(kHere, kNow), "");
    open.enter(kHere);
  }
  EXPECT_EQ(strict.addresses(), 0U);
}

TEST(ConnectionLimits, ForgetAddressesThatHaveGone) {
  ConnectionLimits limits({0, 0, {100}});
  limits.enter(kHere);
  for (std::uint64_t i = 0; i < 100000; ++i) {
    const AddressGroup group{10000 + i};
    EXPECT_EQ(limits.refusal(group, kNow + std::chrono::milliseconds(i)), "");
    limits.enter(group);
    limits.leave(group);
  }
  EXPECT_LE(limits.addresses(), 2048U);
}

}  // namespace
}  // namespace peerjsd::net
