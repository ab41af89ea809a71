#include "peerjsd/cluster/claims.hpp"

#include "peerjsd/cluster/identity.hpp"
#include "peerjsd/core/log_text.hpp"
#include "peerjsd/core/number.hpp"

#include <algorithm>
#include <chrono>
#include <span>
#include <string_view>
#include <utility>

#include <spdlog/spdlog.h>

namespace peerjsd::cluster {
namespace {

/// With a client to which all has not come that goes before its first message. A node that lives
/// answers in less.
constexpr core::Duration kPatience = std::chrono::milliseconds(900);

constexpr std::size_t kBatch = 100;
constexpr std::size_t kMostBatchesSent = 4;

/// What Redis says of one id.
struct Answer {
  long long verdict;
  std::string_view before;
  bool was_told;
  std::span<const redisReply* const> wills;
};
constexpr std::size_t kAnswer = 4;

/// The one at `place` of those in a reply.
std::optional<Answer> answer_at(const redisReply& reply, std::size_t place) {
  if (reply.type != REDIS_REPLY_ARRAY || reply.elements < (place + 1) * kAnswer) {
    return std::nullopt;
  }
  const redisReply* const* const parts = reply.element + place * kAnswer;
  if (parts[0]->type != REDIS_REPLY_INTEGER || parts[1]->type != REDIS_REPLY_STRING ||
      parts[2]->type != REDIS_REPLY_INTEGER || parts[3]->type != REDIS_REPLY_ARRAY) {
    return std::nullopt;
  }
  return Answer{parts[0]->integer,
                text_of(*parts[1]),
                parts[2]->integer > 0,
                {parts[3]->element, parts[3]->elements}};
}

/// When the peer was last heard. One that is lost counts for less than any that is connected:
/// that its connection was lost may have been found out long after it was made anew elsewhere.
std::string time_of(const core::Peer& peer) {
  return peer.transport == nullptr ? "0" : RedisNode::to_time(core::Relay::last_heard(peer));
}

/// One of those that Redis has kept; it has grown older there.
core::Inheritance inheritance_of(std::string_view will) {
  constexpr std::size_t time = 13;
  std::chrono::milliseconds::rep milliseconds = 0;
  if (!core::read_number(will.substr(0, time), milliseconds)) return {};
  const std::chrono::milliseconds written(milliseconds);
  const auto age = std::chrono::duration_cast<core::Duration>(
      std::chrono::system_clock::now().time_since_epoch() - written);
  const core::Instant then = RedisNode::now() - std::max(age, core::Duration::zero());
  const Envelope envelope = parse_envelope(will.substr(time), then);
  const auto* const bequest = std::get_if<Bequest>(&envelope);
  return bequest == nullptr ? core::Inheritance() : bequest->inheritance;
}

/// Of all of them, the oldest first.
core::Inheritance inheritance_of(std::span<const redisReply* const> wills) {
  core::Inheritance all;
  for (const redisReply* const will : wills) all.append(inheritance_of(text_of(*will)));
  return all;
}

}  // namespace

Claims::Claims(RedisNode& node, Courier& courier)
    : node_(node),
      courier_(courier),
      departures_(node, courier, [this](const core::Peer& peer, core::Inheritance inheritance) {
        give_back(peer, std::move(inheritance));
      }) {}

void Claims::claim(const core::Peer& peer) {
  Pending& pending = pending_[peer.registration];
  pending.claim = {peer.realm.key, peer.id, peer.registration};
  pending.token = digest_of(peer);
  departures_.let_go_of(peer.realm.key, peer.id);
  if (node_.link().is_up()) ask_for(pending);
}

/// If it has been elsewhere, its id is asked for anew, and what it had there waited for.
void Claims::on_return(const core::Peer& peer) {
  const auto found = pending_.find(peer.registration);
  if (found == pending_.end() || !found->second.has_moved) return;
  Pending& pending = found->second;
  pending.has_moved = pending.is_granted = pending.has_predecessor = pending.has_bequest = false;
  if (node_.link().is_up()) ask_for(pending);
}

void Claims::withdraw(const core::Peer& peer) {
  const auto found = pending_.find(peer.registration);
  if (found == pending_.end()) return;
  Pending& pending = found->second;
  if (node_.link().is_up() && !pending.is_granted) {
    pending.is_withdrawn = true;
    return;
  }
  const auto taken = pending_.extract(found);
  put_aside(taken.mapped());
}

/// What has come for a peer that has gone waits for it as if this had been its node.
void Claims::put_aside(Pending& pending) {
  if (pending.inheritance == core::Inheritance()) return;
  departures_.add({pending.claim.key, pending.claim.id, pending.token, pending.claim.registration,
                   std::move(pending.inheritance), RedisNode::now()});
}

/// What has come for a peer that goes.
core::Inheritance Claims::take_inheritance(const core::Peer& peer) {
  const auto found = pending_.find(peer.registration);
  return found == pending_.end() ? core::Inheritance()
                                 : std::exchange(found->second.inheritance, {});
}

void Claims::on_up() {
  for (auto& [registration, pending] : pending_) {
    pending.asked = 0;
    ask_for(pending);
  }
}

void Claims::ask_for(Pending& pending) {
  ++pending.asked;
  const core::Claim& claim = pending.claim;
  node_.run(
      Script::Claim, bucket_of(claim.id), claim.key,
      {claim.key, node_.name(), claim.id, pending.token, RedisNode::to_time(RedisNode::now()), "1"},
      [this, registration = claim.registration](const redisReply& reply) {
        on_answer(registration, reply);
      });
}

void Claims::on_answer(core::Registration registration, const redisReply& reply) {
  const auto found = pending_.find(registration);
  if (found == pending_.end()) return;
  Pending& pending = found->second;
  --pending.asked;
  const auto answer = answer_at(reply, 0);
  if (!answer) return settle(registration, core::Admission::Unavailable);
  if (answer->verdict != 1) return settle(registration, core::Admission::IdTaken);
  pending.is_granted = pending.asked == 0;
  pending.since = node_.link().patience().now();
  pending.has_predecessor = answer->was_told;
  if (!answer->before.empty() && !answer->was_told) courier_.on_unheard(answer->before);
  if (answer->was_told || !answer->wills.empty()) pending.answer = core::Admission::Resumed;
  pending.inheritance.append(inheritance_of(answer->wills));
  if (pending.is_withdrawn) {
    const auto taken = pending_.extract(found);
    return put_aside(taken.mapped());
  }
  departures_.send_due(RedisNode::now());  // it may be one of them
  settle_if_complete(registration);
}

/// Whether all has come that goes before its first message: what it had on another node, and what
/// is under way from here to where it was.
bool Claims::is_complete(const Pending& pending) const {
  if (!pending.is_granted) return false;
  if (node_.link().patience().now() >= pending.since + kPatience) return true;
  return (pending.has_bequest || !pending.has_predecessor) &&
         !courier_.has_under_way(pending.claim.key, pending.claim.id);
}

void Claims::settle_if_complete(core::Registration registration) {
  const auto found = pending_.find(registration);
  if (found == pending_.end() || !is_complete(found->second)) return;
  const auto taken = pending_.extract(found);
  const Pending& pending = taken.mapped();
  const core::Claim& claim = pending.claim;
  if (pending.has_moved) {
    return hand_over({claim.key, claim.id, pending.token}, pending.inheritance);
  }
  node_.relay().settle(claim, pending.answer, pending.inheritance, RedisNode::now());
  courier_.on_opened(claim.key, claim.id);
}

/// Who does not get the id may have been here before, and come back with what it had.
void Claims::settle(core::Registration registration, core::Admission answer) {
  const auto taken = pending_.extract(registration);
  Pending& pending = taken.mapped();
  if (!core::is_admitted(answer)) put_aside(pending);
  node_.relay().settle(pending.claim, answer, pending.inheritance, RedisNode::now());
}

void Claims::on_bequest(const Bequest& bequest) {
  const core::Peer* const peer = find(node_.relay(), bequest.key, bequest.id, bequest.token);
  // It has gone on, or gone; and may be, or come, elsewhere.
  if (peer == nullptr && bequest.inheritance == core::Inheritance()) return;
  if (peer == nullptr)
    return hand_over({bequest.key, bequest.id, bequest.token}, bequest.inheritance);
  const auto pending = pending_.find(peer->registration);
  if (pending == pending_.end()) {
    const core::Claim claim{peer->realm.key, peer->id, peer->registration};
    return node_.relay().settle(claim, core::Admission::Resumed, bequest.inheritance,
                                RedisNode::now());
  }
  pending->second.inheritance.append(bequest.inheritance);
  pending->second.has_bequest = true;
  pending->second.answer = core::Admission::Resumed;
  settle_if_complete(peer->registration);
}

void Claims::bequeath(const core::Peer& peer, const core::Inheritance& inheritance) {
  core::Inheritance all = take_inheritance(peer);
  all.append(inheritance);
  withdraw(peer);
  departures_.add({peer.realm.key, peer.id, digest_of(peer), peer.registration, std::move(all),
                   RedisNode::now()});
}

void Claims::on_moved(const Moved& moved) {
  const core::Peer* const peer = find(node_.relay(), moved.key, moved.id, moved.token);
  const bool is_leaving = departures_.has(moved.key, moved.id, moved.token);
  if (peer == nullptr && is_leaving) return;  // it gets what it had where it is then
  const auto pending = peer == nullptr ? pending_.end() : pending_.find(peer->registration);
  if (pending != pending_.end()) {
    pending->second.has_moved = true;
  } else {
    hand_over(moved, {});
  }
}

/// `inheritance`: what goes before that which the peer has here.
void Claims::hand_over(const Moved& moved, core::Inheritance inheritance) {
  Departures::Departure departure{std::string(moved.key),   std::string(moved.id),
                                  std::string(moved.token), {},
                                  std::move(inheritance),   RedisNode::now()};
  if (const core::Peer* const peer = find(node_.relay(), moved.key, moved.id, moved.token)) {
    departure.registration = peer->registration;
    departure.inheritance.append(*node_.relay().hand_over(moved.key, moved.id, RedisNode::now()));
    ++node_.counters().handed_over;
  }
  departures_.add(std::move(departure));
}

/// It has come back before it was sent what it had.
void Claims::give_back(const core::Peer& peer, core::Inheritance inheritance) {
  const auto pending = pending_.find(peer.registration);
  if (pending != pending_.end()) {
    inheritance.append(pending->second.inheritance);
    pending->second.inheritance = std::move(inheritance);
    pending->second.answer = core::Admission::Resumed;
  } else {
    node_.relay().settle({peer.realm.key, peer.id, peer.registration}, core::Admission::Resumed,
                         inheritance, RedisNode::now());
  }
}

void Claims::reclaim(std::optional<std::size_t> bucket) {
  for (const auto& [key, realm] : node_.relay().realms()) {
    std::vector<Batch> batches(kBuckets);
    realm.for_each_peer([&](const core::Peer& peer) {
      const std::size_t its_bucket = bucket_of(peer.id);
      if (peer.is_pending || (bucket && its_bucket != *bucket)) return;
      Batch& batch = batches[its_bucket];
      batch.claims.push_back({peer.realm.key, peer.id, peer.registration});
      if (batch.claims.size() < kBatch) return;
      batches_.push_back({peer.realm.key, its_bucket, std::exchange(batch.claims, {})});
    });
    for (std::size_t i = 0; i < kBuckets; ++i) {
      if (!batches[i].claims.empty()) batches_.push_back({key, i, std::move(batches[i].claims)});
    }
  }
  ask_for_batches();
}

void Claims::ask_for_batches() {
  while (!batches_.empty() && batches_sent_ < kMostBatchesSent) {
    const Batch batch = std::move(batches_.front());
    batches_.pop_front();
    ask_for(batch);
  }
}

/// Of those that are still there.
void Claims::ask_for(const Batch& batch) {
  Batch present{batch.key, batch.bucket, {}};
  std::vector<std::string> texts;
  for (const core::Claim& claim : batch.claims) {
    const core::Peer* const peer = node_.relay().find(claim);
    if (peer == nullptr) continue;
    texts.push_back(digest_of(*peer));
    texts.push_back(time_of(*peer));
    present.claims.push_back(claim);
  }
  if (present.claims.empty()) return;
  std::vector<std::string_view> arguments = {batch.key, node_.name()};
  for (std::size_t i = 0; i < present.claims.size(); ++i) {
    arguments.insert(arguments.end(), {present.claims[i].id, texts[2 * i], texts[2 * i + 1], "0"});
  }
  ++batches_sent_;
  node_.run(Script::Claim, batch.bucket, batch.key, arguments,
            [this, present](const redisReply& reply) { on_answers(present, reply); });
}

void Claims::on_answers(const Batch& batch, const redisReply& reply) {
  --batches_sent_;
  core::Relay& relay = node_.relay();
  std::size_t displaced = 0;
  for (std::size_t i = 0; i < batch.claims.size(); ++i) {
    const core::Claim& claim = batch.claims[i];
    const auto answer = answer_at(reply, i);
    const core::Peer* const peer = relay.find(claim);
    if (!answer || peer == nullptr) continue;
    if (answer->verdict == 1) {
      if (answer->wills.empty()) continue;
      relay.settle(claim, core::Admission::Resumed, inheritance_of(answer->wills),
                   RedisNode::now());
    } else if (answer->verdict == 0) {
      if (displaced++ == 0) {
        spdlog::warn("Another peer has the id {} on another node", core::log_text(claim.id));
      }
      relay.displace(claim, RedisNode::now());
    } else {
      on_moved({claim.key, claim.id, digest_of(*peer)});
    }
  }
  if (displaced > 1) spdlog::warn("The same goes for {} more", displaced - 1);
  node_.counters().displaced += displaced;
  ask_for_batches();
}

void Claims::on_down(core::Admission answer) {
  batches_.clear();
  batches_sent_ = 0;
  while (!pending_.empty()) {
    auto& [registration, pending] = *pending_.begin();
    if (pending.is_withdrawn) {
      const auto taken = pending_.extract(pending_.begin());
      put_aside(taken.mapped());
    } else {
      const bool was_here = core::is_admitted(answer) && pending.inheritance != core::Inheritance();
      const bool has_it = pending.is_granted || pending.has_bequest || was_here;
      settle(registration, has_it ? pending.answer : answer);
    }
  }
}

/// There are few that wait.
void Claims::tick(core::Instant now) {
  departures_.send_due(now);
  std::vector<core::Registration> settled;
  for (const auto& [registration, pending] : pending_) {
    if (is_complete(pending)) settled.push_back(registration);
  }
  for (const core::Registration each : settled) settle_if_complete(each);
}

}  // namespace peerjsd::cluster
