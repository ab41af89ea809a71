#pragma once

#include "peerjsd/app/config.hpp"

#include <string>

namespace peerjsd::app {

/// Asks a server on this machine that runs with `config` how it is: at its operators' port if it
/// has one, else as a client would. Takes five seconds at most, and the time to look the host up
/// where that is a name. Empty, or in one line what is wrong with it.
std::string health_problem(const Config& config);

}  // namespace peerjsd::app
