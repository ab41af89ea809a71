#pragma once

#include "peerjsd/core/time.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace peerjsd::net {

/// A rate, with what may come at once after a pause: ten seconds' worth.
struct Rate {
  std::size_t per_second = 0;  ///< 0: any

  std::chrono::nanoseconds each() const {
    return std::chrono::nanoseconds(std::chrono::seconds(1)) / per_second;
  }

  static constexpr std::chrono::nanoseconds kBurst = std::chrono::seconds(10);
};

/// A token bucket (as the generic cell rate algorithm has it): no more than the time at which it
/// will be full again.
class RateMeter {
 public:
  /// Takes so many tokens, which may be more than there are. Returns how long it takes until none
  /// is owed; zero: none is.
  core::Duration take(Rate rate, unsigned tokens, core::Instant now) {
    if (rate.per_second == 0) return {};
    full_at_ = std::max<Time>(full_at_, now) + tokens * rate.each();
    const auto owed = std::chrono::ceil<core::Duration>(full_at_ - now - Rate::kBurst);
    return std::max(owed, core::Duration::zero());
  }

  void give_back(Rate rate, unsigned tokens) { full_at_ -= tokens * rate.each(); }

  bool is_full(core::Instant now) const { return full_at_ <= now; }

  bool is_half_full(core::Instant now) const { return full_at_ - now <= Rate::kBurst / 2; }

 private:
  using Time = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;

  Time full_at_{};
};

}  // namespace peerjsd::net
