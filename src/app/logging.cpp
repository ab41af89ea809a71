#include "peerjsd/app/logging.hpp"

#include "peerjsd/core/json.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string_view>

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>
#include <syslog.h>
#include <unistd.h>

namespace peerjsd::app {
namespace {

using spdlog::memory_buf_t;
using spdlog::details::log_msg;

/// The message as a string of JSON.
class QuotedMessage final : public spdlog::custom_flag_formatter {
 public:
  void format(const log_msg& message, const std::tm&, memory_buf_t& line) override {
    std::string quoted;
    core::json::append_quoted(quoted, {message.payload.data(), message.payload.size()});
    line.append(quoted);
  }
  std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<QuotedMessage>();
  }
};

int priority(spdlog::level::level_enum level) {
  switch (level) {
    case spdlog::level::critical:
    case spdlog::level::err:
      return LOG_ERR;
    case spdlog::level::warn:
      return LOG_WARNING;
    case spdlog::level::info:
      return LOG_INFO;
    default:
      return LOG_DEBUG;
  }
}

/// As the journal takes it at the beginning of a line.
class Priority final : public spdlog::custom_flag_formatter {
 public:
  void format(const log_msg& message, const std::tm&, memory_buf_t& line) override {
    line.append("<" + std::to_string(priority(message.level)) + ">");
  }
  std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<Priority>();
  }
};

/// systemd names the file by its device and inode, so that a process that writes elsewhere can
/// tell.
bool is_journal(int descriptor) {
  const char* const stream = std::getenv("JOURNAL_STREAM");
  struct stat file {};
  if (stream == nullptr || ::fstat(descriptor, &file) != 0) return false;
  return stream == std::to_string(file.st_dev) + ":" + std::to_string(file.st_ino);
}

std::unique_ptr<spdlog::formatter> formatter(LogFormat format, bool to_journal) {
  auto formatter = std::make_unique<spdlog::pattern_formatter>();
  if (format == LogFormat::Json) {
    formatter->add_flag<QuotedMessage>('*').set_pattern(
        R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z","level":"%l","message":%*})");
  } else if (to_journal) {
    formatter->add_flag<Priority>('*').set_pattern("%*%v");
  } else {
    formatter->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
  }
  return formatter;
}

// The single-threaded sinks: the process has one thread.
spdlog::sink_ptr sink_to(const std::string& file) {
  if (file.empty()) return std::make_shared<spdlog::sinks::ostream_sink_st>(std::cout);
  return std::make_shared<spdlog::sinks::basic_file_sink_st>(file);
}

}  // namespace

std::string problem_with_log_file(const std::string& file) {
  if (file.empty()) return {};
  const std::string directory = std::filesystem::path(file).parent_path().string();
  const bool is_there = ::access(file.c_str(), F_OK) == 0;
  const std::string& place = is_there ? file : directory.empty() ? "." : directory;
  if (::access(place.c_str(), is_there ? W_OK : W_OK | X_OK) != 0) {
    return "--log_file: " + place + ": " + std::strerror(errno) +
           (is_there ? "; the user of the server must be allowed to write to it"
                     : "; it has to be a directory in which the user of the server may write");
  }
  if (std::filesystem::is_directory(file)) return "--log_file: " + file + ": it is a directory";
  return {};
}

std::string set_up_logging(const std::string& level, LogFormat format, const std::string& file) {
  const std::string problem = problem_with_log_file(file);  // spdlog would make directories
  if (!problem.empty()) return problem;
  try {
    auto logger = std::make_shared<spdlog::logger>("peerjsd", sink_to(file));
    logger->set_formatter(formatter(format, file.empty() && is_journal(STDOUT_FILENO)));
    logger->set_level(spdlog::level::from_str(level));
    logger->flush_on(spdlog::level::warn);
    spdlog::set_default_logger(std::move(logger));
  } catch (const spdlog::spdlog_ex& error) {
    return std::string("--log_file: ") + error.what();
  }
  return {};
}

void set_log_level(const std::string& level) {
  spdlog::set_level(spdlog::level::from_str(level));
}

void flush_logs() {
  spdlog::default_logger_raw()->flush();
}

}  // namespace peerjsd::app
