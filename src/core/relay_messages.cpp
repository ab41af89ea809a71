// What becomes of the messages that clients send.

#include "peerjsd/core/json.hpp"
#include "peerjsd/core/relay.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace peerjsd::core {
namespace {

/// `dst`: nullptr if it is not here; `id`: its. While it is pending its partners are not known.
bool may_send(const Peer& src, const Peer* dst, std::string_view id) {
  if (dst == &src) return true;
  const bool may_be_called = dst == nullptr || dst->is_pending || dst->client.rights.may_be_called;
  if (src.client.rights.may_call && may_be_called) return true;
  if (dst == nullptr || dst->is_pending) return are_partners(src, id);
  return are_partners(src, *dst) || are_partners(src, id, dst->registration.mark);
}

/// Who may send to its partners only means these, and nobody who has got the id of one: the mark of
/// the partner, as far as it is known. 0: whoever has the id. `dst`: as above.
std::uint32_t meant_by(const Peer& src, const Peer* dst, std::string_view id) {
  if (src.client.rights.may_call) return 0;
  const bool is_here = dst != nullptr && !dst->is_pending;
  return is_here ? dst->registration.mark : mark_of_partner(src, id);
}

bool has_all(const Rights& rights, const Rights& wanted) {
  return (rights.may_call || !wanted.may_call) && (rights.may_be_called || !wanted.may_be_called);
}

/// Of who has `shown` that; nullptr: it is nobody.
bool may_speak(const Peer* src, const Rights& shown) {
  return src != nullptr && has_all(shown, src->client.rights);
}

/// As its destination gets it.
void append_relayed(std::string& out, const ClientMessage& message, std::string_view src_json) {
  if (message.type != MessageType::Custom) {
    return append_message(out, message.type, src_json, message.dst_json, message.payload);
  }
  const std::string type_json = json::quoted(message.type_name);
  append_message(out, type_json, src_json, message.dst_json, message.payload);
}

}  // namespace

Receipt Relay::receive(Transport& from, std::string_view text, Instant now) {
  return counted(hear(from, text, now));
}

Receipt Relay::receive(const Credentials& from, MessageType verb, std::string_view text,
                       Instant now, const Rights& shown) {
  return counted(hear(from, verb, text, now, shown));
}

bool Relay::knows(const Credentials& from, const Rights& shown) const {
  return may_speak(authenticate(from), shown);
}

Receipt Relay::hear(Transport& from, std::string_view text, Instant now) {
  Peer* const src = from.peer_;
  if (src == nullptr) return Receipt::Late;
  if (src->is_pending) return Receipt::Early;
  sign_of_life(from, now);
  auto parsed = parser_.parse(text);
  if (const auto* error = std::get_if<ParseError>(&parsed)) return receipt_of(*error);
  return take(*src, std::get<ClientMessage>(parsed), now);
}

Receipt Relay::hear(const Credentials& from, MessageType verb, std::string_view text, Instant now,
                    const Rights& shown) {
  Peer* const src = authenticate(from);
  if (!may_speak(src, shown)) return Receipt::Unauthorized;
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

bool Relay::allows(std::string_view type) const {
  return std::ranges::find(options_.allow_types, type) != options_.allow_types.end();
}

Receipt Relay::take(Peer& src, ClientMessage& message, Instant now) {
  if (message.type == MessageType::Unknown && allows(message.type_name)) {
    message.type = MessageType::Custom;
  }
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
    case MessageType::Custom:
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
  append_relayed(text_, message, src_json_);
  Peer* const dst = message.dst.empty() ? nullptr : src.realm.find(message.dst);
  if (!may_send(src, dst, message.dst)) return forbid(src, message, now);
  if (dst == nullptr || !dst->is_reachable()) {
    const std::uint32_t dst_mark = meant_by(src, dst, message.dst);
    // What has been sent away before comes back.
    const bool is_away = dst == nullptr || backend_.has_under_way(src.realm.key, dst->id);
    return is_away ? send_away(src, message, dst_mark, now) : keep(src, message, dst_mark, now);
  }
  // For a LEAVE to each of its partners there is room.
  const bool has_room = (message.type == MessageType::Leave && are_partners(src, *dst)) ||
                        dst->transport->has_room_for(text_.size());
  if (!has_room) return refuse(src, message, now);
  deliver(src, *dst, message.type, text_);
  return Receipt::Relayed;
}

/// There is no room for it.
Receipt Relay::refuse(Peer& src, const ClientMessage& message, Instant now) {
  if (!is_notice(message.type)) {
    send_expire(src.realm, src.id, src.registration, message.dst_json, now);
  }
  return Receipt::NoRoom;
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
/// other nodes need not be troubled with it. Expects the message's text in text_. `dst_mark`: see
/// Parcel.
Receipt Relay::send_away(Peer& src, const ClientMessage& message, std::uint32_t dst_mark,
                         Instant now) {
  if (message.dst.empty() || message.dst.size() > options_.max_id_bytes ||
      src.realm.outstanding.holds(message.dst_json, src.registration)) {
    return keep(src, message, dst_mark, now);
  }
  const Parcel parcel{src.realm.key, src.id, src.registration, message.dst, message.type,
                      text_,         now,    dst_mark};
  switch (forward(parcel)) {
    case Backend::Forwarding::Taken:
      return Receipt::Forwarded;
    case Backend::Forwarding::NoRoom:
      return refuse(src, message, now);
    case Backend::Forwarding::Apart:
    case Backend::Forwarding::Nobody:
      break;
  }
  return keep(src, message, dst_mark, now);
}

/// Expects the message's text in text_. `dst_mark`: see Parcel.
Receipt Relay::keep(Peer& src, const ClientMessage& message, std::uint32_t dst_mark, Instant now) {
  if (message.type == MessageType::Leave) return Receipt::Absent;
  switch (src.realm.outstanding.keep({src.id, src.registration}, message.dst_json, message.type,
                                     text_, now, dst_mark)) {
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
  if (ended_.contains(registration)) return;
  Peer* const caller = realm.find(src);
  const bool is_here = caller != nullptr && !caller->is_pending;
  if (is_here && !is_for(registration.mark, *caller)) return;
  if (observer_ != nullptr) show_expired(realm, src, dst_json);
  std::string text;
  append_message(text, MessageType::Expire, dst_json, json::quoted(src), {});
  if (!is_here) {
    const Parcel parcel{realm.key,           {},   registration, src,
                        MessageType::Expire, text, now,          registration.mark};
    if (send_on(parcel, now)) ++counters_.expires;
    return;
  }
  ++counters_.expires;
  tell(*caller, std::move(text));
}

/// For what the server itself has to say: it is said once, so a peer that is lost has it kept.
/// If it is a LEAVE, `left` is whose.
void Relay::tell(Peer& peer, std::string text, std::string_view left, Registration left_as) {
  if (peer.is_reachable()) {
    peer.transport->send(text);
  } else {
    peer.backlog.push_back(
        {peer.realm.outstanding.arrived(), std::move(text), std::string(left), left_as});
  }
}

}  // namespace peerjsd::core
