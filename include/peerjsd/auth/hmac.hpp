#pragma once

#include <string>
#include <string_view>

namespace peerjsd::auth {

// RFC 2104: the bytes themselves.

std::string hmac_sha256(std::string_view key, std::string_view text);

/// For what asks for it: TURN servers.
std::string hmac_sha1(std::string_view key, std::string_view text);

}  // namespace peerjsd::auth
