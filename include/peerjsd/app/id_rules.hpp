#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace peerjsd::app {

/// Whether `pattern` is a regular expression, in the syntax of RE2: Perl's, without what takes more
/// time than the length of an id (backreferences, lookahead).
bool is_pattern(const std::string& pattern);

/// Whether an id matches all of `pattern` (empty: any does) and is none of `reserved`.
std::function<bool(std::string_view)> id_rules(const std::string& pattern,
                                               const std::vector<std::string>& reserved);

}  // namespace peerjsd::app
