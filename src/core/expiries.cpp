#include "peerjsd/core/expiries.hpp"

#include "peerjsd/core/realm.hpp"

namespace peerjsd::core {

void Expiries::set(const Peer& peer, Instant expiry) {
  forget(peer);
  if (expiry == Instant::max()) return;
  times_.emplace(peer.registration, expiry);
  due_.emplace(std::pair(expiry, peer.registration),
               Due{peer.realm.key, peer.id, peer.registration});
}

void Expiries::forget(const Peer& peer) {
  const auto found = times_.find(peer.registration);
  if (found == times_.end()) return;
  due_.erase({found->second, peer.registration});
  times_.erase(found);
}

Instant Expiries::of(const Peer& peer) const {
  const auto found = times_.find(peer.registration);
  return found == times_.end() ? Instant::max() : found->second;
}

std::optional<Expiries::Due> Expiries::pop_due(Instant now) {
  if (due_.empty() || due_.begin()->first.first > now) return std::nullopt;
  return std::move(due_.extract(due_.begin()).mapped());
}

}  // namespace peerjsd::core
