// What a relay does at the word of its backend. What is said of one message is in relay.cpp.

#include "peerjsd/core/json.hpp"
#include "peerjsd/core/relay.hpp"

#include <algorithm>
#include <utility>

namespace peerjsd::core {
namespace {

/// What nobody waits for where its destination is absent.
bool is_only_for_the_present(MessageType type) {
  return type == MessageType::Leave || type == MessageType::Expire;
}

}  // namespace

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
    if (peer->is_pending) refuse(*peer, answer, now);
    return;
  }
  inherit(*peer, inheritance.partners);
  if (!std::exchange(peer->is_pending, false)) {
    // It was opened before its inheritance came.
    for (const std::string& text : inheritance.texts) tell(*peer, text);
    return;
  }
  counted(answer);
  std::vector<std::string>& texts = peer->backlog;
  texts.insert(texts.begin(), inheritance.texts.begin(), inheritance.texts.end());
  if (peer->transport == nullptr) return settle_lost(*peer, answer);
  peer->transport->settled(answer);
  open(*peer, true, std::exchange(texts, {}));
}

/// Its client has gone meanwhile, and may come back to what it had before.
void Relay::settle_lost(Peer& peer, Admission answer) {
  if (answer != Admission::Resumed) end_peer(peer, false);
}

void Relay::refuse(Peer& peer, Admission answer, Instant now) {
  counted(answer);
  if (peer.transport != nullptr) peer.transport->settled(answer);
  Realm& realm = peer.realm;
  const std::string dst_json = json::quoted(peer.id);
  forget(peer);
  forward_waiting(realm, dst_json, now);
}

void Relay::inherit(Peer& peer, const std::vector<std::string>& partners) {
  for (const std::string& id : partners) {
    Peer* const here = peer.realm.find(id);
    if (here != nullptr) {
      make_partners(peer, *here);
    } else {
      make_partner(peer, id);
    }
  }
}

Inheritance Relay::estate(const Peer& peer) {
  Inheritance estate;
  for (const Peer* const partner : peer.partners) estate.partners.push_back(partner->id);
  estate.partners.insert(estate.partners.end(), peer.partners_elsewhere.begin(),
                         peer.partners_elsewhere.end());
  return estate;
}

std::optional<Inheritance> Relay::hand_over(std::string_view key, std::string_view id) {
  Peer* const peer = find(key, id);
  if (peer == nullptr) return std::nullopt;
  Inheritance estate = Relay::estate(*peer);
  if (peer->transport != nullptr) {
    save_unsent(*peer);
    let_go(*peer, End::Replaced);
  }
  estate.texts = std::exchange(peer->backlog, {});
  for (Outstanding::Message& message : peer->realm.outstanding.take(json::quoted(id))) {
    estate.partners.push_back(std::move(message.src));
    estate.texts.push_back(std::move(message.text));
  }
  move_away(*peer);
  return estate;
}

/// The peer goes on elsewhere.
void Relay::move_away(Peer& peer) {
  while (!peer.partners.empty()) {
    Peer& partner = *peer.partners.back();
    part(peer, partner);
    make_partner(partner, peer.id);
  }
  peer.realm.remove(peer);
}

void Relay::displace(const Claim& claim, Instant now) {
  Peer* const peer = find(claim);
  if (peer == nullptr) return;
  if (peer->is_pending) return refuse(*peer, Admission::IdTaken, now);
  if (peer->transport != nullptr) {
    peer->transport->send(kIdTakenText);
    let_go(*peer, End::Displaced);
  }
  remove(*peer, false);
  on_arrival(claim.key, claim.id, now);
}

void Relay::challenge(std::string_view key, std::string_view id, Instant now) {
  Peer* const peer = find(key, id);
  if (peer != nullptr) challenge(*peer, now);
}

