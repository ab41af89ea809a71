#include "peerjsd/core/expiries.hpp"

#include "peerjsd/core/realm.hpp"

namespace peerjsd::core {

void Expiries::set(const Peer& peer, const Term& term) {
  forget(peer);
  if (term.end() == Instant::max()) return;
  terms_.emplace(peer.registration, term);
  due_.emplace(std::pair(term.end(), peer.registration),
               Due{peer.realm.key, peer.id, peer.registration});
}

void Expiries::forget(const Peer& peer) {
  withdrawn_.erase(peer.registration);
  const auto found = terms_.find(peer.registration);
  if (found == terms_.end()) return;
  due_.erase({found->second.end(), peer.registration});
  terms_.erase(found);
}

Term Expiries::of(const Peer& peer) const {
  const auto found = terms_.find(peer.registration);
  Term term = found == terms_.end() ? Term() : found->second;
  if (withdrawn_.contains(peer.registration)) term.of_ruling = Instant::min();
  return term;
}

std::optional<Expiries::Due> Expiries::pop_due(Instant now) {
  if (due_.empty() || due_.begin()->first.first > now) return std::nullopt;
  return std::move(due_.extract(due_.begin()).mapped());
}

}  // namespace peerjsd::core
