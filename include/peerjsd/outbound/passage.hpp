#pragma once

#include <cstdint>
#include <optional>

namespace peerjsd::outbound {

/// How far what was written to a connection has got.
struct Passage {
  std::uint64_t acknowledged = 0;  ///< bytes, by the system on the other side
  bool is_full = false;            ///< more waits in the system than may be sent at once
};

/// `socket`: any. Nothing where that is not known, as of a Unix socket.
std::optional<Passage> passage_of(int socket);

}  // namespace peerjsd::outbound
