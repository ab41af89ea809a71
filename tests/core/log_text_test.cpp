#include "peerjsd/core/log_text.hpp"

#include <string>

#include <gtest/gtest.h>

namespace peerjsd::core {
namespace {

TEST(LogText, LeavesOrdinaryIdsAlone) {
  EXPECT_EQ(log_text("peer-1_x"), "peer-1_x");
}

TEST(LogText, KeepsALineALine) {
  EXPECT_EQ(log_text("a\nClient connected: b\x1b[31m"), "a\\nClient connected: b\\u001b[31m");
}

TEST(LogText, CutsWhatIsLong) {
  EXPECT_EQ(log_text(std::string(10000, 'x')), std::string(128, 'x') + "...");
}

}  // namespace
}  // namespace peerjsd::core
