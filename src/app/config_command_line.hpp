#pragma once

#include <optional>
#include <string>

#include "config_options.hpp"

namespace peerjsd::app {

struct CommandLine {
  bool help = false;
  bool version = false;
  bool check_config = false;
  bool quiet = false;
  bool health_check = false;
  std::optional<std::string> config_file;
  Layer layer;
};

/// Takes what yargs takes from the users of npm peer 1.0.2, and '-' for '_' in every flag. Of a
/// flag that is no list the last one counts.
CommandLine read_command_line(int argc, const char* const* argv);

std::string help_text();

}  // namespace peerjsd::app
