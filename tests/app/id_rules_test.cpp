#include "peerjsd/app/id_rules.hpp"

#include <string>

#include <gtest/gtest.h>

namespace peerjsd::app {
namespace {

TEST(IdRules, WithoutPatternTakeAnyId) {
  const auto accepts = id_rules("", {});
  for (const std::string id : {"a", "ä b", "two\nlines", "..", "[x]"}) EXPECT_TRUE(accepts(id));
}

TEST(IdRules, ComparePatternsWithTheWholeId) {
  const auto accepts = id_rules("[a-z]{2,4}|\\d+", {});
  for (const std::string id : {"ab", "abcd", "1", "123"}) EXPECT_TRUE(accepts(id)) << id;
  for (const std::string id : {"a", "abcde", "ab1", "AB", "ab\n"}) EXPECT_FALSE(accepts(id)) << id;
}

TEST(IdRules, KeepReservedIdsFromEverybody) {
  const auto accepts = id_rules("[a-z]+", {"admin", "root"});
  EXPECT_FALSE(accepts("admin"));
  EXPECT_FALSE(accepts("root"));
  EXPECT_TRUE(accepts("administrator"));
}

TEST(IdRules, DoNotTakeForeverOverOneId) {
  const auto accepts = id_rules("(a+)+b", {});
  EXPECT_FALSE(accepts(std::string(256, 'a')));
  // Who goes through all ways to match would have given up.
  EXPECT_TRUE(id_rules("(a?){64}a{64}", {})(std::string(64, 'a')));
}

TEST(IdRules, KnowWhatIsAPattern) {
  EXPECT_TRUE(is_pattern(""));
  EXPECT_TRUE(is_pattern("[a-z0-9-]{8,64}"));
  for (const std::string text : {"[", "(", "a{2,1}", "*", "a\\", "(a)\\1", "(?!a)b"})
    EXPECT_FALSE(is_pattern(text));
}

}  // namespace
}  // namespace peerjsd::app
