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

TEST(LogText, ShowsWhatEndsALineOrTurnsItRoundForAViewer) {
  EXPECT_EQ(log_text("a\xc2\x85z\xe2\x80\xa8\xe2\x80\xae!\xe2\x81\xa9\x7f"),
            "a\\u0085z\\u2028\\u202e!\\u2069\\u007f");
  const std::string ordinary = "\xc3\xa9 \xd8\xb9 \xe2\x82\xac \xe2\x80\x93 \xf0\x9f\x98\x80";
  EXPECT_EQ(log_text(ordinary), ordinary);
}

TEST(LogText, SaysWhereAClientHasNoId) {
  EXPECT_EQ(log_id("a\n"), "a\\n");
  EXPECT_EQ(log_id(""), "a client without an id");
}

TEST(LogText, CutsWhatIsLong) {
  EXPECT_EQ(log_text(std::string(10000, 'x')), std::string(128, 'x') + "...");
}

}  // namespace
}  // namespace peerjsd::core
