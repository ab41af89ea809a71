#include "peerjsd/core/realm.hpp"

#include "peerjsd/core/transport.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace peerjsd::core {

Peer* Realm::find(std::string_view id) const {
  const auto found = peers_.find(id);
  return found == peers_.end() ? nullptr : found->second.get();
}

Peer* Realm::find(std::string_view id, Registration registration) const {
  Peer* const peer = find(id);
  return peer != nullptr && peer->registration == registration ? peer : nullptr;
}

std::vector<std::string_view> Realm::connected_ids() const {
  std::vector<std::string_view> ids;
  for (const auto& [id, peer] : peers_) {
    if (peer->is_reachable()) ids.push_back(id);
  }
  return ids;
}

std::size_t Realm::connected(AddressGroup group) const {
  const auto found = connected_.find(group);
  return found == connected_.end() ? 0 : found->second;
}

void Realm::count_in(AddressGroup group) {
  if (group != AddressGroup::Local) ++connected_[group];
}

void Realm::count_out(AddressGroup group) {
  const auto found = connected_.find(group);
  if (found != connected_.end() && --found->second == 0) connected_.erase(found);
}

Peer& Realm::add(std::string id, std::string token, const Client& client,
                 Registration registration) {
  auto peer = std::make_unique<Peer>(*this, std::move(id), std::move(token), client, registration);
  const std::string_view name = peer->id;
  if (client.owner_limit > 0) {
    peer->is_counted = true;
    Owned& owned = owned_[peer->token];
    ++owned.places.taken;
    owned.peers.insert(peer.get());
  }
  return *peers_.emplace(name, std::move(peer)).first->second;
}

std::vector<const Peer*> Realm::peers_after(std::string_view id, std::size_t most) const {
  std::vector<const Peer*> after;
  for (const auto& [known, peer] : peers_) {
    if (known > id) after.push_back(peer.get());
  }
  const auto end = after.begin() + static_cast<std::ptrdiff_t>(std::min(most, after.size()));
  std::partial_sort(after.begin(), end, after.end(),
                    [](const Peer* a, const Peer* b) { return a->id < b->id; });
  after.erase(end, after.end());
  return after;
}

const Realm::Owned& Realm::owned_by(std::string_view token) const {
  static const Owned nothing;
  const auto found = owned_.find(token);
  return found == owned_.end() ? nothing : found->second;
}

void Realm::set_pending(Peer& peer, bool is_pending) {
  if (peer.is_pending == is_pending) return;
  peer.is_pending = is_pending;
  const auto count = [is_pending](std::size_t& pending) { is_pending ? ++pending : --pending; };
  count(pending_);
  if (peer.is_counted) count(owned_.find(peer.token)->second.places.pending);
}

void Realm::remove(Peer& peer) {
  set_pending(peer, false);
  if (peer.is_counted) {
    const auto owned = owned_.find(peer.token);
    owned->second.peers.erase(&peer);
    if (--owned->second.places.taken == 0) owned_.erase(owned);
  }
  // extract() first: the key is a view of what is about to be destroyed.
  peers_.extract(std::string_view(peer.id));
}

namespace {

std::vector<Peer*>::iterator place_of(std::vector<Peer*>& sorted, Peer* peer) {
  return std::lower_bound(sorted.begin(), sorted.end(), peer, std::less<>());
}

bool holds(const std::vector<Peer*>& sorted, std::vector<Peer*>::iterator place, Peer* peer) {
  return place != sorted.end() && *place == peer;
}

auto place_of(auto& partners, std::string_view elsewhere) {
  return std::ranges::lower_bound(partners, elsewhere, {}, &PartnerElsewhere::id);
}

/// nullptr: it is none.
const PartnerElsewhere* find_partner(const Peer& peer, std::string_view elsewhere) {
  const auto place = place_of(peer.partners_elsewhere, elsewhere);
  const bool is_there = place != peer.partners_elsewhere.end() && place->id == elsewhere;
  return is_there ? &*place : nullptr;
}

bool erase(std::vector<Peer*>& sorted, Peer* peer) {
  const auto place = place_of(sorted, peer);
  if (!holds(sorted, place, peer)) return false;
  sorted.erase(place);
  return true;
}

}  // namespace

void make_partners(Peer& a, Peer& b) {
  const auto place = place_of(a.partners, &b);
  if (&a == &b || holds(a.partners, place, &b)) return;
  a.partners.insert(place, &b);
  b.partners.insert(place_of(b.partners, &a), &a);
  part(a, b.id);
  part(b, a.id);
}

bool are_partners(const Peer& a, const Peer& b) {
  // Sorted by address, whatever it is of.
  auto* const sought = const_cast<Peer*>(&b);
  return std::ranges::binary_search(a.partners, sought, std::less<>());
}

bool part(Peer& a, Peer& b) {
  return erase(a.partners, &b) && erase(b.partners, &a);
}

void make_partner(Peer& peer, std::string_view elsewhere, std::uint32_t mark) {
  auto& partners = peer.partners_elsewhere;
  auto place = place_of(partners, elsewhere);
  if (place == partners.end() || place->id != elsewhere) {
    place = partners.insert(place, {std::string(elsewhere)});
  }
  if (mark != 0) place->mark = mark;
}

bool are_partners(const Peer& peer, std::string_view elsewhere, std::uint32_t mark) {
  const PartnerElsewhere* const partner = find_partner(peer, elsewhere);
  if (partner == nullptr) return false;
  return mark == 0 || partner->mark == 0 || partner->mark == mark;
}

std::uint32_t mark_of_partner(const Peer& peer, std::string_view elsewhere) {
  const PartnerElsewhere* const partner = find_partner(peer, elsewhere);
  return partner == nullptr ? 0 : partner->mark;
}

bool part(Peer& peer, std::string_view elsewhere, std::uint32_t mark) {
  if (!are_partners(peer, elsewhere, mark)) return false;
  peer.partners_elsewhere.erase(place_of(peer.partners_elsewhere, elsewhere));
  return true;
}

void make_partner(Peer& peer, Peer* other, std::string_view id, std::uint32_t mark) {
  if (other != nullptr) {
    make_partners(peer, *other);
  } else {
    make_partner(peer, id, mark);
  }
}

bool part(Peer& peer, Peer* other, std::string_view id, std::uint32_t mark) {
  return (other != nullptr && part(*other, peer)) || part(peer, id, mark);
}

bool is_for(std::uint32_t mark, const Peer& peer) {
  return mark == 0 || mark == peer.registration.mark;
}

bool is_known_to_be_for(std::uint32_t mark, const Peer& peer) {
  return mark != 0 && mark == peer.registration.mark;
}

}  // namespace peerjsd::core
