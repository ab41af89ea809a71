#pragma once

#include <string>

namespace peerjsd::app {

/// Logs to standard output, one line an event, from `level` ("trace" to "error", or "off") on.
/// Warnings and errors are written at once, others at the next flush_logs() or at exit: a line for
/// each of a thousand clients that come in one moment would cost as many system calls.
void set_up_logging(const std::string& level);

void set_log_level(const std::string& level);

void flush_logs();

}  // namespace peerjsd::app
