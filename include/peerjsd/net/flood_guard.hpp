#pragma once

#include "peerjsd/core/time.hpp"
#include "peerjsd/net/rate_meter.hpp"

#include <algorithm>
#include <chrono>

namespace peerjsd::net {

/// What becomes of one who sends too much: it is read from more slowly, and ended if it goes on.
class FloodGuard {
 public:
  struct Verdict {
    core::Duration pause{};   ///< nothing is read for so long; zero: read on
    core::Duration lasted{};  ///< since it was first slowed down
    bool is_first = false;    ///< it was not slow before
    bool is_flood = false;    ///< it has gone on for all of `patience`: end it
  };

  /// `patience`: with whoever goes on; zero: for ever.
  Verdict take(Rate rate, core::Duration patience, unsigned messages, core::Instant now) {
    const core::Duration owed = meter_.take(rate, messages, now);
    if (owed == core::Duration::zero()) {
      const bool was_slow = slowed_since_ != core::Instant{};
      if (was_slow && meter_.is_half_full(now)) slowed_since_ = {};  // it has calmed down
      return {};
    }
    const bool is_first = slowed_since_ == core::Instant{};
    if (is_first) slowed_since_ = now;
    const core::Duration lasted = now - slowed_since_;
    const bool is_flood = patience > core::Duration::zero() && lasted >= patience;
    return {std::min(owed, longest_pause(patience)), lasted, is_first, is_flood};
  }

 private:
  /// At one go: who is slowed down has still to show that it lives, or that it goes on.
  static core::Duration longest_pause(core::Duration patience) {
    constexpr core::Duration longest = std::chrono::seconds(10);
    const core::Duration third = patience / 3;
    return third == core::Duration::zero() ? longest : std::min(longest, third);
  }

  RateMeter meter_;
  core::Instant slowed_since_{};  // without a break; long ago if it is not
};

}  // namespace peerjsd::net
