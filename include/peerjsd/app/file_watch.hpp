#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace peerjsd::app {

/// Files that may be replaced at any time, and are to be read again then.
class FileWatch {
 public:
  explicit FileWatch(std::vector<std::string> files) : files_(std::move(files)) {}

  /// They are read now.
  void read() { read_ = seen_ = stamps(); }

  /// Whether the files are others than those that were last read, and have been since the last
  /// call: so that of those that are replaced together all are.
  bool changed();

 private:
  using Stamps = std::vector<std::filesystem::file_time_type>;

  /// When each was last written; nothing if one of them is not there.
  std::optional<Stamps> stamps() const;

  std::vector<std::string> files_;
  std::optional<Stamps> read_;
  std::optional<Stamps> seen_;
};

}  // namespace peerjsd::app
