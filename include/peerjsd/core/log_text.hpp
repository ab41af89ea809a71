#pragma once

#include <string>
#include <string_view>

namespace peerjsd::core {

/// Text from a client, fit for one line of a log, in which it cannot pass for something else:
/// control characters, quotes and what changes the direction of text escaped, cut if it is long.
std::string log_text(std::string_view text);

/// The same of a client's id, which it may not have yet.
std::string log_id(std::string_view id);

}  // namespace peerjsd::core
