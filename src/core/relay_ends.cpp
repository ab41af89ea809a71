// How connections and peers end, and who is told.

#include "peerjsd/core/json.hpp"
#include "peerjsd/core/relay.hpp"

#include <chrono>
#include <utility>

namespace peerjsd::core {
void Relay::sign_of_life(Transport& from, Instant now) {
  if (from.peer_ == nullptr) return;
  alive_.push(*from.peer_, now);
  probed_.remove(*from.peer_);
}

void Relay::detach(Transport& transport, End end, Instant now) {
  Peer* const peer = transport.peer_;
  if (peer == nullptr) return;
  if (end == End::ServerStops && !peer->is_pending && bequeath(*peer, now)) return;
  const LeaveTiming timing = leave_timing_of(*peer, end);
  if (timing == LeaveTiming::AfterGrace) save_unsent(*peer);
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
  Peer* const peer = find(key, id);
  if (peer == nullptr) return false;
  end_connection(*peer, End::Dismissed, now);
  return true;
}

void Relay::expire(Instant now) {
  const Duration silence = options_.alive_timeout;
  if (silence > Duration::zero() && now >= silence_counts_from_ + silence) {
    while (Peer* const peer = alive_.pop_due(now, silence)) {
      end_connection(*peer, End::Silent, now);
    }
  }
  while (Peer* const peer = probed_.pop_due(now, options_.takeover_probe)) {
    end_connection(*peer, End::Silent, now);
  }
  while (const auto due = expiries_.pop_due(now)) end_expired(*due, now);
  for (auto& [key, realm] : realms_) {
    while (Peer* const peer = realm.lost.pop_due(now, options_.leave_grace)) {
      end_peer(*peer, Farewell::Leave, now);
    }
    tell_expired(realm, now, now);
  }
  forget_ended(now);
}

/// What has run out by `until`.
void Relay::tell_expired(Realm& realm, Instant until, Instant now) {
  while (const auto expired = realm.outstanding.expire_next(until)) {
    send_expire(realm, expired->src, expired->registration, expired->dst_json, now);
  }
}

bool Relay::has_sent(const Realm& realm, Registration registration) const {
  return realm.outstanding.has_from(registration) || backend_.has_under_way_from(registration);
}

void Relay::note_end(const Peer& peer) {
  if (has_sent(peer.realm, peer.registration)) ended_.emplace(peer.registration, &peer.realm);
}

void Relay::forget_ended(Instant now) {
  constexpr Duration pause = std::chrono::seconds(1);
  if (now < ended_looked_at_ + pause) return;
  ended_looked_at_ = now;
  std::erase_if(ended_, [this](const auto& each) { return !has_sent(*each.second, each.first); });
}

void Relay::give_up_waiting(Instant now) {
  for (auto& [key, realm] : realms_) tell_expired(realm, now + options_.expire_timeout, now);
}

/// A peer that is lost may come back with another token for as long as it may come back at all.
void Relay::end_expired(const Expiries::Due& due, Instant now) {
  Peer* const peer = find(Claim{due.key, due.id, due.registration});
  if (peer == nullptr || peer->transport == nullptr) return;
  end_connection(*peer, End::Expired, now);
}

/// One of the two is empty: while it is pending nothing is sent to it, then nothing kept for it.
void Relay::save_unsent(Peer& peer) {
  const std::uint64_t order = peer.realm.outstanding.arrived();
  for (std::string& text : peer.transport->take_unsent()) {
    peer.backlog.push_back({order, std::move(text)});
  }
}

void Relay::unbind(Peer& peer, End end) {
  counters_.ends.add(end);
  if (observer_ != nullptr && end != End::Replaced) show_disconnected(peer, end);
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
      return end_peer(peer, Farewell::Leave, now);
    case LeaveTiming::None:
      return end_peer(peer, Farewell::Silent, now);
    case LeaveTiming::AfterGrace:
      peer.realm.lost.push(peer, now);
  }
}

void Relay::end_peer(Peer& peer, Farewell farewell, Instant now) {
  Realm& realm = peer.realm;
  const std::string dst_json = realm.outstanding.empty() ? std::string() : json::quoted(peer.id);
  note_end(peer);
  backend_.release(peer);
  part_from_all(peer, farewell, now);
  if (observer_ != nullptr) show_left(peer);
  move_away(peer);
  if (!dst_json.empty()) forward_waiting(realm, dst_json);
}

void Relay::part_from_all(Peer& peer, Farewell farewell, Instant now) {
  while (!peer.partners.empty()) {
    Peer& partner = *peer.partners.back();
    part(peer, partner);
    if (farewell == Farewell::Silent) continue;
    ++counters_.leaves;
    tell(partner, leave_text(peer.id, partner.id), peer.id, peer.registration);
  }
  for (const PartnerElsewhere& partner : std::exchange(peer.partners_elsewhere, {})) {
    say_farewell(peer, partner, farewell, now);
  }
}

void Relay::say_farewell(const Peer& peer, const PartnerElsewhere& to, Farewell farewell,
                         Instant now) {
  const bool is_silent = farewell == Farewell::Silent;
  const std::string text = is_silent ? std::string() : leave_text(peer.id, to.id);
  const Parcel parcel{
      peer.realm.key, peer.id, peer.registration, to.id, MessageType::Leave, text, now, to.mark};
  if (is_silent) {
    forward(parcel);
  } else if (send_on(parcel, now)) {
    ++counters_.leaves;
  }
}

}  // namespace peerjsd::core
