#pragma once

#include <string>
#include <string_view>

namespace peerjsd::http {

/// `text` with U+FFFD in place of what is not UTF-8, one for each maximal part of a sequence, as
/// browsers and Node decode.
std::string to_utf8(std::string_view text);

}  // namespace peerjsd::http
