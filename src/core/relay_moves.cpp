// Peers whose ids a backend grants, that come from other nodes and go on to others.

#include "peerjsd/core/json.hpp"
#include "peerjsd/core/relay.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

namespace peerjsd::core {

namespace {

/// As they are known elsewhere.
std::vector<PartnerElsewhere> partners_of(const Peer& peer) {
  std::vector<PartnerElsewhere> all = peer.partners_elsewhere;
  for (const Peer* const partner : peer.partners) {
    all.push_back({partner->id, partner->registration.mark});
  }
  return all;
}

Inheritance::Kept kept_of(const Outstanding::Message& message) {
  return {message.src,     message.type, message.text, message.since, message.registration.mark,
          message.dst_mark};
}

/// False: its sender was none of them.
bool part(std::vector<PartnerElsewhere>& partners, const Inheritance::Kept& leave) {
  return std::erase_if(partners, [&leave](const PartnerElsewhere& partner) {
           return partner.id == leave.src && (partner.mark == 0 || partner.mark == leave.mark);
         }) > 0;
}

Inheritance::Kept kept_of(const Peer::Told& told, const Peer& peer, Instant now) {
  const std::uint32_t mark = peer.registration.mark;
  if (told.left.empty()) return {{}, MessageType::Expire, told.text, now, mark, mark};
  return {told.left, MessageType::Leave, told.text, now, told.left_as.mark, mark};
}

}  // namespace

void Relay::settle(const Claim& claim, Admission answer, const Inheritance& inheritance,
                   Instant now) {
  Peer* const peer = find(claim);
  if (peer == nullptr) return;
  if (!is_admitted(answer)) {
    if (peer->is_pending) refuse(*peer, answer);
    return;
  }
  if (peer->is_pending && peer->transport != nullptr && answer == Admission::Opened) {
    const Admission verdict = verdict_on_place(*peer);
    if (verdict != Admission::Opened) {
      backend_.release(*peer);
      return refuse(*peer, verdict);
    }
  }
  const bool stays = peer->transport != nullptr || answer == Admission::Resumed;
  if (peer->is_pending && stays) adopt_waiting_from(*peer);
  const std::vector<Peer::Told> inherited = inherit(*peer, inheritance, now);
  if (peer->is_reachable()) {
    // It was opened before its inheritance came.
    for (const Peer::Told& told : inherited) peer->transport->send(told.text);
    if (!inherited.empty()) peer->transport->grant_waited();
    return;
  }
  peer->backlog.insert(peer->backlog.begin(), inherited.begin(), inherited.end());
  std::ranges::stable_sort(peer->backlog, {}, &Peer::Told::order);
  if (!peer->is_pending) return;
  peer->realm.set_pending(*peer, false);
  counted(answer);
  if (peer->transport == nullptr) return settle_lost(*peer, answer, now);
  open(*peer, true, now);
  peer->transport->settled(answer);
  yield_to(*peer, now);
}

/// Its client has gone meanwhile, and may come back to what it had before; or it yields, as others.
void Relay::settle_lost(Peer& peer, Admission answer, Instant now) {
  if (answer != Admission::Resumed) return end_peer(peer, Farewell::Silent, now);
  yield_to(peer, now);
}

void Relay::refuse(Peer& peer, Admission answer) {
  counted(answer);
  if (peer.transport != nullptr) peer.transport->settled(answer);
  Realm& realm = peer.realm;
  const std::string dst_json = json::quoted(peer.id);
  forget(peer);
  forward_waiting(realm, dst_json);
}

/// What it is to get of it before anything that waits for it here; if it is lost, that among which
/// it has come waits here as well.
std::vector<Peer::Told> Relay::inherit(Peer& peer, const Inheritance& inheritance, Instant now) {
  const bool is_lost = peer.transport == nullptr;
  for (const PartnerElsewhere& each : inheritance.partners) make_partner_of(peer, each);
  std::vector<Peer::Told> told;
  const Waiting waiting = waiting_for(peer.realm, peer.id);
  for (const Parcel& each : parcels_of(peer.realm, peer.id, inheritance.kept)) {
    const std::uint64_t order = is_lost ? peer.realm.outstanding.arrived() : 0;
    if (!inherit(peer, each, now)) continue;
    Peer::Told& last = told.emplace_back(Peer::Told{order, std::string(each.text)});
    if (each.type != MessageType::Leave) continue;
    last.left = each.src;
    last.left_as = each.registration;
  }
  if (is_lost && !inheritance.kept.empty()) put_behind(peer.realm, peer.id, waiting);
  for (const Inheritance::Sent& sent : inheritance.sent) {
    send_on({peer.realm.key, peer.id, peer.registration, sent.dst, sent.type, sent.text, sent.since,
             sent.dst_mark},
            now);
  }
  return told;
}

/// Of what has waited for it, it gets what its rights allow now; if it is lost that goes on
/// waiting, so that its sender is told if it does not come back. False: it is not to get it now.
bool Relay::inherit(Peer& peer, const Parcel& kept, Instant now) {
  if (kept.type == MessageType::Expire) return is_for(kept.dst_mark, peer);
  Peer* const src = sender_of(kept);
  if (kept.type == MessageType::Leave) {
    const bool were_partners = part(peer, src, kept.src, kept.registration.mark);
    const bool is_its = were_partners || is_known_to_be_for(kept.dst_mark, peer);
    if (!is_its && peer.transport == nullptr) keep_behind_messages(kept, peer, now);
    return is_its;
  }
  if (peer.transport == nullptr) {
    keep(kept, now);
  } else if (!may_have(peer, kept)) {
    on_abandoned(kept, now);
  } else {
    make_partner(peer, src, kept.src, kept.registration.mark);
    return true;
  }
  return false;
}

/// Wherever that is.
void Relay::make_partner_of(Peer& peer, const PartnerElsewhere& partner) {
  Peer* const here = peer.realm.find(partner.id);
  const bool is_here = here != nullptr && !here->is_pending && is_for(partner.mark, *here);
  make_partner(peer, is_here ? here : nullptr, partner.id, partner.mark);
}

/// Where messages for it go on waiting, a LEAVE that came after them of the same sender does as
/// well.
void Relay::keep_leaves_behind_waiting(Peer& peer, Instant now) {
  const std::string id_json = json::quoted(peer.id);
  std::erase_if(peer.backlog, [&](const Peer::Told& told) {
    return !told.left.empty() &&
           peer.realm.outstanding.keep_behind(told.left_as, id_json, told.order, told.text, now,
                                              peer.registration.mark);
  });
}

/// Of a peer without a connection: what is its own, and what waits for it.
Inheritance Relay::take_inheritance(Peer& peer, Inherited which, Instant now) {
  Inheritance all{.partners = partners_of(peer)};
  const std::vector<Peer::Told> backlog = std::exchange(peer.backlog, {});
  auto next = backlog.begin();
  const auto take_told_until = [&](std::uint64_t order) {
    for (; next != backlog.end() && next->order <= order; ++next) {
      all.kept.push_back(kept_of(*next, peer, now));
    }
  };
  std::set<std::pair<std::string, std::uint32_t>>
      senders;  // of messages that go along: they are to be partners with these
  Outstanding& outstanding = peer.realm.outstanding;
  outstanding.offer(json::quoted(peer.id), [&](const Outstanding::Message& message) {
    if (which == Inherited::Notices && !is_notice(message.type)) return false;
    take_told_until(message.order);
    Inheritance::Kept kept = kept_of(message);
    if (message.type == MessageType::Leave) {
      const bool were_partners =
          part(all.partners, kept) || senders.contains({kept.src, kept.mark});
      const bool is_its = were_partners || is_known_to_be_for(message.dst_mark, peer);
      // Those of a pending peer are known with the answer to its claim.
      if (!is_its && !peer.is_pending) return true;
      if (is_its) kept.dst_mark = peer.registration.mark;
    }
    if (!is_notice(kept.type)) senders.emplace(kept.src, kept.mark);
    all.kept.push_back(std::move(kept));
    return true;
  });
  take_told_until(outstanding.arrived());
  return all;
}

/// What others have sent to it goes on waiting here for where it comes back to. False: there is no
/// other node, and nothing has changed.
bool Relay::bequeath(Peer& peer, Instant now) {
  Realm& realm = peer.realm;
  const auto take = [&] {
    if (peer.transport != nullptr) {
      save_unsent(peer);
      unbind(peer, End::ServerStops);
    }
    keep_leaves_behind_waiting(peer, now);
    Inheritance inheritance = take_inheritance(peer, Inherited::Notices, now);
    inheritance.sent = take_sent(realm.key, peer.registration);
    return inheritance;
  };
  if (!backend_.bequeath(peer, take)) return false;
  const std::string dst_json = json::quoted(peer.id);
  move_away(peer);
  forward_waiting(realm, dst_json);
  return true;
}

void Relay::bequeath_lost(Instant now) {
  for (auto& [key, realm] : realms_) {
    while (Peer* const peer = realm.lost.front()) {
      if (!bequeath(*peer, now)) return;
    }
  }
}

std::optional<Inheritance> Relay::hand_over(std::string_view key, std::string_view id,
                                            Instant now) {
  Peer* const peer = find(key, id);
  if (peer == nullptr) return std::nullopt;
  if (peer->transport != nullptr) {
    save_unsent(*peer);
    let_go(*peer, End::Replaced);
    if (observer_ != nullptr) show_disconnected(*peer, End::Replaced);
  }
  Inheritance inheritance = take_inheritance(*peer, Inherited::All, now);
  peer->realm.outstanding.end_tails(json::quoted(peer->id));
  move_away(*peer);
  return inheritance;
}

std::vector<Inheritance::Sent> Relay::take_sent(std::string_view key, Registration registration) {
  std::vector<Inheritance::Sent> all;
  for (Outstanding::Sent& sent : realms_.find(key)->second.outstanding.take_from(registration)) {
    // Of what is no text nobody can be the destination.
    if (const auto dst = json::unquote(sent.dst_json)) {
      all.push_back({*dst, sent.type, std::move(sent.text), sent.since, sent.dst_mark});
    }
  }
  return all;
}

/// The peer goes on elsewhere, or its partners, if it has any left, know of somebody who does.
void Relay::move_away(Peer& peer) {
  while (!peer.partners.empty()) {
    Peer& partner = *peer.partners.back();
    part(peer, partner);
    make_partner(partner, peer.id, peer.registration.mark);
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
  note_end(*peer);
  peer->partners_elsewhere.clear();
  part_from_all(*peer, Farewell::Silent, now);
  if (observer_ != nullptr) show_left(*peer);
  move_away(*peer);
  on_arrival(claim.key, claim.id);
}

}  // namespace peerjsd::core
