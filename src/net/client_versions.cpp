#include "peerjsd/net/client_versions.hpp"

#include <algorithm>
#include <limits>

namespace peerjsd::net {

ClientVersions::Number ClientVersions::number_of(std::string_view text) {
  if (text.empty() || text.size() > kMostBytes) return 0;
  const auto found = std::ranges::find(texts_, text);
  const auto index = static_cast<std::size_t>(found - texts_.begin());
  if (index == std::numeric_limits<Number>::max()) return 0;
  if (found == texts_.end()) texts_.emplace_back(text);
  return static_cast<Number>(index + 1);
}

std::string_view ClientVersions::text_of(Number number) const {
  return number == 0 ? std::string_view() : texts_[number - 1];
}

}  // namespace peerjsd::net
