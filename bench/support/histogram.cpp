#include "support/histogram.hpp"

#include <algorithm>
#include <cmath>

namespace peerjsd::bench {
namespace {

using Duration = Histogram::Duration;

constexpr Duration kSmallest = std::chrono::microseconds(1);
constexpr double kStep = 1.02;

Duration upper_bound(std::size_t bucket) {
  return kSmallest * std::pow(kStep, static_cast<double>(bucket));
}

}  // namespace

void Histogram::add(Duration duration) {
  const double steps = std::log(std::max(duration / kSmallest, 1.0)) / std::log(kStep);
  ++counts_[std::min(static_cast<std::size_t>(std::ceil(steps)), counts_.size() - 1)];
  ++count_;
  max_ = std::max(max_, duration);
}

Duration Histogram::quantile(double part) const {
  const auto wanted = static_cast<std::size_t>(std::ceil(part * static_cast<double>(count_)));
  std::size_t seen = 0;
  for (std::size_t bucket = 0; bucket < counts_.size(); ++bucket) {
    seen += counts_[bucket];
    if (seen >= wanted) return std::min(upper_bound(bucket), max_);
  }
  return max_;
}

}  // namespace peerjsd::bench
