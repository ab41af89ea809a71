#include "peerjsd/net/histogram.hpp"

#include <algorithm>
#include <numeric>

namespace peerjsd::net {

void Histogram::add(Duration duration, std::uint64_t times) {
  const auto bound = std::ranges::lower_bound(kBounds, duration);
  counts_[static_cast<std::size_t>(bound - kBounds.begin())] += times;
  sum_ += duration * static_cast<Duration::rep>(times);
}

std::uint64_t Histogram::up_to(std::size_t index) const {
  const auto end = counts_.begin() + static_cast<std::ptrdiff_t>(index) + 1;
  return std::accumulate(counts_.begin(), end, std::uint64_t{0});
}

std::uint64_t Histogram::count() const {
  return up_to(kBounds.size());
}

}  // namespace peerjsd::net
