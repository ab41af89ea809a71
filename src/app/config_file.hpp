#pragma once

#include <string>

#include "config_options.hpp"

namespace peerjsd::app {

/// Reads "key = value" lines. '#' begins a comment at the start of a line or after a blank; lists
/// are separated by commas; a key may stand there once.
///
/// `named_by` is the source of the path, for the user who gave one that cannot be read.
Layer read_config_file(const std::string& path, const std::string& named_by);

}  // namespace peerjsd::app
