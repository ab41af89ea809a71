#pragma once

#include "peerjsd/core/leave_policy.hpp"

#include <string_view>

namespace peerjsd::core {

struct Peer;

/// Is told by a relay what becomes of its peers. None of these calls may call back into the relay.
///
/// A peer is connected while it has a transport and has had its OPEN. For one registration
/// connected() and disconnected() alternate; a transport that takes the place of another makes none
/// of them. Of a peer that never was connected nothing is told.
class Observer {
 public:
  Observer() = default;
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;
  virtual ~Observer() = default;

  virtual void connected(const Peer& peer) = 0;

  /// Replaced: it has come back on another node.
  virtual void disconnected(const Peer& peer, End end) = 0;

  /// The registration has ended, and does not go on on another node.
  virtual void left(const Peer& peer) = 0;

  /// A message of `src` has not reached `dst`, as EXPIRE tells it.
  virtual void expired(std::string_view key, std::string_view src, std::string_view dst) = 0;
};

}  // namespace peerjsd::core
