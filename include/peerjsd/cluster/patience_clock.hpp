#pragma once

#include "peerjsd/core/time.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace peerjsd::cluster {

/// For how long others have had to answer. Where this node itself stood still, because its process
/// was stopped or its machine busy, they have not: what they said meanwhile it has not read yet.
class PatienceClock {
 public:
  /// What more has passed from one tick to the next does not count.
  static constexpr core::Duration kLongestTurn = std::chrono::milliseconds(50);

  /// To be called every 25 ms or so.
  void tick(core::Instant now) {
    const core::Instant last = std::exchange(ticked_, now);
    if (last != core::Instant()) patience_ += std::min(now - last, kLongestTurn);
  }

  /// Since any time; by other clocks it means nothing.
  core::Instant now() const { return patience_; }

 private:
  core::Instant ticked_{};
  core::Instant patience_{};
};

}  // namespace peerjsd::cluster
