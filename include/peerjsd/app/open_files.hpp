#pragma once

#include "peerjsd/app/config.hpp"

#include <cstddef>
#include <string>

namespace peerjsd::app {

/// Raises this process's limit of open files as far as it may, and says what it is then.
std::size_t raise_open_files();

/// So many connections fit into `files`: the server itself needs some.
std::size_t connections_within(std::size_t files);

/// What the limits of `config` promise beyond that, with the remedy; empty: nothing.
std::string shortage_of_open_files(const Config& config, std::size_t files);

}  // namespace peerjsd::app
