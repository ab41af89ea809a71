// What a relay does at the word of its backend.

#include "peerjsd/core/json.hpp"
#include "peerjsd/core/relay.hpp"

#include <algorithm>
#include <utility>

namespace peerjsd::core {

Peer* Relay::find(std::string_view key, std::string_view id) const {
  const Realm* const of_key = realm(key);
  return of_key == nullptr ? nullptr : of_key->find(id);
}

Peer* Relay::find(const Claim& claim) const {
  Peer* const peer = find(claim.key, claim.id);
  return peer != nullptr && peer->registration == claim.registration ? peer : nullptr;
}

void Relay::settle(const Claim& claim, Admission answer, const Inheritance& inheritance,
                   Instant now) {
  Peer* const peer = find(claim);
  if (peer == nullptr) return;
  if (!is_admitted(answer)) {
    if (peer->is_pending) refuse(*peer, answer);
    return;
  }
  const std::vector<std::string> inherited = inherit(*peer, inheritance, now);
  if (!std::exchange(peer->is_pending, false)) {
    // It was opened before its inheritance came.
    for (const std::string& text : inherited) tell(*peer, text);
    return;
  }
  counted(answer);
  std::vector<std::string>& texts = peer->backlog;
  texts.insert(texts.begin(), inherited.begin(), inherited.end());
  if (peer->transport == nullptr) return settle_lost(*peer, answer, now);
  peer->transport->settled(answer);
  open(*peer, true, std::exchange(texts, {}), now);
}

/// Its client has gone meanwhile, and may come back to what it had before.
void Relay::settle_lost(Peer& peer, Admission answer, Instant now) {
  if (answer != Admission::Resumed) end_peer(peer, Farewell::Silent, now);
}

void Relay::refuse(Peer& peer, Admission answer) {
  counted(answer);
  if (peer.transport != nullptr) peer.transport->settled(answer);
  Realm& realm = peer.realm;
  const std::string dst_json = json::quoted(peer.id);
  forget(peer);
  forward_waiting(realm, dst_json);
}

/// The texts that it is to get.
std::vector<std::string> Relay::inherit(Peer& peer, const Inheritance& inheritance, Instant now) {
  for (const std::string& id : inheritance.partners) make_partner_of(peer, id);
  std::vector<std::string> texts = inheritance.texts;
  std::vector<Outstanding::Message> later;  // what has come here meanwhile, if it is lost
  if (!inheritance.kept.empty() && peer.transport == nullptr) {
    later = peer.realm.outstanding.take(json::quoted(peer.id));
  }
  for (const Inheritance::Kept& kept : inheritance.kept) {
    if (inherit(peer, kept, now)) texts.push_back(kept.text);
  }
  for (const Outstanding::Message& each : later) {
    keep({peer.realm.key, each.src, each.registration, peer.id, each.type, each.text, each.since},
         now);
  }
  for (const Inheritance::Sent& sent : inheritance.sent) {
    send_on(
        {peer.realm.key, peer.id, peer.registration, sent.dst, sent.type, sent.text, sent.since},
        now);
  }
  return texts;
}

/// Of what has waited for it, it gets what its rights allow now; if it is lost that goes on
/// waiting, so that its sender is told if it does not come back. False: it is not to get it now.
bool Relay::inherit(Peer& peer, const Inheritance::Kept& kept, Instant now) {
  if (is_notice(kept.type)) return true;
  const Peer* const here = peer.realm.find(kept.src);
  const Parcel parcel{peer.realm.key, kept.src,  registration_of(here, kept.src),
                      peer.id,        kept.type, kept.text,
                      kept.since};
  if (peer.transport == nullptr) {
    keep(parcel, now);
  } else if (!is_open_to(peer, here, kept.src)) {
    on_abandoned(parcel, now);
  } else {
    make_partner_of(peer, kept.src);
    return true;
  }
  return false;
}

/// Wherever that is.
void Relay::make_partner_of(Peer& peer, const std::string& id) {
  Peer* const here = peer.realm.find(id);
  if (here != nullptr && !here->is_pending) {
    make_partners(peer, *here);
  } else {
    make_partner(peer, id);
  }
}

/// Of a sender of another node; `here`: who has its id here, if anybody: the same, which has moved,
/// unless it is pending, and so perhaps somebody else.
Registration Relay::registration_of(const Peer* here, std::string_view id) const {
  if (here != nullptr && !here->is_pending) return here->registration;
  return Registration{keyed_hash(options_.hash_key, id) | kRegisteredElsewhere};
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

/// Of a peer without a connection: what is its own.
Inheritance Relay::take_belongings(Peer& peer) {
  Inheritance estate;
  for (const Peer* const partner : peer.partners) estate.partners.push_back(partner->id);
  estate.partners.insert(estate.partners.end(), peer.partners_elsewhere.begin(),
                         peer.partners_elsewhere.end());
  estate.texts = std::exchange(peer.backlog, {});
  return estate;
}

/// What waits for the peer: all of it, or what its senders would not be told of if it did not come.
void Relay::take_kept(Peer& peer, Inheritance& estate, bool all) {
  peer.realm.outstanding.offer(json::quoted(peer.id), [&](const Outstanding::Message& message) {
    if (!all && !is_notice(message.type)) return false;
    const bool is_leave = message.type == MessageType::Leave;
    if (is_leave && std::erase(estate.partners, message.src) == 0) return true;
    estate.kept.push_back({message.src, message.type, message.text, message.since});
    return true;
  });
}

/// What others have sent to it goes on waiting here for where it comes back to.
void Relay::bequeath(Peer& peer) {
  Realm& realm = peer.realm;
  const std::string dst_json = json::quoted(peer.id);
  Inheritance estate = take_belongings(peer);
  take_kept(peer, estate, false);
  estate.sent = take_sent(realm.key, peer.registration);
  backend_.bequeath(peer, estate);
  move_away(peer);
  forward_waiting(realm, dst_json);
}

void Relay::bequeath_lost() {
  if (!backend_.has_other_nodes()) return;
  for (auto& [key, realm] : realms_) {
    while (Peer* const peer = realm.lost.front()) bequeath(*peer);
  }
}

std::optional<Inheritance> Relay::hand_over(std::string_view key, std::string_view id) {
  Peer* const peer = find(key, id);
  if (peer == nullptr) return std::nullopt;
  if (peer->transport != nullptr) {
    save_unsent(*peer);
    let_go(*peer, End::Replaced);
    if (observer_ != nullptr) show_disconnected(*peer, End::Replaced);
  }
  Inheritance estate = take_belongings(*peer);
  take_kept(*peer, estate, true);
  peer->realm.outstanding.end_tails(json::quoted(peer->id));
  move_away(*peer);
  return estate;
}

std::vector<Inheritance::Sent> Relay::take_sent(std::string_view key, Registration registration) {
  std::vector<Inheritance::Sent> all;
  for (Outstanding::Sent& sent : realms_.find(key)->second.outstanding.take_from(registration)) {
    // Of what is no text nobody can be the destination.
    if (const auto dst = json::unquote(sent.dst_json)) {
      all.push_back({*dst, sent.type, std::move(sent.text), sent.since});
    }
  }
  return all;
}

/// The peer goes on elsewhere, or its partners, if it has any left, know of somebody who does.
void Relay::move_away(Peer& peer) {
  while (!peer.partners.empty()) {
    Peer& partner = *peer.partners.back();
    part(peer, partner);
    make_partner(partner, peer.id);
  }
  expiries_.forget(peer);
  peer.realm.remove(peer);
}

void Relay::displace(const Claim& claim, Instant now) {
  Peer* const peer = find(claim);
  if (peer == nullptr) return;
  if (peer->is_pending) return refuse(*peer, Admission::IdTaken);
  if (peer->transport != nullptr) {
    peer->transport->send(kIdTakenText);
    let_go(*peer, End::Displaced);
  }
  peer->partners_elsewhere.clear();
  part_from_all(*peer, Farewell::Silent, now);
  if (observer_ != nullptr) show_left(*peer);
  move_away(*peer);
  on_arrival(claim.key, claim.id);
}

void Relay::challenge(std::string_view key, std::string_view id, Instant now) {
  Peer* const peer = find(key, id);
  if (peer != nullptr) challenge(*peer, now);
}

bool Relay::deliver(const Parcel& from_elsewhere, Instant now) {
  const Realm* const of_key = realm(from_elsewhere.key);
  if (of_key == nullptr) return false;
  Parcel parcel = from_elsewhere;
  parcel.registration = registration_of(of_key->find(parcel.src), parcel.src);
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

bool Relay::is_forwarded(const Parcel& parcel) {
  return forward(parcel) == Backend::Forwarding::Taken;
}

/// nullptr: it is not here, or not any more.
Peer* Relay::sender_of(const Parcel& parcel) const {
  Peer* const src = find(parcel.key, parcel.src);
  return src != nullptr && src->registration == parcel.registration ? src : nullptr;
}

/// False: the destination is not in the realm.
bool Relay::accept(const Parcel& parcel, Instant now) {
  Peer* const dst = find(parcel.key, parcel.dst);
  if (dst == nullptr) return false;
  if (parcel.type == MessageType::Expire && !dst->is_pending) {
    tell(*dst, std::string(parcel.text));
  } else if (!dst->is_pending && !is_open_to(*dst, sender_of(parcel), parcel.src)) {
    on_abandoned(parcel, now);
  } else if (dst->is_reachable()) {
    give(parcel, *dst, now);
  } else if (parcel.type == MessageType::Leave && !dst->is_pending) {
    keep_leave(parcel, *dst);
  } else {
    keep(parcel, now);
  }
  return true;
}

/// For a peer that is lost, if they were partners.
void Relay::keep_leave(const Parcel& parcel, Peer& dst) {
  Peer* const src = sender_of(parcel);
  const bool were_partners = src != nullptr ? part(*src, dst) : part(dst, parcel.src);
  if (were_partners && !parcel.text.empty()) tell(dst, std::string(parcel.text));
}

void Relay::give(const Parcel& parcel, Peer& dst, Instant now) {
  if (parcel.type == MessageType::Leave) return give_leave(parcel, dst);
  if (!dst.transport->has_room_for(parcel.text.size())) {
    return send_expire(dst.realm, parcel.src, parcel.registration, json::quoted(dst.id), now);
  }
  Peer* const src = sender_of(parcel);
  if (src != nullptr) return deliver(*src, dst, parcel.type, parcel.text);
  make_partner(dst, parcel.src);
  dst.transport->send(parcel.text);
}

/// A partner hears of it even if it has no room for messages: there is one for each.
void Relay::give_leave(const Parcel& parcel, Peer& dst) {
  Peer* const src = sender_of(parcel);
  const bool were_partners = src != nullptr ? part(*src, dst) : part(dst, parcel.src);
  const bool is_told = were_partners || dst.transport->has_room_for(parcel.text.size());
  if (is_told && !parcel.text.empty()) dst.transport->send(parcel.text);
}

void Relay::keep(const Parcel& parcel, Instant now) {
  if (parcel.text.empty()) return;
  Realm& realm = realms_.find(parcel.key)->second;
  const std::string dst_json = json::quoted(parcel.dst);
  const auto verdict = realm.outstanding.keep({parcel.src, parcel.registration}, dst_json,
                                              parcel.type, std::string(parcel.text), parcel.since);
  if (verdict == Outstanding::Verdict::Refused) {
    send_expire(realm, parcel.src, parcel.registration, dst_json, now);
  }
}

void Relay::on_returned(const Parcel& parcel, Instant now) {
  Peer* const src = sender_of(parcel);
  if (parcel.makes_partners && src != nullptr) part(*src, parcel.dst);
  if (!accept(parcel, now)) keep(parcel, now);
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
  const Realm* const of_key = realm(key);
  if (of_key == nullptr) return;
  for (const auto& [src, type, text, since] : messages) {
    const Registration registration = registration_of(of_key->find(src), src);
    send_on({key, src, registration, dst, type, text, since}, now);
  }
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
      realms_, [](const auto& each) { return !each.second.outstanding.destinations().empty(); });
}

void Relay::forward_waiting(Realm& realm, const std::string& dst_json) {
  const auto id = json::unquote(dst_json);
  if (!id || realm.find(*id) != nullptr) return;  // nobody can have it, or it will have it here
  realm.outstanding.offer(dst_json, [&](const Outstanding::Message& message) {
    return is_forwarded({realm.key, message.src, message.registration, *id, message.type,
                         message.text, message.since});
  });
}

}  // namespace peerjsd::core
