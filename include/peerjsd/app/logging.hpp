#pragma once

#include <string>

namespace peerjsd::app {

/// Logs to standard output, one line an event, from `level` ("trace" to "error", or "off") on.
void set_up_logging(const std::string& level);

}  // namespace peerjsd::app
