#pragma once

#include <string_view>

namespace peerjsd::http {

/// The token of `Bearer TOKEN` (RFC 6750 2.1), what the header Authorization says; empty: there is
/// none.
std::string_view bearer_token(std::string_view authorization);

}  // namespace peerjsd::http
