// Who is let in. What becomes of messages is in relay_messages.cpp, how peers end in
// relay_ends.cpp, and what other nodes have to do with it in relay_nodes.cpp and relay_moves.cpp.

#include "peerjsd/core/relay.hpp"

#include "peerjsd/core/json.hpp"

#include <utility>
#include <variant>

namespace peerjsd::core {
namespace {

/// In a time that does not depend on where they differ.
bool is_same_secret(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  int difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) difference |= a[i] ^ b[i];
  return difference == 0;
}

bool goes_before(Carrier a, Carrier b) {
  return a == Carrier::WebSocket && b != Carrier::WebSocket;
}

/// Whether the client takes `to` for a part of the connection that it has by `from`.
bool continues(Carrier from, Carrier to) {
  return from != Carrier::WebSocket && to != Carrier::Stream;
}

/// 0 stands for ever.
bool is_shorter(Duration timeout, Duration than) {
  return timeout > Duration::zero() && (than == Duration::zero() || timeout < than);
}

/// A lost peer may yield its place, unless it is pending: what it may come back to is not known
/// yet.
bool can_yield(const Peer& peer) {
  return peer.transport == nullptr && !peer.is_pending;
}

std::size_t count_that_can_yield(const Realm::Owned& owned) {
  const auto can = [](const Peer* peer) { return can_yield(*peer); };
  return static_cast<std::size_t>(std::ranges::count_if(owned.peers, can));
}

/// nullptr: there is none.
Peer* longest_lost(const Realm::Owned& owned) {
  Peer* longest = nullptr;
  for (Peer* const peer : owned.peers) {
    if (!can_yield(*peer)) continue;
    const auto since = [](const Peer& lost) { return decltype(Realm::lost)::since(lost); };
    if (longest == nullptr || since(*peer) < since(*longest)) longest = peer;
  }
  return longest;
}

Backend& alone() {
  static LocalOnly backend;
  return backend;
}

}  // namespace

Relay::Relay(RelayOptions options) : Relay(std::move(options), alone()) {}

Relay::Relay(RelayOptions options, Backend& backend)
    : options_(std::move(options)), backend_(backend) {
  open_realms();
}

void Relay::set_options(RelayOptions options, Instant now) {
  options.hash_key = options_.hash_key;
  if (is_shorter(options.alive_timeout, options_.alive_timeout)) silence_counts_from_ = now;
  if (options.takeover_probe == Duration::zero()) probed_.clear();
  options_ = std::move(options);
  for (auto& [key, realm] : realms_) {
    realm.set_open(false);
    realm.outstanding.set_limits(options_.outstanding, options_.expire_timeout);
  }
  open_realms();
}

void Relay::open_realms() {
  for (const std::string& key : options_.keys) {
    const auto [place, is_new] = realms_.try_emplace(key, key, options_.outstanding,
                                                     options_.expire_timeout, options_.hash_key);
    place->second.set_open(true);
  }
}

const Realm* Relay::realm(std::string_view key) const {
  const auto found = realms_.find(key);
  return found == realms_.end() ? nullptr : &found->second;
}

Admission Relay::counted(Admission admission) {
  const bool is_final = admission != Admission::Pending && admission != Admission::Contested;
  if (is_final) counters_.admissions.add(admission);
  return admission;
}

Receipt Relay::counted(Receipt receipt) {
  counters_.receipts.add(receipt);
  return receipt;
}

Admission Relay::attach(Transport& transport, const Credentials& who, const Client& client,
                        Instant now) {
  return counted(decide(transport, who, client, now));
}

Admission Relay::decide(Transport& transport, const Credentials& who, const Client& client,
                        Instant now) {
  const Admission verdict = verdict_on(who);
  if (verdict != Admission::Opened) return verdict;
  const auto realm = realms_.find(who.key);
  Peer* const holder = realm->second.find(who.id);
  if (holder == nullptr) return admit(realm->second, transport, who, client, now);
  if (is_same_secret(holder->token, who.token)) {
    const Admission admission = resume(*holder, transport, client, now);
    if (holder->transport == &transport) expiries_.set(*holder, who.term);
    return admission;
  }
  if (holder->is_pending) return Admission::Contested;
  challenge(*holder, now);
  return Admission::IdTaken;
}

Admission Relay::verdict_on_id(std::string_view id) const {
  if (id.size() > options_.max_id_bytes) return Admission::IdTooLong;
  if (options_.accepts_id && !options_.accepts_id(id)) return Admission::IdNotAllowed;
  return Admission::Opened;
}

/// nullptr: there is no such peer, the token is not its own, or it is lost. Who is lost gets no
/// answers, so that what it asks would pile up.
Peer* Relay::authenticate(const Credentials& who) const {
  Peer* const peer = find(who.key, who.id);
  if (peer == nullptr || peer->transport == nullptr) return nullptr;
  return is_same_secret(peer->token, who.token) ? peer : nullptr;
}

