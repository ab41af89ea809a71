#include "peerjsd/app/file_watch.hpp"

#include <sys/stat.h>

namespace peerjsd::app {
namespace {

std::int64_t nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

bool FileWatch::changed() {
  const Stamps last = std::exchange(seen_, stamps());
  return seen_ == last && seen_ != read_;
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
