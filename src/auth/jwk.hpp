#pragma once

#include "peerjsd/auth/key_set.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace peerjsd::auth {

/// A public key of a JWK set that is for signatures.
struct Jwk {
  Key::Handle handle;
  std::string id;         ///< empty: it has none
  std::string algorithm;  ///< empty: it does not say
};

/// Nothing if it is no JWK set. Keys that cannot be used are left out.
std::optional<std::vector<Jwk>> parse_jwks(std::string_view text);

}  // namespace peerjsd::auth