Admission Relay::admit(Realm& realm, Transport& transport, const Credentials& who,
                       const Client& client, Instant now) {
  if (options_.ip_limit > 0 && realm.connected(client.group) >= options_.ip_limit) {
    return Admission::AddressLimitReached;
  }
  if (!has_place_for(who.token, realm, client.owner_limit)) return Admission::OwnerLimitReached;
  if (!has_place(realm)) return Admission::LimitReached;
  Peer& peer = realm.add(std::string(who.id), std::string(who.token), client,
                         {++registrations_, mark_of(who.key, who.id, who.token)});
  bind(peer, transport, now);
  expiries_.set(peer, who.term);
  switch (backend_.claim(peer)) {
    case Backend::Answer::Yes:
      adopt_waiting_from(peer);
      break;
    case Backend::Answer::No:
      forget(peer);
      return Admission::Unavailable;
    case Backend::Answer::Later:
      realm.set_pending(peer, true);
      return Admission::Pending;
  }
  open(peer, true, now);
  yield_to(peer, now);
  return Admission::Opened;
}

Admission Relay::resume(Peer& peer, Transport& transport, const Client& client, Instant now) {
  Transport* const old = peer.transport;
  if (old != nullptr && goes_before(old->carrier(), transport.carrier())) return Admission::Standby;
  const bool can_wait = transport.carrier() == Carrier::RenewedStream;
  if (old != nullptr && can_wait && !old->makes_way(transport)) return Admission::Later;
  const bool opens = old == nullptr || !continues(old->carrier(), transport.carrier());
  if (old != nullptr) {
    save_unsent(peer);
    transport.hold(old->settles_at());
    let_go(peer, End::Replaced);
  }
  peer.client = client;
  bind(peer, transport, now);
  if (peer.is_pending) {
    backend_.on_return(peer);
    return Admission::Pending;
  }
  open(peer, opens, now);
  return Admission::Resumed;
}

void Relay::open(Peer& peer, bool opens, Instant now) {
  if (opens) peer.transport->send(kOpenText);
  if (observer_ != nullptr) show_connected(peer);
  deliver_waiting(peer, opens, now);
}

/// It never had its id.
void Relay::forget(Peer& peer) {
  if (peer.transport != nullptr) {
    peer.transport->peer_ = nullptr;
    peer.realm.count_out(peer.client.group);
  }
  move_away(peer);
}

/// Another token wants the id. If its holder is gone without our knowing (a page reloaded after its
/// network broke), the next try shall find the id free.
void Relay::challenge(Peer& holder, Instant now) {
  if (options_.takeover_probe == Duration::zero() || probed_.contains(holder)) return;
  if (holder.transport == nullptr || holder.transport->probe()) probed_.push(holder, now);
}

/// A peer that may come back yields its place, if it must, to one that is here.
bool Relay::has_place(const Realm& realm) const {
  const std::size_t taken = realm.places().taken;
  if (taken < options_.concurrent_limit) return true;
  return realm.lost.has(taken - options_.concurrent_limit + 1, can_yield);
}

/// The same among the peers of one owner.
bool Relay::has_place_for(std::string_view owner, const Realm& realm, std::size_t limit) {
  const Realm::Owned& owned = realm.owned_by(owner);
  if (limit == 0 || owned.places.taken < limit) return true;
  return count_that_can_yield(owned) > owned.places.taken - limit;
}

/// Of one that is pending, and could have a place when it came: those that would have yielded to it
/// may have come back.
Admission Relay::verdict_on_place(const Peer& newcomer) const {
  const auto excess = [](Realm::Places places, std::size_t limit) {
    const std::size_t taken = places.taken - places.pending + 1;
    return taken <= limit ? 0 : taken - limit;
  };
  const Realm& realm = newcomer.realm;
  const std::size_t limit = newcomer.client.owner_limit;
  const Realm::Owned& owned = realm.owned_by(newcomer.token);
  const std::size_t of_owner = limit == 0 ? 0 : excess(owned.places, limit);
  if (of_owner > 0 && count_that_can_yield(owned) < of_owner) return Admission::OwnerLimitReached;
  const bool fits = realm.lost.has(excess(realm.places(), options_.concurrent_limit), can_yield);
  return fits ? Admission::Opened : Admission::LimitReached;
}

