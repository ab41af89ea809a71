#pragma once

#include "peerjsd/core/leave_policy.hpp"

#include <cstdint>

namespace peerjsd::core {

/// The addresses that one customer of the Internet has, as a number.
enum class AddressGroup : std::uint64_t {
  Local,    ///< of this machine or its network: a proxy may be there, so it counts for nobody
  Unknown,  ///< what a proxy said was no address
};

/// What is known of a client, whoever it says it is.
struct Client {
  PeerKind kind;
  AddressGroup group = AddressGroup::Local;
};

}  // namespace peerjsd::core
