#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace peerjsd::app {

/// Files that may be replaced at any time, and are to be read again then.
class FileWatch {
 public:
  /// So many calls of is_due() after they were read, and no good, they are to be read again: a
  /// certificate may be valid by then, or a file readable.
  static constexpr int kCallsBeforeRetry = 60;

  explicit FileWatch(std::vector<std::string> files) : files_(std::move(files)) {}

  /// They are about to be read, and no good unless accept() follows.
  void begin();

  void accept() { calls_since_refused_.reset(); }

  /// Whether the files are others than those that were last read, or not there any more, and have
  /// been so since the last call, so that of those that are replaced together all are; or whether
  /// it is time to read once more what was no good. To be called once a second.
  bool is_due();

 private:
  /// Which file it is, its size, and when it and its entry were last changed, in nanoseconds. What
  /// puts a file in the place of another may give it the time of writing that it likes.
  using Stamp = std::array<std::int64_t, 4>;
  using Stamps = std::vector<Stamp>;

  /// Of each; all 0 if it is not there.
  Stamps stamps() const;

  std::vector<std::string> files_;
  Stamps read_;
  Stamps seen_;
  std::optional<int> calls_since_refused_;
};

}  // namespace peerjsd::app
