#include "support/relay_model.hpp"

#include <algorithm>
#include <deque>
#include <iterator>
#include <ranges>
#include <tuple>
#include <utility>

#include <nlohmann/json.hpp>

namespace peerjsd::fuzz {
namespace {

using namespace std::chrono_literals;
using core::AddressGroup;
using core::Admission;
using core::Carrier;
using core::Client;
using core::Credentials;
using core::End;
using core::Instant;
using core::LeavePolicy;
using core::LeaveTiming;
using core::MessageType;
using core::PeerKind;
using core::Receipt;

const std::string kOpen = R"({"type":"OPEN"})";

std::string as_json(std::string_view text) {
  return nlohmann::json(text).dump();
}

std::string written(const std::string& type, const std::string& src_json,
                    const std::string& dst_json, const std::string& payload = {}) {
  return R"({"type":")" + type + R"(","src":)" + src_json + R"(,"dst":)" + dst_json +
         (payload.empty() ? "" : R"(,"payload":)" + payload) + "}";
}

/// When the partners of a peer hear of its end.
LeaveTiming timing_of_leave(LeavePolicy policy, PeerKind kind, End end) {
  switch (end) {
    case End::Replaced:
    case End::ServerStops:
      return LeaveTiming::None;
    default:
      break;
  }
  switch (policy) {
    case LeavePolicy::Never:
      return LeaveTiming::None;
    case LeavePolicy::Always:
      return LeaveTiming::AtOnce;
    case LeavePolicy::Auto:
      break;
  }
  if (kind == PeerKind::Page && end == End::ClosedWithoutCode) return LeaveTiming::None;
  if (kind == PeerKind::Page && end == End::Lost) return LeaveTiming::AfterGrace;
  return LeaveTiming::AtOnce;
}

}  // namespace

RelayModel::Peer* RelayModel::find(std::string_view key, std::string_view id) {
  const auto found = std::ranges::find_if(
      peers_, [&](const Peer& peer) { return peer.key == key && peer.id == id; });
  return found == peers_.end() ? nullptr : &*found;
}

RelayModel::Peer* RelayModel::find(Number number) {
  const auto found = std::ranges::find(peers_, number, &Peer::number);
  return found == peers_.end() ? nullptr : &*found;
}

RelayModel::Peer* RelayModel::carried_by(const Line& line) {
  const auto found = std::ranges::find(peers_, &line, &Peer::line);
  return found == peers_.end() ? nullptr : &*found;
}

std::string_view RelayModel::id_on(const Line& line) const {
  const auto found = std::ranges::find(peers_, &line, &Peer::line);
  return found == peers_.end() ? std::string_view{} : std::string_view(found->id);
}

std::size_t RelayModel::connected(std::string_view key, AddressGroup group) const {
  if (group == AddressGroup::Local) return 0;
  const auto count = std::ranges::count_if(peers_, [&](const Peer& peer) {
    return peer.key == key && peer.line != nullptr && peer.client.group == group;
  });
  return static_cast<std::size_t>(count);
}

Census RelayModel::census(std::string_view key) const {
  Census census;
  for (const Peer& peer : peers_) {
    if (peer.key != key) continue;
    Census::Peer& entry =
        census.peers.emplace_back(Census::Peer{peer.id, peer.line != nullptr, {}});
    for (const Peer& other : peers_) {
      if (peer.partners.contains(other.number)) entry.partners.push_back(other.id);
    }
    std::ranges::sort(entry.partners);
    if (peer.line != nullptr && peer.client.group != AddressGroup::Local) {
      census.groups.push_back(peer.client.group);
    }
  }
  std::ranges::sort(census.peers);
  std::ranges::sort(census.groups);
  census.outstanding_bytes = outstanding_.bytes(key);
  return census;
}

// Admission

Admission RelayModel::attach(Line& line, const Credentials& who, const Client& client,
                             Instant now) {
  if (who.key.empty() || who.id.empty() || who.token.empty()) return Admission::Incomplete;
  if (std::ranges::find(options_.keys, who.key) == options_.keys.end()) {
    return Admission::InvalidKey;
  }
  if (who.id.size() > options_.max_id_bytes) return Admission::IdTooLong;
  if (who.token.size() > options_.max_token_bytes) return Admission::TokenTooLong;
  Peer* const holder = find(who.key, who.id);
  if (holder == nullptr) return admit(line, who, client, now);
  if (holder->token == who.token) return resume(*holder, line, client, now);
  if (options_.takeover_probe > 0ms && !holder->probed_at &&
      (holder->line == nullptr || holder->line->probe())) {
    holder->probed_at = now;
    holder->probe_order = ++count_;
  }
  return Admission::IdTaken;
}

Admission RelayModel::admit(Line& line, const Credentials& who, const Client& client, Instant now) {
  if (options_.accepts_id && !options_.accepts_id(who.id)) return Admission::IdNotAllowed;
  if (options_.ip_limit > 0 && connected(who.key, client.group) >= options_.ip_limit) {
    return Admission::AddressLimitReached;
  }
  const auto taken = static_cast<std::size_t>(std::ranges::count(peers_, who.key, &Peer::key));
  const bool is_full = taken >= options_.concurrent_limit;
  if (is_full && longest_lost(who.key) == nullptr) return Admission::LimitReached;
  Peer& peer = peers_.emplace_back(
      Peer{std::string(who.key), std::string(who.id), std::string(who.token), client, ++count_});
  carry(peer, line, now);
  line.send(kOpen);
  deliver_waiting(peer);
  if (is_full) end(*longest_lost(who.key), true);  // it yields to one that is here
  return Admission::Opened;
}

RelayModel::Peer* RelayModel::longest_lost(std::string_view key) {
  Peer* longest = nullptr;
  for (Peer& peer : peers_) {
    if (peer.key != key || peer.line != nullptr) continue;
    if (longest == nullptr || peer.alive_order < longest->alive_order) longest = &peer;
  }
  return longest;
}

Admission RelayModel::resume(Peer& peer, Line& line, const Client& client, Instant now) {
  Line* const old = peer.line;
  bool opens = true;
  if (old != nullptr) {
    const bool had_websocket = old->carrier == Carrier::WebSocket;
    if (had_websocket && line.carrier != Carrier::WebSocket) return Admission::Standby;
    if (line.carrier == Carrier::RenewedStream && !old->makes_way()) return Admission::Later;
    opens = had_websocket || line.carrier == Carrier::Stream;
    save_unsent(peer, *old);
    line.hold(old->settles);
    old->close(End::Replaced);
  }
  peer.client = client;
  carry(peer, line, now);
  if (opens) {
    std::erase_if(peer.backlog, [](const Peer::Told& told) { return told.text == kOpen; });
    line.send(kOpen);
  }
  deliver_waiting(peer);
  return Admission::Resumed;
}

void RelayModel::carry(Peer& peer, Line& line, Instant now) {
  peer.line = &line;
  show_life(peer, now);
}

void RelayModel::show_life(Peer& peer, Instant now) {
  peer.alive_at = now;
  peer.alive_order = ++count_;
  peer.probed_at.reset();
}

// Messages

Receipt RelayModel::receive(Line& from, const Meaning& meaning, Instant now) {
  Peer* const src = carried_by(from);
  if (src == nullptr) return Receipt::Late;
  show_life(*src, now);
  if (meaning.flaw) return *meaning.flaw;
  return take(*src, meaning.type.value_or(MessageType::Unknown), meaning, now);
}

Receipt RelayModel::receive(const Credentials& from, MessageType verb, const Meaning& meaning,
                            Instant now) {
  Peer* const src = find(from.key, from.id);
  if (src == nullptr || src->token != from.token || src->line == nullptr) {
    return Receipt::Unauthorized;
  }
  if (src->line->carrier != Carrier::WebSocket) show_life(*src, now);
  if (meaning.flaw) return *meaning.flaw;
  if (meaning.type.value_or(verb) != verb) return Receipt::WrongVerb;
  return take(*src, verb, meaning, now);
}

Receipt RelayModel::take(Peer& src, MessageType type, const Meaning& meaning, Instant now) {
  if (std::ranges::count(options_.allow_types, meaning.type_name) > 0) type = MessageType::Custom;
  switch (type) {
    case MessageType::Heartbeat:
      return Receipt::Heartbeat;
    case MessageType::Offer:
    case MessageType::Answer:
    case MessageType::Candidate:
    case MessageType::Custom:
      return meaning.dst_json.empty() ? Receipt::NoDestination : transmit(src, type, meaning, now);
    case MessageType::Leave:
      if (!meaning.dst_json.empty()) return transmit(src, type, meaning, now);
      close_and_end(src, End::Left, now);
      return Receipt::Left;
    default:
      return Receipt::UnknownType;
  }
}

Receipt RelayModel::transmit(Peer& src, MessageType type, const Meaning& meaning, Instant now) {
  const std::string name =
      type == MessageType::Custom ? meaning.type_name : std::string(to_string(type));
  const std::string text = written(name, as_json(src.id), meaning.dst_json, meaning.payload);
  Peer* const dst = find(src.key, meaning.dst);
  if (dst == nullptr || dst->line == nullptr) return keep(src, type, meaning.dst_json, text, now);
  const bool is_leave = type == MessageType::Leave;
  const bool is_owed = is_leave && src.partners.contains(dst->number);
  if (!is_owed && text.size() > dst->line->room) {
    if (!is_leave) tell_expired(src, meaning.dst_json);
    return Receipt::NoRoom;
  }
  deliver(&src, *dst, type, text);
  return Receipt::Relayed;
}

/// `src`: nullptr if it is gone.
void RelayModel::deliver(Peer* src, Peer& dst, MessageType type, const std::string& text) {
  dst.line->send(text);
  if (src == nullptr || src == &dst) return;
  if (type == MessageType::Leave) {
    src->partners.erase(dst.number);
    dst.partners.erase(src->number);
  } else {
    src->partners.insert(dst.number);
    dst.partners.insert(src->number);
  }
}

void RelayModel::tell(Peer& peer, const std::string& text) {
  if (peer.line != nullptr) {
    peer.line->send(text);
  } else {
    peer.backlog.push_back({outstanding_.last_order(), text});
  }
}

void RelayModel::tell_expired(Peer& src, const std::string& dst_json) {
  tell(src, written("EXPIRE", dst_json, as_json(src.id)));
}

Receipt RelayModel::keep(Peer& src, MessageType type, const std::string& dst_json,
                         const std::string& text, Instant now) {
  if (type == MessageType::Leave) return Receipt::Absent;
  switch (outstanding_.keep({src.key, src.id, src.number}, dst_json, type, text, now)) {
    case core::Outstanding::Verdict::Kept:
      return Receipt::Kept;
    case core::Outstanding::Verdict::Dropped:
      return Receipt::Absent;
    case core::Outstanding::Verdict::Refused:
      break;
  }
  tell_expired(src, dst_json);
  return options_.expire_timeout > 0ms ? Receipt::NoRoom : Receipt::Expired;
}

/// What it was told after a message comes after it.
void RelayModel::deliver_waiting(Peer& peer) {
  std::deque<Peer::Told> told(peer.backlog.begin(), peer.backlog.end());
  peer.backlog.clear();
  const auto send_first = [&] {
    peer.line->send(told.front().text);
    told.pop_front();
  };
  for (const auto& [message, sender] : outstanding_.take(peer.key, as_json(peer.id))) {
    while (!told.empty() && told.front().order < message.order) send_first();
    deliver(find(sender), peer, message.type, message.text);
  }
  while (!told.empty()) send_first();
}

void RelayModel::save_unsent(Peer& peer, Line& line) {
  for (const std::string& text : line.take_unsent()) {
    peer.backlog.push_back({outstanding_.last_order(), text});
  }
}

// Ends

void RelayModel::sign_of_life(Line& from, Instant now) {
  if (Peer* const peer = carried_by(from)) show_life(*peer, now);
}

void RelayModel::detach(Line& line, End end, Instant now) {
  Peer* const peer = carried_by(line);
  if (peer == nullptr) return;
  peer->line = nullptr;
  save_unsent(*peer, line);
  end_connection(*peer, end, now);
}

void RelayModel::close_and_end(Peer& peer, End end, Instant now) {
  if (peer.line != nullptr) std::exchange(peer.line, nullptr)->close(end);
  end_connection(peer, end, now);
}

void RelayModel::end_connection(Peer& peer, End end, Instant now) {
  const LeaveTiming timing = timing_of_leave(options_.leave, peer.client.kind, end);
  if (timing != LeaveTiming::AfterGrace) return this->end(peer, timing == LeaveTiming::AtOnce);
  peer.alive_at = now;
  peer.alive_order = ++count_;
}

void RelayModel::end(Peer& peer, bool tell_partners) {
  for (const Number number : peer.partners) {
    Peer& partner = *find(number);
    partner.partners.erase(peer.number);
    if (tell_partners) tell(partner, written("LEAVE", as_json(peer.id), as_json(partner.id)));
  }
  peers_.remove_if([&](const Peer& each) { return &each == &peer; });
}

void RelayModel::expire(Instant now) {
  expire_peers(now);
  for (const OutstandingModel::Attempt& attempt : outstanding_.expire(now)) {
    Peer* const src = find(attempt.sender.registration);
    if (src != nullptr) tell_expired(*src, attempt.dst_json);
  }
}

/// First who is silent, then who did not answer a probe, then who did not come back; of these who
/// has been so for longest.
void RelayModel::expire_peers(Instant now) {
  enum class Reason : std::uint8_t { Silent, Unprobed, Lost };
  while (true) {
    using Due = std::tuple<Reason, Number, Peer*>;
    std::vector<Due> due;
    for (Peer& peer : peers_) {
      const bool is_lost = peer.line == nullptr;
      if (!is_lost && options_.alive_timeout > 0ms && peer.alive_at + options_.alive_timeout <= now)
        due.emplace_back(Reason::Silent, peer.alive_order, &peer);
      if (peer.probed_at && *peer.probed_at + options_.takeover_probe <= now)
        due.emplace_back(Reason::Unprobed, peer.probe_order, &peer);
      if (is_lost && peer.alive_at + options_.leave_grace <= now)
        due.emplace_back(Reason::Lost, peer.alive_order, &peer);
    }
    if (due.empty()) return;
    const auto [reason, order, peer] = std::ranges::min(due);
    if (reason == Reason::Lost) {
      end(*peer, true);
    } else {
      close_and_end(*peer, End::Silent, now);
    }
  }
}

}  // namespace peerjsd::fuzz
