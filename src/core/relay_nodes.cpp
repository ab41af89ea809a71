// Messages from other nodes, to them, and back.

#include "peerjsd/core/json.hpp"
#include "peerjsd/core/relay.hpp"

#include <algorithm>
#include <span>
#include <utility>

namespace peerjsd::core {
namespace {

/// No mark, for what waits or is refused.
constexpr std::uint32_t kNobody = 0;

}  // namespace

/// Of a sender of another node.
Registration Relay::registration_elsewhere(std::string_view id, std::uint32_t mark) const {
  return {keyed_hash(options_.hash_key, id) | kRegisteredElsewhere, mark};
}

/// The same, but it may have moved here.
Registration Relay::registration_of(const Realm& realm, std::string_view id,
                                    std::uint32_t mark) const {
  const Peer* const here = realm.find(id);
  if (here != nullptr && !here->is_pending && here->registration.mark == mark) {
    return here->registration;
  }
  return registration_elsewhere(id, mark);
}

/// What waits here, or is under way from here, of a peer that has its id from now on, sent while it
/// was on another node: what it sends now belongs to the same attempts.
void Relay::adopt_waiting_from(Peer& peer) {
  const Registration elsewhere = registration_elsewhere(peer.id, peer.registration.mark);
  backend_.adopt(elsewhere, peer.registration);
  for (const std::string& dst : peer.realm.outstanding.adopt(elsewhere, peer.registration)) {
    const auto id = json::unquote(dst);
    Peer* const told_to = id ? peer.realm.find(*id) : nullptr;
    if (told_to == nullptr) continue;
    for (Peer::Told& told : told_to->backlog) {
      if (told.left_as == elsewhere && told.left == peer.id) told.left_as = peer.registration;
    }
  }
}

std::vector<Parcel> Relay::parcels_of(const Realm& realm, std::string_view dst,
                                      const std::vector<Inheritance::Kept>& messages) const {
  std::vector<Parcel> parcels;
  for (const auto& [src, type, text, since, mark, dst_mark] : messages) {
    const Registration registration = registration_of(realm, src, mark);
    parcels.push_back({realm.key, src, registration, dst, type, text, since, dst_mark});
  }
  return parcels;
}

/// To its destination, wherever that is; if it cannot go there now, it waits. False: a notice to
/// nobody.
bool Relay::send_on(const Parcel& parcel, Instant now) {
  if (accept(parcel, now)) return true;
  const Outstanding& outstanding = realms_.find(parcel.key)->second.outstanding;
  if (!outstanding.holds(json::quoted(parcel.dst), parcel.registration)) {
    const Backend::Forwarding forwarding = forward(parcel);
    if (forwarding == Backend::Forwarding::Taken) return true;
    if (forwarding == Backend::Forwarding::Nobody && is_notice(parcel.type)) return false;
  }
  keep(parcel, now);
  return true;
}

void Relay::challenge(std::string_view key, std::string_view id, Instant now) {
  Peer* const peer = find(key, id);
  if (peer != nullptr) challenge(*peer, now);
}

std::optional<std::uint32_t> Relay::deliver(const Parcel& from_elsewhere, Instant now) {
  const Realm* const of_key = realm(from_elsewhere.key);
  if (of_key == nullptr) return std::nullopt;
  Parcel parcel = from_elsewhere;
  parcel.registration = registration_of(*of_key, parcel.src, parcel.registration.mark);
  return accept(parcel, now);
}

/// Sender and destination count as partners, or as parted, as soon as it is sent: should the sender
/// leave now, its LEAVE goes after it.
Backend::Forwarding Relay::forward(Parcel parcel) {
  Peer* const src = sender_of(parcel);
  const bool is_leave = parcel.type == MessageType::Leave;
  parcel.makes_partners = src != nullptr && !is_leave && !are_partners(*src, parcel.dst);
  const Backend::Forwarding forwarding = backend_.forward(parcel);
  if (forwarding != Backend::Forwarding::Taken || src == nullptr) return forwarding;
  if (is_leave) part(*src, parcel.dst);
  if (parcel.makes_partners) make_partner(*src, parcel.dst);
  return forwarding;
}

bool Relay::try_forward(const Parcel& parcel) {
  return forward(parcel) == Backend::Forwarding::Taken;
}

/// nullptr: it is not here, or not any more.
Peer* Relay::sender_of(const Parcel& parcel) const {
  const Realm* const of_key = realm(parcel.key);
  return of_key == nullptr ? nullptr : of_key->find(parcel.src, parcel.registration);
}

/// As deliver().
std::optional<std::uint32_t> Relay::accept(const Parcel& parcel, Instant now) {
  Peer* const dst = find(parcel.key, parcel.dst);
  if (dst == nullptr) return std::nullopt;
  if (dst->is_pending) {
    keep(parcel, now);
  } else if (parcel.type == MessageType::Leave) {
    accept_leave(parcel, *dst, now);
  } else if (parcel.type == MessageType::Expire) {
    if (is_for(parcel.dst_mark, *dst)) tell(*dst, std::string(parcel.text));
  } else if (!may_have(*dst, parcel)) {
    on_abandoned(parcel, now);
  } else if (dst->is_reachable()) {
    return give(parcel, *dst, now);
  } else {
    keep(parcel, now);
  }
  return kNobody;
}

bool Relay::may_have(const Peer& dst, const Parcel& parcel) const {
  return is_for(parcel.dst_mark, dst) &&
         is_open_to(dst, sender_of(parcel), parcel.src, parcel.registration.mark);
}

/// A partner hears of it even if it has no room for messages: there is one for each. Another peer
/// only what a client has sent it; if that is lost, behind messages that may make them partners.
void Relay::accept_leave(const Parcel& parcel, Peer& dst, Instant now) {
  const bool is_sent_to_it = may_have(dst, parcel);
  const bool were_partners = part(dst, sender_of(parcel), parcel.src, parcel.registration.mark);
  if (parcel.text.empty()) return;
  if (were_partners || is_known_to_be_for(parcel.dst_mark, dst)) {
    // What a lost peer is told does not count as what waits for it.
    std::string text = leave_text(parcel.src, parcel.dst);
    if (dst.is_reachable() || parcel.text.size() < text.size()) text = parcel.text;
    return tell(dst, std::move(text), parcel.src, parcel.registration);
  }
  if (!dst.is_reachable()) return keep_behind_messages(parcel, dst, now);
  const bool has_room = dst.transport->has_room_for(parcel.text.size());
  if (is_sent_to_it && has_room) dst.transport->send(parcel.text);
}

/// A LEAVE for a peer that is lost; if there are none it is of no use.
void Relay::keep_behind_messages(const Parcel& leave, const Peer& dst, Instant now) {
  if (dst.realm.outstanding.holds(json::quoted(dst.id), leave.registration)) keep(leave, now);
}

/// The mark of who got it.
std::uint32_t Relay::give(const Parcel& parcel, Peer& dst, Instant now) {
  if (!dst.transport->has_room_for(parcel.text.size())) {
    send_expire(dst.realm, parcel.src, parcel.registration, json::quoted(dst.id), now);
    return kNobody;
  }
  make_partner(dst, sender_of(parcel), parcel.src, parcel.registration.mark);
  dst.transport->send(parcel.text);
  return dst.registration.mark;
}

void Relay::keep(const Parcel& parcel, Instant now) {
  if (parcel.text.empty()) return;
  Realm& realm = realms_.find(parcel.key)->second;
  const std::string dst_json = json::quoted(parcel.dst);
  const auto verdict =
      realm.outstanding.keep({parcel.src, parcel.registration}, dst_json, parcel.type,
                             std::string(parcel.text), parcel.since, parcel.dst_mark);
  if (verdict == Outstanding::Verdict::Refused) {
    send_expire(realm, parcel.src, parcel.registration, dst_json, now);
  }
}

void Relay::on_returned(const std::vector<Parcel>& parcels, Instant now) {
  const auto overtaken = overtaken_by(parcels);
  for (const Parcel& parcel : parcels) {
    Peer* const src = sender_of(parcel);
    if (parcel.makes_partners && src != nullptr) part(*src, parcel.dst);
    if (!accept(parcel, now)) keep(parcel, now);
  }
  if (!overtaken) return;
  put_behind(realms_.find(parcels.front().key)->second, parcels.front().dst, *overtaken);
}

/// What waits already for their destination, if anything of that is of their senders: it was sent
/// after them. As a rule there is none: while something of a sender waits, what it sends is not
/// forwarded.
std::optional<Relay::Waiting> Relay::overtaken_by(const std::vector<Parcel>& parcels) const {
  if (parcels.empty()) return std::nullopt;
  const Parcel& first = parcels.front();
  const Realm& realm = realms_.find(first.key)->second;
  const std::string dst_json = json::quoted(first.dst);
  const bool overtake = std::ranges::any_of(parcels, [&](const Parcel& parcel) {
    return realm.outstanding.holds(dst_json, parcel.registration);
  });
  return overtake ? std::optional(waiting_for(realm, first.dst)) : std::nullopt;
}

Relay::Waiting Relay::waiting_for(const Realm& realm, std::string_view dst) {
  const Peer* const peer = realm.find(dst);
  return {realm.outstanding.arrived(), peer == nullptr ? 0 : peer->backlog.size()};
}

/// Behind what has come since.
void Relay::put_behind(Realm& realm, std::string_view dst, Waiting waiting) {
  const auto orders = realm.outstanding.put_behind(json::quoted(dst), waiting.order);
  Peer* const peer = realm.find(dst);
  if (peer == nullptr) return;
  for (Peer::Told& told : std::span(peer->backlog).first(waiting.told)) {
    const auto next = std::ranges::lower_bound(orders, told.order, {},
                                               [](const auto& each) { return each.first; });
    told.order = next == orders.end() ? realm.outstanding.arrived() : next->second;
  }
  std::ranges::stable_sort(peer->backlog, {}, &Peer::Told::order);
}

/// So that no other peer is taken for its partner that has got the id by then.
void Relay::on_delivered(const Parcel& parcel, std::uint32_t dst_mark) {
  Peer* const src = sender_of(parcel);
  if (src != nullptr && are_partners(*src, parcel.dst)) make_partner(*src, parcel.dst, dst_mark);
}

void Relay::on_abandoned(const Parcel& parcel, Instant now) {
  if (is_notice(parcel.type)) return;
  Realm& realm = realms_.find(parcel.key)->second;
  const std::string dst_json = json::quoted(parcel.dst);
  const Outstanding::Sender src{parcel.src, parcel.registration};
  if (!realm.outstanding.give_up(src, dst_json, parcel.type, now)) return;
  send_expire(realm, parcel.src, parcel.registration, dst_json, now);
}

void Relay::on_arrival(std::string_view key, std::string_view id) {
  const auto realm = realms_.find(key);
  if (realm == realms_.end()) return;
  realm->second.outstanding.end_tails(json::quoted(id));
  try_again(key, id);
}

void Relay::try_again(std::string_view key, std::string_view dst) {
  const auto realm = realms_.find(key);
  if (realm != realms_.end()) forward_waiting(realm->second, json::quoted(dst));
}

void Relay::wait_for(std::string_view key, std::string_view dst,
                     const std::vector<Inheritance::Kept>& messages, Instant now) {
  const auto realm = realms_.find(key);
  if (realm == realms_.end()) return;
  const std::vector<Parcel> parcels = parcels_of(realm->second, dst, messages);
  const auto overtaken = overtaken_by(parcels);
  for (const Parcel& parcel : parcels) send_on(parcel, now);
  if (!overtaken) return;
  put_behind(realm->second, dst, *overtaken);
  forward_waiting(realm->second, json::quoted(dst));
}

void Relay::on_reconnect() {
  for (auto& [key, realm] : realms_) {
    for (const std::string& dst_json : realm.outstanding.destinations()) {
      forward_waiting(realm, dst_json);
    }
  }
}

bool Relay::keeps_messages() const {
  return std::ranges::any_of(
      realms_, [](const auto& each) { return each.second.outstanding.has_waiting(); });
}

void Relay::forward_waiting(Realm& realm, const std::string& dst_json) {
  const auto id = json::unquote(dst_json);
  if (!id || realm.find(*id) != nullptr) return;  // nobody can have it, or it will have it here
  realm.outstanding.offer(dst_json, [&](const Outstanding::Message& message) {
    return try_forward(parcel_of(message, realm.key, *id));
  });
}

}  // namespace peerjsd::core
