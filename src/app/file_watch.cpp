#include "peerjsd/app/file_watch.hpp"

#include <sys/stat.h>

namespace peerjsd::app {
namespace {

std::int64_t nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

void FileWatch::begin() {
  read_ = seen_ = stamps();
  calls_since_refused_ = 0;
}

bool FileWatch::is_due() {
  const Stamps last = std::exchange(seen_, stamps());
  const bool is_time = calls_since_refused_ && ++*calls_since_refused_ >= kCallsBeforeRetry;
  return seen_ == last && (seen_ != read_ || is_time);
}

FileWatch::Stamps FileWatch::stamps() const {
  Stamps all;
  for (const std::string& file : files_) {
    struct ::stat status {};
    if (::stat(file.c_str(), &status) != 0) {
      all.push_back({});
      continue;
    }
    all.push_back({static_cast<std::int64_t>(status.st_ino), status.st_size,
                   nanoseconds(status.st_mtim), nanoseconds(status.st_ctim)});
  }
  return all;
}

}  // namespace peerjsd::app
