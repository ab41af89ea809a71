#include "peerjsd/core/log_text.hpp"

#include "peerjsd/core/json.hpp"

namespace peerjsd::core {

std::string log_text(std::string_view text) {
  constexpr std::size_t longest = 128;
  std::string quoted;
  json::append_quoted(quoted, text.substr(0, longest));
  std::string result = quoted.substr(1, quoted.size() - 2);
  if (text.size() > longest) result += "...";
  return result;
}

}  // namespace peerjsd::core
