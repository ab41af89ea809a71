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

/// Why it is not, for the client.
struct AuthRefusal {
  std::string reason;

  bool operator==(const AuthRefusal&) const = default;
};

/// Why nobody knows, for the operator.
struct AuthFailure {
  std::string cause;

  bool operator==(const AuthFailure&) const = default;
};

using AuthAnswer = std::variant<AuthTerms, AuthRefusal, AuthFailure>;

/// 2xx admits, with an empty body or {"limit","may","expires_in"}, each of which may be missing;
/// 401 and 403 refuse, with {"reason"} or without. All else, and what is of another type than it
/// has to be, is a failure.
AuthAnswer read_auth_answer(const WebClient::Outcome& outcome);

}  // namespace peerjsd::hooks
