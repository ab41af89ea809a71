#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace peerjsd::app {

std::string_view trimmed(std::string_view text);

/// The trimmed items between commas; none at all if the text is blank.
std::vector<std::string> split_list(std::string_view text);

/// The text with control characters as \xNN, so that a message stays one line.
std::string printable(std::string_view text);

/// printable() in single quotes.
std::string in_quotes(std::string_view text);

/// The candidate that `name` is most likely a typing error of, if there is any.
std::optional<std::string_view> nearest(std::string_view name,
                                        const std::vector<std::string_view>& candidates);

}  // namespace peerjsd::app
