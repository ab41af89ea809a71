#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace peerjsd::app {

/// Whether `pattern` is a regular expression (Perl's syntax, as Boost.Regex has it).
bool is_pattern(const std::string& pattern);

/// Whether an id matches all of `pattern` (empty: any does) and is none of `reserved`. An id that
/// takes too long to compare does not match.
std::function<bool(std::string_view)> id_rules(const std::string& pattern,
                                               const std::vector<std::string>& reserved);

}  // namespace peerjsd::app
