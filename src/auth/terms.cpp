#include "peerjsd/auth/terms.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <nlohmann/json.hpp>

namespace peerjsd::auth {

using Json = nlohmann::json;

std::optional<Permissions> read_permissions(const Json& may) {
  Permissions permissions{{.may_call = false, .may_be_called = false}, false};
  const auto add = [&permissions](const Json& word) {
    if (word == "call") {
      permissions.rights.may_call = true;
    } else if (word == "answer") {
      permissions.rights.may_be_called = true;
    } else if (word == "list") {
      permissions.may_list = true;
    } else {
      return false;
    }
    return true;
  };
  const bool is_good = may.is_array() ? std::ranges::all_of(may, add) : add(may);
  return is_good ? std::optional(permissions) : std::nullopt;
}

std::optional<std::uint32_t> read_limit(const Json& limit) {
  if (!limit.is_number()) return std::nullopt;
  constexpr double most = std::numeric_limits<std::uint32_t>::max();
  const double number = limit.get<double>();  // 3.0 is what some languages make of 3
  if (number < 1 || number != std::floor(number)) return std::nullopt;
  return static_cast<std::uint32_t>(std::min(number, most));
}

}  // namespace peerjsd::auth
