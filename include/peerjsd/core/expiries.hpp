#pragma once

#include "peerjsd/core/backend.hpp"
#include "peerjsd/core/peer.hpp"
#include "peerjsd/core/time.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace peerjsd::core {

/// Until when somebody is let in.
struct Term {
  Instant of_token = Instant::max();
  Instant of_ruling = Instant::max();  ///< of who was asked about them

  Instant end() const { return std::min(of_token, of_ruling); }

  bool operator==(const Term&) const = default;
};

/// Peers that are let in until some time, each with its own. Whose term has no end costs nothing.
class Expiries {
 public:
  /// Instead of the one that it had.
  void set(const Peer& peer, const Term& term);

  void forget(const Peer& peer);

  /// What was ruled about it holds no longer if it comes once more. Its time goes on.
  void withdraw_ruling(const Peer& peer) { withdrawn_.insert(peer.registration); }

  /// The one that it has, even after it was taken out.
  Term of(const Peer& peer) const;

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
  std::unordered_map<Registration, Term> terms_;
  std::unordered_set<Registration> withdrawn_;
};

}  // namespace peerjsd::core
