#include "peerjsd/core/registration.hpp"

#include "peerjsd/core/keyed_hash.hpp"

namespace peerjsd::core {

std::uint32_t mark_of(std::string_view key, std::string_view id, std::string_view token) {
  const HashKey of_peer{keyed_hash({}, key), keyed_hash({}, id)};
  return static_cast<std::uint32_t>(keyed_hash(of_peer, token));
}

}  // namespace peerjsd::core
