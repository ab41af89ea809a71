#include "peerjsd/auth/terms.hpp"

#include <algorithm>
#include <limits>

#include <nlohmann/json.hpp>

namespace peerjsd::auth {

using Json = nlohmann::json;

std::optional<Permissions> read_permissions(const Json& may) {
  const Json words = may.is_string() ? Json::array({may}) : may;
  if (!words.is_array()) return std::nullopt;
  Permissions permissions{{.may_call = false, .may_be_called = false}, false};
  for (const Json& word : words) {
    if (word == "call") {
      permissions.rights.may_call = true;
    } else if (word == "answer") {
      permissions.rights.may_be_called = true;
    } else if (word == "list") {
      permissions.may_list = true;
    } else {
      return std::nullopt;
    }
  }
  return permissions;
}

std::optional<std::uint32_t> read_limit(const Json& limit) {
  if (!limit.is_number_unsigned() || limit == 0U) return std::nullopt;
  constexpr std::uint64_t most = std::numeric_limits<std::uint32_t>::max();
  return static_cast<std::uint32_t>(std::min(limit.get<std::uint64_t>(), most));
}

}  // namespace peerjsd::auth
