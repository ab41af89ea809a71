#include "peerjsd/app/logging.hpp"

#include <memory>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace peerjsd::app {

void set_up_logging(const std::string& level) {
  // The single-threaded sink: the process has one thread.
  auto logger = std::make_shared<spdlog::logger>("peerjsd",
                                                 std::make_shared<spdlog::sinks::stdout_sink_st>());
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
  logger->set_level(spdlog::level::from_str(level));
  logger->flush_on(spdlog::level::trace);
  spdlog::set_default_logger(std::move(logger));
}

}  // namespace peerjsd::app
