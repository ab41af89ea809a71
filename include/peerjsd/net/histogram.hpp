#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace peerjsd::net {

/// How many durations there were up to each of some bounds, as Prometheus has it.
class Histogram {
 public:
  using Duration = std::chrono::nanoseconds;

  /// Ascending; what is longer than the last one counts beyond it.
  static constexpr std::array<Duration, 14> kBounds = {
      std::chrono::microseconds(25),   std::chrono::microseconds(50),
      std::chrono::microseconds(100),  std::chrono::microseconds(250),
      std::chrono::microseconds(500),  std::chrono::milliseconds(1),
      std::chrono::microseconds(2500), std::chrono::milliseconds(5),
      std::chrono::milliseconds(10),   std::chrono::milliseconds(25),
      std::chrono::milliseconds(50),   std::chrono::milliseconds(100),
      std::chrono::milliseconds(250),  std::chrono::milliseconds(1000)};

  void add(Duration duration, std::uint64_t times = 1);

  /// How many took no longer than kBounds[index].
  std::uint64_t up_to(std::size_t index) const;

  std::uint64_t count() const;
  Duration sum() const { return sum_; }

 private:
  std::array<std::uint64_t, kBounds.size() + 1> counts_{};  // between a bound and the one before
  Duration sum_{};
};

}  // namespace peerjsd::net
