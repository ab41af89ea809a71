#pragma once

#include "peerjsd/hooks/web_client.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace peerjsd::hooks {

/// The bytes of a secret as the Standard Webhooks specification writes it: of `whsec_BASE64` those
/// that it stands for, of any other text its own. Nothing if it begins like that and is no base64,
/// or one of fewer than 24 bytes.
std::optional<std::string> webhook_key(std::string_view secret);

/// By which a service knows that a request is this server's, what it says, and when it was made:
/// the headers webhook-id, webhook-timestamp and webhook-signature of the Standard Webhooks
/// specification. `id`: the same for each attempt of one request. `key`: see webhook_key().
WebClient::Headers signed_headers(std::string_view key, std::string_view id,
                                  std::chrono::sys_seconds time, std::string_view body);

}  // namespace peerjsd::hooks
