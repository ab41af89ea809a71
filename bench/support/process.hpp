#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>

namespace peerjsd::bench {

/// Of all threads of another process, user and system.
std::chrono::nanoseconds cpu_time(pid_t process);

/// What of it is in memory.
std::size_t resident_bytes(pid_t process);

}  // namespace peerjsd::bench
