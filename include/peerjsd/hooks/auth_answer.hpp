#pragma once

#include "peerjsd/core/client.hpp"
#include "peerjsd/core/time.hpp"
#include "peerjsd/hooks/web_client.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

namespace peerjsd::hooks {

/// How a client is let in.
struct AuthTerms {
  core::Rights rights{};
  bool may_list = true;
  std::uint32_t owner_limit = 0;               ///< see core::Client; 0: any number
  std::optional<core::Duration> expires_in{};  ///< none: it may stay

  bool operator==(const AuthTerms&) const = default;
};

/// Why it is not.
struct AuthRefusal {
  std::string reason;    ///< for the client
  std::string detail{};  ///< for the operator, if there is more to say

  bool operator==(const AuthRefusal&) const = default;
};

/// Why nobody knows.
struct AuthFailure {
  std::string cause;     ///< for the operator
  bool is_down = false;  ///< it may be away, whoever is asked about

  bool operator==(const AuthFailure&) const = default;
};

using AuthAnswer = std::variant<AuthTerms, AuthRefusal, AuthFailure>;

/// 2xx admits, with an empty body or {"limit","may","expires_in"}, each of which may be missing;
/// but not whom it gives no time. 401 and 403 refuse, with {"reason"} or without, and so do all
/// other 4xx but 408 and 429: what a client can bring about shall not let it in. All else, and what
/// is of another type than it has to be, is a failure; with 502, 503 and 504 the service may be
/// down.
AuthAnswer read_auth_answer(const WebClient::Outcome& outcome);

}  // namespace peerjsd::hooks
