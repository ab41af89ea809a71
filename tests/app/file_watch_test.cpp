#include "peerjsd/app/file_watch.hpp"

#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

namespace peerjsd::app {
namespace {

class FileWatchTest : public testing::Test {
 protected:
  FileWatchTest() { write("first", file_); }
  ~FileWatchTest() override { std::filesystem::remove(file_); }

  static void write(const std::string& text, const std::string& file) {
    std::ofstream(file) << text;
  }

  const std::string file_ = testing::TempDir() + "file_watch_test";
  FileWatch watch_{{file_}};
};

TEST_F(FileWatchTest, SeesAFileThatIsReplacedWhenItHasBeenSoForAWhile) {
  watch_.begin();
  EXPECT_FALSE(watch_.is_due());
  EXPECT_FALSE(watch_.is_due());
  write("the other", file_);
  EXPECT_FALSE(watch_.is_due());
  EXPECT_TRUE(watch_.is_due());
  watch_.begin();
  EXPECT_FALSE(watch_.is_due());
}

TEST_F(FileWatchTest, HasWhatWasNoGoodReadAgainNowAndThen) {
  watch_.begin();
  for (int times = 0; times < 2; ++times) {
    for (int i = 1; i < FileWatch::kCallsBeforeRetry; ++i) ASSERT_FALSE(watch_.is_due()) << i;
    EXPECT_TRUE(watch_.is_due());
    EXPECT_TRUE(watch_.is_due()) << "until it is";
    watch_.begin();
  }
  watch_.accept();
  for (int i = 0; i < 2 * FileWatch::kCallsBeforeRetry; ++i) ASSERT_FALSE(watch_.is_due()) << i;
}

TEST_F(FileWatchTest, SeesOneOfTheSameSizeAndTime) {
  const auto time = std::filesystem::last_write_time(file_);
  watch_.begin();
  const std::string other = file_ + ".new";
  write("other", other);
  std::filesystem::last_write_time(other, time);
  std::filesystem::rename(other, file_);
  EXPECT_FALSE(watch_.is_due());
  EXPECT_TRUE(watch_.is_due());
}

TEST_F(FileWatchTest, SeesThatAFileIsBackAsItWas) {
  const std::string away = file_ + ".away";
  watch_.begin();
  for (int i = 0; i < 2; ++i) {
    std::filesystem::rename(file_, away);
    EXPECT_FALSE(watch_.is_due());
    EXPECT_TRUE(watch_.is_due());
    watch_.begin();
    EXPECT_FALSE(watch_.is_due()) << "once is enough";
    std::filesystem::rename(away, file_);
    EXPECT_FALSE(watch_.is_due());
    EXPECT_TRUE(watch_.is_due());
    watch_.begin();
  }
}

TEST_F(FileWatchTest, SeesThatAFileIsGone) {
  watch_.begin();
  std::filesystem::remove(file_);
  EXPECT_FALSE(watch_.is_due()) << "another one may be about to take its place";
  EXPECT_TRUE(watch_.is_due());
  write("other", file_);
  EXPECT_FALSE(watch_.is_due());
  EXPECT_TRUE(watch_.is_due());
}

}  // namespace
}  // namespace peerjsd::app
