#include "peerjsd/auth/terms.hpp"

#include <algorithm>
#include <limits>

#include <nlohmann/json.hpp>

namespace peerjsd::auth {

using Json = nlohmann::json;

std::optional<Permissions> read_permissions(const Json& may) {
  const auto is_text = [](const Json& each) { return each.is_string(); };
  const Json words = may.is_string() ? Json::array({may}) : may;
  if (!words.is_array() || !std::ranges::all_of(words, is_text)) return std::nullopt;
  const auto has = [&words](const char* word) {
    return std::ranges::find(words, word) != words.end();
  };
  return Permissions{{.may_call = has("call"), .may_be_called = has("answer")}, has("list")};
}

std::optional<std::uint32_t> read_limit(const Json& limit) {
  if (!limit.is_number_unsigned() || limit == 0U) return std::nullopt;
  constexpr std::uint64_t most = std::numeric_limits<std::uint32_t>::max();
  return static_cast<std::uint32_t>(std::min(limit.get<std::uint64_t>(), most));
}

}  // namespace peerjsd::auth
