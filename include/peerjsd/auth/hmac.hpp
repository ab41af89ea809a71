#pragma once

#include <string>
#include <string_view>

namespace peerjsd::auth {

// RFC 2104: the bytes themselves. Where OpenSSL makes none, for it has no memory or no provider of
// them, std::runtime_error is thrown: nobody shall go on with an empty one.

std::string hmac_sha256(std::string_view key, std::string_view text);

/// For what asks for it: TURN servers.
std::string hmac_sha1(std::string_view key, std::string_view text);

}  // namespace peerjsd::auth
