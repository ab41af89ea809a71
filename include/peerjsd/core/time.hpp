#pragma once

#include <chrono>

namespace peerjsd::core {

using Duration = std::chrono::milliseconds;

/// A point on the caller's monotonic clock. The core never reads a clock: every verb that depends
/// on time takes `now`, and successive calls must not let it run backwards.
using Instant = std::chrono::time_point<std::chrono::steady_clock, Duration>;

}  // namespace peerjsd::core
