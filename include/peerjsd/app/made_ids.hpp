#pragma once

#include "peerjsd/app/config.hpp"

#include <string>

namespace peerjsd::app {

/// What is wrong, with the remedy, if the server makes ids that its own rules refuse: who asks for
/// one (`new Peer()`) cannot connect by it. Empty: it does not.
std::string problem_with_made_ids(const Config& config);

}  // namespace peerjsd::app
