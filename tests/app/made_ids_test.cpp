#include "peerjsd/app/made_ids.hpp"

#include <gtest/gtest.h>

namespace peerjsd::app {
namespace {

TEST(MadeIds, FitTheRulesThatThereAreToBeginWith) {
  EXPECT_EQ(problem_with_made_ids({}), "");
  Config config;
  config.ids = IdSource::Server;
  config.id_secret = "secret of the ids";
  EXPECT_EQ(problem_with_made_ids(config), "");
}

TEST(MadeIds, FitAPatternForThem) {
  Config config;
  config.id_pattern = "[0-9a-f-]{36}";
  EXPECT_EQ(problem_with_made_ids(config), "");
  config.id_format = core::IdFormat::Token;
  EXPECT_NE(problem_with_made_ids(config), "");
  config.id_pattern = "[a-z0-9]{16}";
  EXPECT_EQ(problem_with_made_ids(config), "");
}

TEST(MadeIds, AreSaidNotToFitAPatternForOthers) {
  Config config;
  config.id_pattern = "user-.*";
  EXPECT_NE(problem_with_made_ids(config).find("--id_pattern: "), std::string::npos);
}

TEST(MadeIds, AreSaidNotToFitIfSomeDoNot) {
  Config config;
  config.id_pattern = "[a-f].*";
  EXPECT_NE(problem_with_made_ids(config), "");
}

TEST(MadeIds, AreSaidToBeTooLong) {
  Config config;
  config.max_id_bytes = 35;
  EXPECT_NE(problem_with_made_ids(config).find("--max_id_bytes: "), std::string::npos);
  config.max_id_bytes = 36;
  EXPECT_EQ(problem_with_made_ids(config), "");
}

}  // namespace
}  // namespace peerjsd::app
