#include "peerjsd/app/file_watch.hpp"

#include <system_error>

namespace peerjsd::app {

bool FileWatch::changed() {
  const std::optional<Stamps> last = std::exchange(seen_, stamps());
  return seen_ && seen_ == last && seen_ != accepted_;
}

std::optional<FileWatch::Stamps> FileWatch::stamps() const {
  Stamps all;
  for (const std::string& file : files_) {
    std::error_code error;
    all.push_back(std::filesystem::last_write_time(file, error));
    if (error) return std::nullopt;
  }
  return all;
}

}  // namespace peerjsd::app
