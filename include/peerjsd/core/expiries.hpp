#pragma once

#include "peerjsd/core/backend.hpp"
#include "peerjsd/core/peer.hpp"
#include "peerjsd/core/time.hpp"

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

namespace peerjsd::core {

/// Peers that are let in until some time, each with its own. What has none costs nothing.
class Expiries {
 public:
  /// Instead of the one that it had. Instant::max(): none.
  void set(const Peer& peer, Instant expiry);

  void forget(const Peer& peer);

  /// The one that it has, even after it was taken out. Instant::max(): none.
  Instant of(const Peer& peer) const;

  /// Takes out the peer whose time has come, earliest first: its registration, and where to find
  /// it.
  struct Due {
    std::string key;
    std::string id;
    Registration registration;
  };
  std::optional<Due> pop_due(Instant now);

 private:
  std::map<std::pair<Instant, Registration>, Due> due_;
  std::unordered_map<Registration, Instant> times_;
};

}  // namespace peerjsd::core
