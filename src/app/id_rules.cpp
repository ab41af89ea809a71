#include "peerjsd/app/id_rules.hpp"

#include <algorithm>
#include <memory>

#include <re2/re2.h>

namespace peerjsd::app {
namespace {

/// One that backtracks would take seconds for an id that was made for it: ids come from anybody.
std::shared_ptr<const re2::RE2> compiled(const std::string& pattern) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_dot_nl(true);
  return std::make_shared<const re2::RE2>(pattern, options);
}

}  // namespace

bool is_pattern(const std::string& pattern) {
  return compiled(pattern)->ok();
}

std::function<bool(std::string_view)> id_rules(const std::string& pattern,
                                               const std::vector<std::string>& reserved) {
  const auto expression = pattern.empty() ? nullptr : compiled(pattern);
  return [expression, reserved](std::string_view id) {
    if (std::ranges::find(reserved, id) != reserved.end()) return false;
    const re2::StringPiece whole(id.data(), id.size());
    return expression == nullptr || re2::RE2::FullMatch(whole, *expression);
  };
}

}  // namespace peerjsd::app
