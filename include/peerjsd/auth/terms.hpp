#pragma once

#include "peerjsd/auth/token.hpp"

#include <cstdint>
#include <optional>

#include <nlohmann/json_fwd.hpp>

namespace peerjsd::auth {

// What a signed token and the operator's own service say of a peer in the same words.

/// `may`: one of `call`, `answer` and `list`, or a list of them. What it does not name is not
/// allowed. Nothing if it is anything else: a mistyped word would take a right away without a sign.
std::optional<Permissions> read_permissions(const nlohmann::json& may);

/// `limit`: a whole number from 1 on, or nothing. What is above what core::Client can say is that.
std::optional<std::uint32_t> read_limit(const nlohmann::json& limit);

}  // namespace peerjsd::auth
