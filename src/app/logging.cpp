#include "peerjsd/app/logging.hpp"

#include <iostream>
#include <memory>

#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

namespace peerjsd::app {

void set_up_logging(const std::string& level) {
  // The single-threaded sink: the process has one thread.
  auto logger = std::make_shared<spdlog::logger>(
      "peerjsd", std::make_shared<spdlog::sinks::ostream_sink_st>(std::cout));
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
  logger->set_level(spdlog::level::from_str(level));
  logger->flush_on(spdlog::level::warn);
  spdlog::set_default_logger(std::move(logger));
}

void set_log_level(const std::string& level) {
  spdlog::set_level(spdlog::level::from_str(level));
}

void flush_logs() {
  spdlog::default_logger_raw()->flush();
}

}  // namespace peerjsd::app
