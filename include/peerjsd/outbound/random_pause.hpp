#pragma once

#include "peerjsd/core/time.hpp"

#include <algorithm>
#include <cstddef>
#include <random>

namespace peerjsd::outbound {

/// How long to wait before something that has failed is tried again: the longer the more often it
/// has, and for a time of random length, so that not all servers come back in the same moment.
class RandomPause {
 public:
  RandomPause(core::Duration shortest, core::Duration longest)
      : shortest_(shortest), longest_(longest), random_(std::random_device{}()) {}

  /// Between a half and the whole of the shortest pause, doubled for each failure before this one,
  /// of the longest at most.
  core::Duration after(std::size_t failures) {
    const core::Duration most =
        std::min(longest_, shortest_ * (1U << std::min<std::size_t>(failures, 10)));
    std::uniform_int_distribution<core::Duration::rep> length(most.count() / 2, most.count());
    return core::Duration(length(random_));
  }

 private:
  const core::Duration shortest_;
  const core::Duration longest_;
  std::minstd_rand random_;
};

}  // namespace peerjsd::outbound
