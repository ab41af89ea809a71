#pragma once

#include "peerjsd/app/config.hpp"

#include <cstdint>
#include <string>

namespace peerjsd::app {

/// npm peer's line. `port`: the real one, as below.
std::string started(const Config& config, std::uint16_t port);

/// What the start prints: npm peer's line, the client code that reaches this very server, and
/// where the demo is, if there is one.
std::string banner(const Config& config, std::uint16_t port);

}  // namespace peerjsd::app
