#include "peerjsd/net/client_versions.hpp"

#include <gtest/gtest.h>

namespace peerjsd::net {
namespace {

TEST(ClientVersions, KeepsEachOnce) {
  ClientVersions versions;
  const auto first = versions.acquire("1.5.5");
  const auto second = versions.acquire("2.0.0-beta.3");
  EXPECT_NE(first, second);
  EXPECT_EQ(versions.acquire("1.5.5"), first);
  EXPECT_EQ(versions.text_of(first), "1.5.5");
  EXPECT_EQ(versions.text_of(second), "2.0.0-beta.3");
}

TEST(ClientVersions, HasNoneForWhatIsNone) {
  ClientVersions versions;
  EXPECT_EQ(versions.text_of(versions.acquire("")), "");
  EXPECT_EQ(versions.acquire(std::string(ClientVersions::kMostBytes + 1, '1')), 0);
  EXPECT_NE(versions.acquire(std::string(ClientVersions::kMostBytes, '1')), 0);
}

TEST(ClientVersions, StopsWhereANumberWouldNotFit) {
  ClientVersions versions;
  for (int i = 1; i <= 255; ++i) EXPECT_EQ(versions.acquire("1." + std::to_string(i)), i);
  EXPECT_EQ(versions.acquire("one more"), 0);
  EXPECT_EQ(versions.acquire("1.255"), 255);
  EXPECT_EQ(versions.text_of(255), "1.255");
}

TEST(ClientVersions, HasRoomAgainWhenTheLastClientHasGone) {
  ClientVersions versions;
  for (int i = 1; i <= 255; ++i) versions.acquire("1." + std::to_string(i));
  versions.acquire("1.7");
  versions.release(7);
  EXPECT_EQ(versions.acquire("one more"), 0);
  versions.release(7);
  EXPECT_EQ(versions.acquire("one more"), 7);
  EXPECT_EQ(versions.text_of(7), "one more");
  versions.release(0);
}

}  // namespace
}  // namespace peerjsd::net