/// Who was let in because others would yield, has its id; they do so now. It may be itself that
/// yields, if it is lost. One that has moved here stays in any case.
void Relay::yield_to(const Peer& newcomer, Instant now) {
  Realm& realm = newcomer.realm;
  const std::size_t limit = newcomer.client.owner_limit;
  const auto exceeds = [](Realm::Places places, std::size_t most) {
    return places.taken - places.pending > most;
  };
  const auto end = [&](Peer* lost) {
    if (lost != nullptr) end_peer(*lost, Farewell::Leave, now);
  };
  const Realm::Owned& owned = realm.owned_by(newcomer.token);
  if (limit > 0 && exceeds(owned.places, limit)) end(longest_lost(owned));
  if (exceeds(realm.places(), options_.concurrent_limit)) end(realm.lost.find_if(can_yield));
}

void Relay::bind(Peer& peer, Transport& transport, Instant now) {
  peer.transport = &transport;
  transport.peer_ = &peer;
  peer.realm.count_in(peer.client.group);
  alive_.push(peer, now);
  probed_.remove(peer);
}

/// In the order in which it has come. `opens`: an OPEN that was not received is not sent once more.
void Relay::deliver_waiting(Peer& peer, bool opens, Instant now) {
  const std::vector<Peer::Told> backlog = std::exchange(peer.backlog, {});
  auto next = backlog.begin();
  const auto tell_until = [&](std::uint64_t order) {
    for (; next != backlog.end() && next->order <= order; ++next) {
      if (!opens || next->text != kOpenText) peer.transport->send(next->text);
      if (!next->left.empty())
        part(peer, peer.realm.find(next->left, next->left_as), next->left,
             next->left_as.mark);  // of what it sent before
    }
  };
  for (const Outstanding::Message& message : peer.realm.outstanding.take(json::quoted(peer.id))) {
    tell_until(message.order);
    deliver_kept(message, peer, now);
  }
  tell_until(peer.realm.outstanding.arrived());
}

/// `src`: nullptr if it is not here; `id` and `mark`: its.
bool Relay::is_open_to(const Peer& dst, const Peer* src, std::string_view id, std::uint32_t mark) {
  if (dst.client.rights.may_be_called) return true;
  return (src != nullptr && are_partners(*src, dst)) || are_partners(dst, id, mark);
}

void Relay::deliver_kept(const Outstanding::Message& message, Peer& peer, Instant now) {
  if (message.type == MessageType::Leave) {
    if (deliver_leave(message, peer)) peer.transport->send(message.text);
    return;
  }
  const bool is_meant = is_for(message.dst_mark, peer);
  if (message.type == MessageType::Expire) {
    if (is_meant) peer.transport->send(message.text);
    return;
  }
  Peer* const src = peer.realm.find(message.src, message.registration);
  if (!is_meant || !is_open_to(peer, src, message.src, message.registration.mark)) {
    return on_abandoned(parcel_of(message, peer.realm.key, peer.id), now);
  }
  if (src != nullptr) return deliver(*src, peer, message.type, message.text);
  if (!ended_.contains(message.registration)) {
    make_partner(peer, message.src, message.registration.mark);
  }
  peer.transport->send(message.text);
}

/// It is for a partner, which another peer that has got the id is not. False: it is not to get it.
bool Relay::deliver_leave(const Outstanding::Message& message, Peer& peer) {
  const bool were_partners = part(peer, peer.realm.find(message.src, message.registration),
                                  message.src, message.registration.mark);
  return were_partners || is_known_to_be_for(message.dst_mark, peer);
}

Admission Relay::verdict_on(const Credentials& who) const {
  if (who.key.empty() || who.id.empty() || who.token.empty()) return Admission::Incomplete;
  const Realm* const of_key = realm(who.key);
  if (of_key == nullptr) return Admission::InvalidKey;
  if (who.id.size() > options_.max_id_bytes) return Admission::IdTooLong;
  if (who.token.size() > options_.max_token_bytes) return Admission::TokenTooLong;
  if (of_key->find(who.id) != nullptr) return Admission::Opened;
  return of_key->is_open() ? verdict_on_id(who.id) : Admission::InvalidKey;
}

const Peer* Relay::peer_of(const Credentials& who) const {
  const Peer* const peer = find(who.key, who.id);
  if (peer == nullptr || peer->is_pending) return nullptr;
  return is_same_secret(peer->token, who.token) ? peer : nullptr;
}

void Relay::withdraw_ruling(const Credentials& who) {
  const Peer* const peer = peer_of(who);
  if (peer != nullptr) expiries_.withdraw_ruling(*peer);
}

Peer* Relay::find(std::string_view key, std::string_view id) const {
  const Realm* const of_key = realm(key);
  return of_key == nullptr ? nullptr : of_key->find(id);
}

Peer* Relay::find(const Claim& claim) const {
  const Realm* const of_key = realm(claim.key);
  return of_key == nullptr ? nullptr : of_key->find(claim.id, claim.registration);
}

}  // namespace peerjsd::core
