#pragma once

#include <string>
#include <string_view>

namespace peerjsd::core {

/// Text from a client, fit for one line of a log, in which it cannot pass for something else:
/// control characters, quotes and what changes the direction of text escaped, cut if it is long.
std::string log_text(std::string_view text);

}  // namespace peerjsd::core
