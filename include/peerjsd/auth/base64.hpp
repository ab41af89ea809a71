#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace peerjsd::auth {

/// RFC 4648 5, without padding, as JOSE writes it. One text for the same bytes only: nothing if
/// there is anything else in it, or if bits that no byte needs are set.
std::optional<std::string> decode_base64url(std::string_view text);

/// RFC 4648 4, with its padding or without any. Nothing if there is anything else in it, as the
/// letters of RFC 4648 5, which other decoders pass over, or if bits that no byte needs are set.
std::optional<std::string> decode_base64(std::string_view text);

/// RFC 4648 4, with padding.
std::string encode_base64(std::string_view bytes);

}  // namespace peerjsd::auth
