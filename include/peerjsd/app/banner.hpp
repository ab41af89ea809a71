#pragma once

#include "peerjsd/app/config.hpp"

#include <cstdint>
#include <string>

namespace peerjsd::app {

/// What the start prints: npm peer's line, and the client code that reaches this very server.
/// `port`: the real one.
std::string banner(const Config& config, std::uint16_t port);

}  // namespace peerjsd::app
