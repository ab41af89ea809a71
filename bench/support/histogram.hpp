#pragma once

#include <array>
#include <chrono>
#include <cstddef>

namespace peerjsd::bench {

/// Durations, counted by size: a million of them takes no more room than one.
class Histogram {
 public:
  using Duration = std::chrono::duration<double, std::milli>;

  void add(Duration duration);

  std::size_t count() const { return count_; }

  /// What this part of all (0 to 1) does not exceed, to within 2 %; 0 if there are none.
  Duration quantile(double part) const;

  Duration max() const { return max_; }

 private:
  std::array<std::size_t, 1024> counts_{};  // up to ten minutes
  std::size_t count_ = 0;
  Duration max_{};
};

}  // namespace peerjsd::bench
