#include "peerjsd/net/client_versions.hpp"

#include <algorithm>
#include <limits>

namespace peerjsd::net {

ClientVersions::Number ClientVersions::acquire(std::string_view text) {
  if (text.empty() || text.size() > kMostBytes) return 0;
  auto found = std::ranges::find(versions_, text, &Version::text);
  if (found == versions_.end()) found = std::ranges::find(versions_, 0U, &Version::clients);
  const auto index = static_cast<std::size_t>(found - versions_.begin());
  if (index == std::numeric_limits<Number>::max()) return 0;
  Version& version = index == versions_.size() ? versions_.emplace_back() : *found;
  if (version.clients++ == 0) version.text = text;
  return static_cast<Number>(index + 1);
}

void ClientVersions::release(Number number) {
  if (number != 0) --versions_[number - 1].clients;
}

std::string_view ClientVersions::text_of(Number number) const {
  return number == 0 ? std::string_view() : versions_[number - 1].text;
}

}  // namespace peerjsd::net
