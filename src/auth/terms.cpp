#include "peerjsd/auth/terms.hpp"

#include <algorithm>

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
  return Permissions{has("call"), has("answer"), has("list")};
}

std::optional<std::size_t> read_limit(const Json& limit) {
  if (!limit.is_number_unsigned() || limit == 0U) return std::nullopt;
  return limit.get<std::size_t>();
}

}  // namespace peerjsd::auth
