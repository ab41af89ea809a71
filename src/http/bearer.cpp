#include "peerjsd/http/bearer.hpp"

#include "peerjsd/http/url.hpp"

namespace peerjsd::http {

std::string_view bearer_token(std::string_view authorization) {
  constexpr std::string_view scheme = "Bearer ";
  const bool is_bearer = equal_ignoring_case(authorization.substr(0, scheme.size()), scheme);
  return is_bearer ? authorization.substr(scheme.size()) : std::string_view();
}

}  // namespace peerjsd::http
