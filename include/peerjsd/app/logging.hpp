#pragma once

#include <cstdint>
#include <string>

namespace peerjsd::app {

enum class LogFormat : std::uint8_t {
  Text,
  Json,  ///< an object with time, level and message
};

/// Why the log cannot be written to that file, with the remedy; empty: it can, or there is none.
std::string problem_with_log_file(const std::string& file);

/// Logs one line an event, from `level` ("trace" to "error", or "off") on, to the end of `file`, or
/// to standard output if that is empty. Empty, or why it cannot: nothing has changed then.
///
/// Lines of text that go to systemd's journal have its mark for their priority (sd-daemon(3)) and
/// no time, which the journal notes itself.
///
/// Warnings and errors are written at once, others at the next flush_logs() or at exit: a line for
/// each of a thousand clients that come in one moment would cost as many system calls.
std::string set_up_logging(const std::string& level, LogFormat format, const std::string& file);

void set_log_level(const std::string& level);

void flush_logs();

}  // namespace peerjsd::app
