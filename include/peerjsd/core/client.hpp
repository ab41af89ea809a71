#pragma once

#include "peerjsd/core/leave_policy.hpp"

#include <cstdint>

namespace peerjsd::core {

/// The addresses that one customer of the Internet has, as a number.
enum class AddressGroup : std::uint64_t {
  Local,    ///< of this machine or its network: a proxy may be there, so it counts for nobody
  Unknown,  ///< what a proxy said was no address
};

/// What a peer may do besides being connected. Whom it has been talking with it may go on talking
/// with.
struct Rights {
  bool may_call = true;       ///< send to peers that have not called it
  bool may_be_called = true;  ///< be sent something by peers that it has not called

  bool operator==(const Rights&) const = default;
};

/// What is known of a client, whoever it says it is.
struct Client {
  PeerKind kind;
  Rights rights{};
  std::uint32_t owner_limit = 0;  ///< peers with its token that there may be; 0: any number
  AddressGroup group = AddressGroup::Local;
};

}  // namespace peerjsd::core