bool Relay::deliver(const Parcel& from_elsewhere, Instant now) {
  const Realm* const of_key = realm(from_elsewhere.key);
  if (of_key == nullptr) return false;
  Parcel parcel = from_elsewhere;
  const Peer* const src = of_key->find(parcel.src);  // it may have moved here
  parcel.registration =
      src != nullptr
          ? src->registration
          : Registration{keyed_hash(options_.hash_key, parcel.src) | kRegisteredElsewhere};
  return accept(parcel, now);
}

/// Sender and destination count as partners, or as parted, as soon as it is sent: should the sender
/// leave now, its LEAVE goes after it.
Backend::Forwarding Relay::forward(const Parcel& parcel) {
  const Backend::Forwarding forwarding = backend_.forward(parcel);
  Peer* const src = sender_of(parcel);
  if (forwarding != Backend::Forwarding::Taken || src == nullptr) return forwarding;
  if (parcel.type == MessageType::Leave) {
    part(*src, parcel.dst);
  } else {
    make_partner(*src, parcel.dst);
  }
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
  if (parcel.type == MessageType::Expire) {
    tell(*dst, std::string(parcel.text));
  } else if (dst->is_reachable()) {
    give(parcel, *dst);
  } else {
    keep(parcel, now);
  }
  return true;
}

void Relay::give(const Parcel& parcel, Peer& dst) {
  if (!dst.transport->has_room_for(parcel.text.size())) {
    return send_expire(dst.realm, parcel.src, parcel.registration, json::quoted(dst.id));
  }
  Peer* const src = sender_of(parcel);
  if (src != nullptr) return deliver(*src, dst, parcel.type, parcel.text);
  if (parcel.type == MessageType::Leave) {
    part(dst, parcel.src);
  } else {
    make_partner(dst, parcel.src);
  }
  dst.transport->send(parcel.text);
}

void Relay::keep(const Parcel& parcel, Instant now) {
  if (is_only_for_the_present(parcel.type)) return;
  Realm& realm = realms_.find(parcel.key)->second;
  const std::string dst_json = json::quoted(parcel.dst);
  const auto verdict = realm.outstanding.keep({parcel.src, parcel.registration}, dst_json,
                                              parcel.type, std::string(parcel.text), now);
  if (verdict == Outstanding::Verdict::Refused) {
    send_expire(realm, parcel.src, parcel.registration, dst_json);
  }
}

void Relay::on_returned(const Parcel& parcel, Instant now) {
  Peer* const src = sender_of(parcel);
  if (src != nullptr) part(*src, parcel.dst);
  if (!accept(parcel, now)) keep(parcel, now);
}

void Relay::on_abandoned(const Parcel& parcel, Instant now) {
  if (is_only_for_the_present(parcel.type)) return;
  Realm& realm = realms_.find(parcel.key)->second;
  const std::string dst_json = json::quoted(parcel.dst);
  const Outstanding::Sender src{parcel.src, parcel.registration};
  if (!realm.outstanding.give_up(src, dst_json, parcel.type, now)) return;
  send_expire(realm, parcel.src, parcel.registration, dst_json);
}

void Relay::on_arrival(std::string_view key, std::string_view id, Instant now) {
  const auto realm = realms_.find(key);
  if (realm != realms_.end()) forward_waiting(realm->second, json::quoted(id), now);
}

void Relay::on_reconnect(Instant now) {
  for (auto& [key, realm] : realms_) {
    for (const std::string& dst_json : realm.outstanding.destinations()) {
      forward_waiting(realm, dst_json, now);
    }
  }
}

bool Relay::keeps_messages() const {
  return std::ranges::any_of(
      realms_, [](const auto& each) { return !each.second.outstanding.destinations().empty(); });
}

void Relay::forward_waiting(Realm& realm, const std::string& dst_json, Instant now) {
  const auto id = json::unquote(dst_json);
  if (!id || realm.find(*id) != nullptr) return;  // nobody can have it, or it will have it here
  for (const Outstanding::Message& message : realm.outstanding.take(dst_json)) {
    const Parcel parcel{realm.key, message.src,  message.registration,
                        *id,       message.type, message.text};
    if (!is_forwarded(parcel)) keep(parcel, now);
  }
}

}  // namespace peerjsd::core
