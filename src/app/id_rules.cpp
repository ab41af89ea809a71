#include "peerjsd/app/id_rules.hpp"

#include <algorithm>
#include <stdexcept>

#include <boost/regex.hpp>

namespace peerjsd::app {

bool is_pattern(const std::string& pattern) {
  try {
    return boost::regex(pattern).status() == 0;
  } catch (const boost::regex_error&) {
    return false;
  }
}

std::function<bool(std::string_view)> id_rules(const std::string& pattern,
                                               const std::vector<std::string>& reserved) {
  return [pattern = boost::regex(pattern.empty() ? "(?s).*" : pattern),
          reserved](std::string_view id) {
    if (std::ranges::find(reserved, id) != reserved.end()) return false;
    try {
      return boost::regex_match(id.begin(), id.end(), pattern);
    } catch (const std::runtime_error&) {  // it took too long
      return false;
    }
  };
}

}  // namespace peerjsd::app
