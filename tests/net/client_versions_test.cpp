#include "peerjsd/net/client_versions.hpp"

#include <gtest/gtest.h>

namespace peerjsd::net {
namespace {

TEST(ClientVersions, KeepsEachOnce) {
  ClientVersions versions;
  const auto first = versions.number_of("1.5.5");
  const auto second = versions.number_of("2.0.0-beta.3");
  EXPECT_NE(first, second);
  EXPECT_EQ(versions.number_of("1.5.5"), first);
  EXPECT_EQ(versions.text_of(first), "1.5.5");
  EXPECT_EQ(versions.text_of(second), "2.0.0-beta.3");
}

TEST(ClientVersions, HasNoneForWhatIsNone) {
  ClientVersions versions;
  EXPECT_EQ(versions.text_of(versions.number_of("")), "");
  EXPECT_EQ(versions.number_of(std::string(ClientVersions::kMostBytes + 1, '1')), 0);
  EXPECT_NE(versions.number_of(std::string(ClientVersions::kMostBytes, '1')), 0);
}

TEST(ClientVersions, StopsWhereANumberWouldNotFit) {
  ClientVersions versions;
  for (int i = 1; i <= 255; ++i) EXPECT_EQ(versions.number_of("1." + std::to_string(i)), i);
  EXPECT_EQ(versions.number_of("one more"), 0);
  EXPECT_EQ(versions.number_of("1.255"), 255);
  EXPECT_EQ(versions.text_of(255), "1.255");
}

}  // namespace
}  // namespace peerjsd::net
