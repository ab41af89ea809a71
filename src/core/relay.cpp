#include "peerjsd/core/relay.hpp"

#include "peerjsd/core/json.hpp"

#include <utility>
#include <variant>

namespace peerjsd::core {
namespace {

std::string leave_text(const Peer& peer, std::string_view partner) {
  std::string text;
  append_message(text, MessageType::Leave, json::quoted(peer.id), json::quoted(partner), {});
  return text;
}

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

/// `dst`: nullptr if it is not here; `id`: its. While it is pending its partners are not known.
bool may_send(const Peer& src, const Peer* dst, std::string_view id) {
  if (dst == &src) return true;
  const bool may_be_called = dst == nullptr || dst->is_pending || dst->client.rights.may_be_called;
  if (src.client.rights.may_call && may_be_called) return true;
  return (dst != nullptr && are_partners(src, *dst)) || are_partners(src, id);
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

void Relay::set_options(RelayOptions options) {
  options.hash_key = options_.hash_key;
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
  if (admission != Admission::Pending) counters_.admissions.add(admission);
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

Receipt Relay::receive(Transport& from, std::string_view text, Instant now) {
  return counted(hear(from, text, now));
}

Receipt Relay::receive(const Credentials& from, MessageType verb, std::string_view text,
                       Instant now) {
  return counted(hear(from, verb, text, now));
}

Admission Relay::decide(Transport& transport, const Credentials& who, const Client& client,
                        Instant now) {
  if (who.key.empty() || who.id.empty() || who.token.empty()) return Admission::Incomplete;
  const auto realm = realms_.find(who.key);
  if (realm == realms_.end()) return Admission::InvalidKey;
  if (who.id.size() > options_.max_id_bytes) return Admission::IdTooLong;
  if (who.token.size() > options_.max_token_bytes) return Admission::TokenTooLong;
  Peer* const holder = realm->second.find(who.id);
  if (holder == nullptr && !realm->second.is_open()) return Admission::InvalidKey;
  if (holder == nullptr) return admit(realm->second, transport, who, client, now);
  if (is_same_secret(holder->token, who.token)) {
    const Admission admission = resume(*holder, transport, client, now);
    if (holder->transport == &transport) expiries_.set(*holder, who.expiry);
    return admission;
  }
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
  const Realm* const of_key = realm(who.key);
  Peer* const peer = of_key == nullptr ? nullptr : of_key->find(who.id);
  if (peer == nullptr || peer->transport == nullptr) return nullptr;
  return is_same_secret(peer->token, who.token) ? peer : nullptr;
}

Admission Relay::admit(Realm& realm, Transport& transport, const Credentials& who,
                       const Client& client, Instant now) {
  const Admission on_id = verdict_on_id(who.id);
  if (on_id != Admission::Opened) return on_id;
  if (options_.ip_limit > 0 && realm.connected(client.group) >= options_.ip_limit) {
    return Admission::AddressLimitReached;
  }
  if (client.owner_limit > 0 && !make_room_for(who, realm, client.owner_limit, now)) {
    return Admission::OwnerLimitReached;
  }
  if (!make_room(realm, now)) return Admission::LimitReached;
  Peer& peer = realm.add(std::string(who.id), std::string(who.token), client,
                         Registration{++registrations_});
  bind(peer, transport, now);
  expiries_.set(peer, who.expiry);
  switch (backend_.claim(peer)) {
    case Backend::Answer::Yes:
      break;
    case Backend::Answer::No:
      forget(peer);
      return Admission::Unavailable;
    case Backend::Answer::Later:
      peer.is_pending = true;
      return Admission::Pending;
  }
  open(peer, true, {}, now);
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
  if (peer.is_pending) return Admission::Pending;
  open(peer, opens, std::exchange(peer.backlog, {}), now);
  return Admission::Resumed;
}

/// `texts`: what the peer has not received yet.
void Relay::open(Peer& peer, bool opens, const std::vector<std::string>& texts, Instant now) {
  if (opens) peer.transport->send(kOpenText);
  for (const std::string& text : texts) {
    if (!opens || text != kOpenText) peer.transport->send(text);
  }
  deliver_outstanding(peer, now);
}

/// It never had its id.
void Relay::forget(Peer& peer) {
  if (peer.transport != nullptr) {
    peer.transport->peer_ = nullptr;
    peer.realm.count_out(peer.client.group);
  }
  expiries_.forget(peer);
  peer.realm.remove(peer);
}

/// Another token wants the id. If its holder is gone without our knowing (a page reloaded after its
/// network broke), the next try shall find the id free.
void Relay::challenge(Peer& holder, Instant now) {
  if (options_.takeover_probe == Duration::zero() || probed_.contains(holder)) return;
  if (holder.transport == nullptr || holder.transport->probe()) probed_.push(holder, now);
}

/// A peer that may come back yields its place, if it must, to one that is here.
bool Relay::make_room(Realm& realm, Instant now) {
  if (realm.size() < options_.concurrent_limit) return true;
  Peer* const longest_lost = realm.lost.front();
  if (longest_lost == nullptr) return false;
  end_peer(*longest_lost, true, now);
  return true;
}

/// `src`: nullptr if it is not here; `id`: its.
bool Relay::is_open_to(const Peer& dst, const Peer* src, std::string_view id) {
  if (dst.client.rights.may_be_called) return true;
  return (src != nullptr && are_partners(*src, dst)) || are_partners(dst, id);
}

/// The same among the peers of one owner.
bool Relay::make_room_for(const Credentials& who, Realm& realm, std::size_t limit, Instant now) {
  if (realm.owned(who.token) < limit) return true;
  const auto is_its = [&](const Peer& peer) { return peer.token == who.token; };
  Peer* const lost = realm.lost.find_if(is_its);
  if (lost == nullptr) return false;
  end_peer(*lost, true, now);
  return realm.owned(who.token) < limit;
}

void Relay::bind(Peer& peer, Transport& transport, Instant now) {
  peer.transport = &transport;
  transport.peer_ = &peer;
  peer.realm.count_in(peer.client.group);
  alive_.push(peer, now);
  probed_.remove(peer);
}

void Relay::deliver_outstanding(Peer& peer, Instant now) {
  for (const Outstanding::Message& message : peer.realm.outstanding.take(json::quoted(peer.id))) {
    deliver_kept(message, peer, now);
  }
}

/// A LEAVE is for a partner, which another peer that has got the id is not.
void Relay::deliver_kept(const Outstanding::Message& message, Peer& peer, Instant now) {
  Peer* const holder = peer.realm.find(message.src);
  Peer* const src =
      holder != nullptr && holder->registration == message.registration ? holder : nullptr;
  if (message.type == MessageType::Leave) {
    const bool were_partners = src != nullptr ? part(*src, peer) : part(peer, message.src);
    if (!were_partners) return;
  } else if (message.type != MessageType::Expire) {
    if (!is_open_to(peer, src, message.src)) {
      return on_abandoned({peer.realm.key, message.src, message.registration, peer.id, message.type,
                           message.text, message.since},
                          now);
    }
    if (src != nullptr) return deliver(*src, peer, message.type, message.text);
    if (is_elsewhere(message.registration)) make_partner(peer, message.src);
  }
  peer.transport->send(message.text);
}

Receipt Relay::hear(Transport& from, std::string_view text, Instant now) {
  Peer* const src = from.peer_;
  if (src == nullptr) return Receipt::Late;
  if (src->is_pending) return Receipt::Early;
  sign_of_life(from, now);
  const auto parsed = parser_.parse(text);
  if (const auto* error = std::get_if<ParseError>(&parsed)) return receipt_of(*error);
  return take(*src, std::get<ClientMessage>(parsed), now);
}

Receipt Relay::hear(const Credentials& from, MessageType verb, std::string_view text, Instant now) {
  Peer* const src = authenticate(from);
  if (src == nullptr) return Receipt::Unauthorized;
  if (src->is_pending) return Receipt::Early;
  // That the client lives says nothing of its WebSocket.
  if (src->transport->carrier() != Carrier::WebSocket) sign_of_life(*src->transport, now);
  const auto parsed = parser_.parse(text);
  if (const auto* error = std::get_if<ParseError>(&parsed)) return receipt_of(*error);
  auto message = std::get<ClientMessage>(parsed);
  if (!message.has_type) message.type = verb;
  if (message.type != verb) return Receipt::WrongVerb;
  return take(*src, message, now);
}

Receipt Relay::take(Peer& src, const ClientMessage& message, Instant now) {
  counters_.messages.add(message.type);
  switch (message.type) {
    case MessageType::Heartbeat:
      return Receipt::Heartbeat;
    case MessageType::Leave:
      if (message.dst_json.empty()) {
        end_connection(src, End::Left, now);
        return Receipt::Left;
      }
      [[fallthrough]];
    case MessageType::Offer:
    case MessageType::Answer:
    case MessageType::Candidate:
      return transmit(src, message, now);
    default:
      return Receipt::UnknownType;
  }
}

Receipt Relay::transmit(Peer& src, const ClientMessage& message, Instant now) {
  if (message.dst_json.empty()) return Receipt::NoDestination;
  src_json_.clear();
  json::append_quoted(src_json_, src.id);
  text_.clear();
  append_message(text_, message.type, src_json_, message.dst_json, message.payload);
  Peer* const dst = message.dst.empty() ? nullptr : src.realm.find(message.dst);
  if (!may_send(src, dst, message.dst)) return forbid(src, message, now);
  if (dst == nullptr) return send_away(src, message, now);
  if (!dst->is_reachable()) {
    // What has been sent away before comes back.
    const bool has_before = backend_.has_under_way(src.realm.key, dst->id);
    return has_before ? send_away(src, message, now) : keep(src, message, now);
  }
  if (!dst->transport->has_room_for(text_.size())) {
    send_expire(src.realm, src.id, src.registration, message.dst_json, now);
    return Receipt::NoRoom;
  }
  deliver(src, *dst, message.type, text_);
  return Receipt::Relayed;
}

/// It is as if there were no such peer: the sender is told so once for each attempt.
Receipt Relay::forbid(Peer& src, const ClientMessage& message, Instant now) {
  const Outstanding::Sender sender{src.id, src.registration};
  if (src.realm.outstanding.give_up(sender, message.dst_json, message.type, now)) {
    send_expire(src.realm, src.id, src.registration, message.dst_json, now);
  }
  return Receipt::NotAllowed;
}

void Relay::deliver(Peer& src, Peer& dst, MessageType type, std::string_view text) {
  if (type == MessageType::Leave) {
    part(src, dst);  // so that no second LEAVE follows from the server
  } else {
    make_partners(src, dst);
  }
  dst.transport->send(text);
}

/// What this sender has waiting here goes first; and nobody has an id that is too long, so that
/// other nodes need not be troubled with it. Expects the message's text in text_.
Receipt Relay::send_away(Peer& src, const ClientMessage& message, Instant now) {
  if (message.dst.empty() || message.dst.size() > options_.max_id_bytes ||
      src.realm.outstanding.holds(message.dst_json, src.registration)) {
    return keep(src, message, now);
  }
  const Parcel parcel{src.realm.key, src.id, src.registration, message.dst, message.type,
                      text_,         now};
  switch (forward(parcel)) {
    case Backend::Forwarding::Taken:
      return Receipt::Forwarded;
    case Backend::Forwarding::NoRoom:
      send_expire(src.realm, src.id, src.registration, message.dst_json, now);
      return Receipt::NoRoom;
    case Backend::Forwarding::Apart:
    case Backend::Forwarding::Nobody:
      break;
  }
  return keep(src, message, now);
}

/// Expects the message's text in text_.
Receipt Relay::keep(Peer& src, const ClientMessage& message, Instant now) {
  if (message.type == MessageType::Leave) return Receipt::Absent;
  switch (src.realm.outstanding.keep({src.id, src.registration}, message.dst_json, message.type,
                                     text_, now)) {
    case Outstanding::Verdict::Kept:
      return Receipt::Kept;
    case Outstanding::Verdict::Dropped:
      return Receipt::Absent;
    case Outstanding::Verdict::Refused:
      break;
  }
  send_expire(src.realm, src.id, src.registration, message.dst_json, now);
  return options_.expire_timeout == Duration::zero() ? Receipt::Expired : Receipt::NoRoom;
}

void Relay::send_expire(const Realm& realm, std::string_view src, Registration registration,
                        std::string_view dst_json, Instant now) {
  Peer* const caller = realm.find(src);
  if (caller != nullptr && caller->registration != registration && !is_elsewhere(registration)) {
    return;
  }
  std::string text;
  append_message(text, MessageType::Expire, dst_json, json::quoted(src), {});
  if (caller == nullptr) {
    const Parcel parcel{realm.key, {}, registration, src, MessageType::Expire, text, now};
    if (send_on(parcel, now)) ++counters_.expires;
    return;
  }
  ++counters_.expires;
  tell(*caller, std::move(text));
}

/// For what the server itself has to say: it is said once, so a peer that is lost has it kept.
void Relay::tell(Peer& peer, std::string text) {
  if (peer.is_reachable()) {
    peer.transport->send(text);
  } else {
    peer.backlog.push_back(std::move(text));
  }
}

void Relay::sign_of_life(Transport& from, Instant now) {
  if (from.peer_ == nullptr) return;
  alive_.push(*from.peer_, now);
  probed_.remove(*from.peer_);
}

void Relay::detach(Transport& transport, End end, Instant now) {
  Peer* const peer = transport.peer_;
  if (peer == nullptr) return;
  const LeaveTiming timing = leave_timing_of(*peer, end);
  if (timing == LeaveTiming::AfterGrace) save_unsent(*peer);
  if (end == End::ServerStops && !peer->is_pending && backend_.has_other_nodes()) {
    save_unsent(*peer);
    unbind(*peer, end);
    return bequeath(*peer);
  }
  unbind(*peer, end);
  conclude(*peer, timing, now);
}

/// Who goes before its claim is answered may have partners, on the node from which it came; they
/// are known with the answer.
LeaveTiming Relay::leave_timing_of(const Peer& peer, End end) const {
  const LeaveTiming timing = leave_timing(options_.leave, peer.client.kind, end);
  return peer.is_pending && timing == LeaveTiming::AtOnce ? LeaveTiming::AfterGrace : timing;
}

bool Relay::dismiss(std::string_view key, std::string_view id, Instant now) {
  const Realm* const of_key = realm(key);
  Peer* const peer = of_key == nullptr ? nullptr : of_key->find(id);
  if (peer == nullptr) return false;
  end_connection(*peer, End::Dismissed, now);
  return true;
}

void Relay::expire(Instant now) {
  if (options_.alive_timeout > Duration::zero()) {
    while (Peer* const peer = alive_.pop_due(now, options_.alive_timeout)) {
      end_connection(*peer, End::Silent, now);
    }
  }
  while (Peer* const peer = probed_.pop_due(now, options_.takeover_probe)) {
    end_connection(*peer, End::Silent, now);
  }
  while (const auto due = expiries_.pop_due(now)) end_expired(*due, now);
  for (auto& [key, realm] : realms_) {
    while (Peer* const peer = realm.lost.pop_due(now, options_.leave_grace)) {
      end_peer(*peer, true, now);
    }
    while (const auto expired = realm.outstanding.expire_next(now)) {
      send_expire(realm, expired->src, expired->registration, expired->dst_json, now);
    }
  }
}

/// A peer that is lost may come back with another token for as long as it may come back at all.
void Relay::end_expired(const Expiries::Due& due, Instant now) {
  Peer* const peer = find(Claim{due.key, due.id, due.registration});
  if (peer == nullptr || peer->transport == nullptr) return;
  end_connection(*peer, End::Expired, now);
}

/// One of the two is empty: while it is pending nothing is sent to it, then nothing kept for it.
void Relay::save_unsent(Peer& peer) {
  for (std::string& text : peer.transport->take_unsent()) peer.backlog.push_back(std::move(text));
}

void Relay::unbind(Peer& peer, End end) {
  counters_.ends.add(end);
  peer.transport->peer_ = nullptr;
  peer.transport = nullptr;
  peer.realm.count_out(peer.client.group);
}

void Relay::let_go(Peer& peer, End reason) {
  peer.transport->close(reason);
  unbind(peer, reason);
}

void Relay::end_connection(Peer& peer, End end, Instant now) {
  if (peer.transport != nullptr) let_go(peer, end);
  conclude(peer, leave_timing_of(peer, end), now);
}

void Relay::conclude(Peer& peer, LeaveTiming timing, Instant now) {
  switch (timing) {
    case LeaveTiming::AtOnce:
      return end_peer(peer, true, now);
    case LeaveTiming::None:
      return end_peer(peer, false, now);
    case LeaveTiming::AfterGrace:
      peer.realm.lost.push(peer, now);
  }
}

void Relay::end_peer(Peer& peer, bool tell_partners, Instant now) {
  Realm& realm = peer.realm;
  const std::string dst_json = realm.outstanding.empty() ? std::string() : json::quoted(peer.id);
  backend_.release(peer);
  remove(peer, tell_partners, now);
  if (!dst_json.empty()) forward_waiting(realm, dst_json);
}

void Relay::remove(Peer& peer, bool tell_partners, Instant now) {
  while (!peer.partners.empty()) {
    Peer& partner = *peer.partners.back();
    part(peer, partner);
    if (!tell_partners) continue;
    ++counters_.leaves;
    tell(partner, leave_text(peer, partner.id));
  }
  for (const std::string& partner : std::exchange(peer.partners_elsewhere, {})) {
    if (!tell_partners) break;
    const std::string text = leave_text(peer, partner);
    const Parcel parcel{peer.realm.key, peer.id, peer.registration, partner, MessageType::Leave,
                        text,           now};
    if (send_on(parcel, now)) ++counters_.leaves;
  }
  expiries_.forget(peer);
  peer.realm.remove(peer);
}

}  // namespace peerjsd::core
