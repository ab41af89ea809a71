#include "peerjsd/core/outstanding.hpp"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

namespace peerjsd::core {
namespace {

/// Even where an attempt has run out: it does not belong to that.
constexpr bool is_no_tail(MessageType type) {
  return type == MessageType::Offer || type == MessageType::Custom || is_notice(type);
}

}  // namespace

Outstanding::Verdict Outstanding::keep(Sender sender, std::string_view dst_json, MessageType type,
                                       std::string text, Instant since, std::uint32_t dst_mark) {
  Attempt* attempt = find(dst_json, sender.registration);
  if (attempt != nullptr && attempt->ran_out) {
    if (belongs_to(*attempt, type, since)) return Verdict::Dropped;
    forget(*attempt);
    attempt = nullptr;
  }
  const std::size_t cost =
      text.size() + kOverhead + (attempt == nullptr ? cost_of_attempt(sender, dst_json) : 0);
  const Share share = is_notice(type) ? Share::Any : Share::OfSender;
  if (expire_timeout_ == Duration::zero() ||
      !has_room(dst_json, sender.registration, cost, share)) {
    if (is_notice(type)) return Verdict::Dropped;
    refuse(sender, dst_json, since);
    return Verdict::Refused;
  }
  if (attempt == nullptr) attempt = &start(sender, dst_json, since);
  if (since < attempt->since) {
    dequeue(*attempt);
    enqueue(*attempt, since);
  }
  charge(*attempt, text.size() + kOverhead);
  attempt->messages.push_back({order_++, since, type, dst_mark, std::move(text)});
  return Verdict::Kept;
}

/// To the tail of an attempt that has run out.
bool Outstanding::belongs_to(const Attempt& attempt, MessageType type, Instant time) const {
  return !is_no_tail(type) && time < attempt.since + tail();
}

bool Outstanding::holds(std::string_view dst_json, Registration sender) const {
  const auto destination = destinations_.find(dst_json);
  if (destination == destinations_.end()) return false;
  const auto attempt = destination->second.attempts.find(sender);
  return attempt != destination->second.attempts.end() && !attempt->second.ran_out;
}

std::vector<std::string> Outstanding::adopt(Registration from, Registration to) {
  std::vector<std::string> destinations;
  if (!has_from(from)) return destinations;
  std::vector<Attempt*> adopted;
  for (auto& [dst_json, destination] : destinations_) {
    const auto attempt = destination.attempts.find(from);
    if (attempt != destination.attempts.end()) adopted.push_back(&attempt->second);
  }
  for (Attempt* const attempt : adopted) {
    Attempt old = *attempt;
    destinations.push_back(old.dst_json);
    forget(*attempt);
    join(std::move(old), to);
  }
  return destinations;
}

/// `old`: what was an attempt, and is not here any more.
void Outstanding::join(Attempt old, Registration sender) {
  const std::size_t bytes = old.bytes - cost_of_attempt({old.src, sender}, old.dst_json);
  Attempt* attempt = find(old.dst_json, sender);
  const bool is_new = attempt == nullptr;
  if (is_new) attempt = &start({old.src, sender}, old.dst_json, old.since);
  charge(*attempt, bytes);
  dequeue(*attempt);
  if (is_new || attempt->ran_out == old.ran_out) {
    attempt->ran_out = old.ran_out;
    old.since = std::min(attempt->since, old.since);
  } else if (attempt->ran_out) {
    attempt->ran_out = false;
  } else {
    old.since = attempt->since;
  }
  std::ranges::move(old.messages, std::back_inserter(attempt->messages));
  std::ranges::stable_sort(attempt->messages, {}, &Kept::order);
  enqueue(*attempt, old.since);
}

std::vector<std::pair<std::uint64_t, std::uint64_t>> Outstanding::put_behind(
    std::string_view dst_json, std::uint64_t order) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> orders;
  const auto destination = destinations_.find(dst_json);
  if (destination == destinations_.end()) return orders;
  std::vector<std::tuple<std::uint64_t, std::size_t, Attempt*>> moved;
  for (auto& [sender, attempt] : destination->second.attempts) {
    for (std::size_t i = 0; i < attempt.messages.size(); ++i) {
      if (attempt.messages[i].order < order)
        moved.emplace_back(attempt.messages[i].order, i, &attempt);
    }
  }
  std::ranges::sort(moved);
  for (const auto& [before, i, attempt] : moved) {
    orders.emplace_back(before, order_);
    attempt->messages[i].order = order_++;
  }
  for (auto& [sender, attempt] : destination->second.attempts) {
    std::ranges::stable_sort(attempt.messages, {}, &Kept::order);
  }
  return orders;
}

bool Outstanding::keep_behind(Registration sender, std::string_view dst_json, std::uint64_t order,
                              std::string text, Instant since, std::uint32_t dst_mark) {
  Attempt* const attempt = find(dst_json, sender);
  if (attempt == nullptr) return false;
  const auto after = std::ranges::lower_bound(attempt->messages, order, {}, &Kept::order);
  if (after == attempt->messages.begin()) return false;
  charge(*attempt, text.size() + kOverhead);
  const std::uint64_t its_order = std::prev(after)->order;
  attempt->messages.insert(after,
                           {its_order, since, MessageType::Leave, dst_mark, std::move(text)});
  return true;
}

bool Outstanding::give_up(Sender sender, std::string_view dst_json, MessageType type, Instant now) {
  Attempt* const attempt = find(dst_json, sender.registration);
  if (attempt != nullptr && attempt->ran_out) {
    if (belongs_to(*attempt, type, now)) return false;
    forget(*attempt);
  }
  refuse(sender, dst_json, now);
  return true;
}

std::vector<std::string> Outstanding::destinations() const {
  std::vector<std::string> all;
  for (const auto& [dst_json, destination] : destinations_) {
    const auto waits = [](const auto& each) { return !each.second.ran_out; };
    if (std::ranges::any_of(destination.attempts, waits)) all.push_back(dst_json);
  }
  return all;
}

void Outstanding::end_tails(std::string_view dst_json) {
  const auto destination = destinations_.find(dst_json);
  if (destination == destinations_.end()) return;
  std::vector<Attempt*> over;
  for (auto& [sender, attempt] : destination->second.attempts) {
    if (attempt.ran_out) over.push_back(&attempt);
  }
  for (Attempt* const attempt : over) forget(*attempt);
}

std::vector<Outstanding::Message> Outstanding::take(std::string_view dst_json) {
  const auto destination = destinations_.find(dst_json);
  if (destination == destinations_.end()) return {};
  std::vector<Message> messages;
  for (auto& [sender, attempt] : destination->second.attempts) {
    for (Kept& kept : attempt.messages) {
      messages.push_back({kept.type, std::move(kept.text), attempt.src, attempt.registration,
                          attempt.since, kept.order, kept.dst_mark});
    }
    release(attempt, attempt.bytes);
    dequeue(attempt);
  }
  destinations_.erase(destination);
  std::ranges::stable_sort(messages, {}, &Message::order);
  return messages;
}

void Outstanding::offer(std::string_view dst_json,
                        const std::function<bool(const Message&)>& take) {
  const auto destination = destinations_.find(dst_json);
  if (destination == destinations_.end()) return;
  std::vector<std::tuple<std::uint64_t, Attempt*, std::size_t>> ordered;
  for (auto& [sender, attempt] : destination->second.attempts) {
    for (std::size_t i = 0; i < attempt.messages.size(); ++i) {
      ordered.emplace_back(attempt.messages[i].order, &attempt, i);
    }
  }
  std::ranges::sort(ordered);
  std::map<Attempt*, std::size_t> taken;
  for (const auto& [order, attempt, i] : ordered) {
    if (taken[attempt] < i) continue;  // one before it was not taken
    Kept& kept = attempt->messages[i];
    Message message{
        kept.type, std::move(kept.text), attempt->src, attempt->registration, attempt->since,
        order,     kept.dst_mark};
    if (take(message)) {
      release(*attempt, message.text.size() + kOverhead);
      ++taken[attempt];
    } else {
      kept.text = std::move(message.text);
    }
  }
  for (const auto& [attempt, count] : taken) drop_first(*attempt, count);
}

/// What they cost is released already.
void Outstanding::drop_first(Attempt& attempt, std::size_t count) {
  auto& messages = attempt.messages;
  messages.erase(messages.begin(), messages.begin() + static_cast<std::ptrdiff_t>(count));
  if (messages.empty()) forget(attempt);
}

std::vector<Outstanding::Sent> Outstanding::take_from(Registration sender) {
  if (!has_from(sender)) return {};
  std::vector<std::pair<std::uint64_t, Sent>> ordered;
  std::vector<Attempt*> taken;
  for (auto& [dst_json, destination] : destinations_) {
    const auto attempt = destination.attempts.find(sender);
    if (attempt == destination.attempts.end()) continue;
    taken.push_back(&attempt->second);
    for (Kept& kept : attempt->second.messages) {
      ordered.push_back(
          {kept.order,
           {dst_json, kept.type, std::move(kept.text), attempt->second.since, kept.dst_mark}});
    }
  }
  for (Attempt* const attempt : taken) forget(*attempt);
  std::ranges::stable_sort(ordered, {}, [](const auto& each) { return each.first; });
  std::vector<Sent> all;
  all.reserve(ordered.size());
  for (auto& [order, sent] : ordered) all.push_back(std::move(sent));
  return all;
}

std::optional<Outstanding::Expired> Outstanding::expire_next(Instant now) {
  while (Attempt* const over = first_due(ran_out_, now, tail())) forget(*over);
  while (Attempt* const attempt = first_due(waiting_, now, expire_timeout_)) {
    const bool is_owed = std::ranges::any_of(
        attempt->messages, [](const Kept& kept) { return !is_notice(kept.type); });
    if (!is_owed) {
      drop_notices(*attempt, now);
      if (attempt->messages.empty()) forget(*attempt);
      continue;
    }
    run_out(*attempt, now);
    return Expired{attempt->src, attempt->registration, attempt->dst_json};
  }
  return std::nullopt;
}

/// nullptr: none has waited for `delay`.
Outstanding::Attempt* Outstanding::first_due(const Queue& queue, Instant now, Duration delay) {
  if (queue.empty() || (*queue.begin())->since + delay > now) return nullptr;
  return *queue.begin();
}

void Outstanding::enqueue(Attempt& attempt, Instant since) {
  attempt.since = since;
  attempt.place = ++places_;
  (attempt.ran_out ? ran_out_ : waiting_).insert(&attempt);
}

void Outstanding::dequeue(Attempt& attempt) {
  (attempt.ran_out ? ran_out_ : waiting_).erase(&attempt);
}

/// The destination stands in the attempt and as a key.
std::size_t Outstanding::cost_of_attempt(Sender sender, std::string_view dst_json) {
  return kOverhead + sender.id.size() + 2 * dst_json.size();
}

bool Outstanding::has_room(std::string_view dst_json, Registration sender, std::size_t bytes,
                           Share share) const {
  const auto fits = [bytes](std::size_t used, std::size_t limit) {
    return bytes <= limit && used <= limit - bytes;
  };
  const auto destination = destinations_.find(dst_json);
  const auto sent = sender_bytes_.find(sender);
  return fits(bytes_, limits_.total) &&
         fits(destination == destinations_.end() ? 0 : destination->second.bytes,
              limits_.per_destination) &&
         (share == Share::Any ||
          fits(sent == sender_bytes_.end() ? 0 : sent->second, limits_.per_sender));
}

Outstanding::Attempt* Outstanding::find(std::string_view dst_json, Registration sender) {
  const auto destination = destinations_.find(dst_json);
  if (destination == destinations_.end()) return nullptr;
  const auto attempt = destination->second.attempts.find(sender);
  return attempt == destination->second.attempts.end() ? nullptr : &attempt->second;
}

Outstanding::Attempt& Outstanding::start(Sender sender, std::string_view dst_json, Instant now) {
  Destination& destination = destinations_.try_emplace(std::string(dst_json)).first->second;
  Attempt& attempt = destination.attempts[sender.registration];
  attempt.src = sender.id;
  attempt.registration = sender.registration;
  attempt.dst_json = dst_json;
  charge(attempt, cost_of_attempt(sender, dst_json));
  enqueue(attempt, now);
  return attempt;
}

/// What already waited goes with the message that found no room: half an attempt is of no use.
void Outstanding::refuse(Sender sender, std::string_view dst_json, Instant now) {
  Attempt* attempt = find(dst_json, sender.registration);
  if (attempt == nullptr &&
      has_room(dst_json, sender.registration, cost_of_attempt(sender, dst_json))) {
    attempt = &start(sender, dst_json, now);
  }
  if (attempt != nullptr) run_out(*attempt, now);
}

/// What is no attempt to reach anybody goes on waiting, for as long as it would have alone.
void Outstanding::run_out(Attempt& attempt, Instant now) {
  drop(attempt, [](const Kept& kept) { return !is_notice(kept.type); });
  drop_notices(attempt, now);
  if (!attempt.messages.empty()) return;
  dequeue(attempt);
  attempt.ran_out = true;
  enqueue(attempt, now);
}

/// Each that has waited for as long as it may. The attempt is of notices only.
void Outstanding::drop_notices(Attempt& attempt, Instant now) {
  drop(attempt, [&](const Kept& kept) { return kept.since + expire_timeout_ <= now; });
  if (attempt.messages.empty()) return;
  const Instant since = std::ranges::min_element(attempt.messages, {}, &Kept::since)->since;
  dequeue(attempt);
  enqueue(attempt, since);
}

template <class IsDropped>
void Outstanding::drop(Attempt& attempt, IsDropped is_dropped) {
  std::size_t bytes = 0;
  std::erase_if(attempt.messages, [&](const Kept& kept) {
    if (!is_dropped(kept)) return false;
    bytes += kept.text.size() + kOverhead;
    return true;
  });
  attempt.messages.shrink_to_fit();
  release(attempt, bytes);
}

void Outstanding::forget(Attempt& attempt) {
  release(attempt, attempt.bytes);
  dequeue(attempt);
  const auto destination = destinations_.find(attempt.dst_json);
  destination->second.attempts.erase(attempt.registration);
  if (destination->second.attempts.empty()) destinations_.erase(destination);
}

void Outstanding::charge(Attempt& attempt, std::size_t bytes) {
  attempt.bytes += bytes;
  destinations_.find(attempt.dst_json)->second.bytes += bytes;
  sender_bytes_[attempt.registration] += bytes;
  bytes_ += bytes;
}

void Outstanding::release(Attempt& attempt, std::size_t bytes) {
  attempt.bytes -= bytes;
  destinations_.find(attempt.dst_json)->second.bytes -= bytes;
  const auto sent = sender_bytes_.find(attempt.registration);
  sent->second -= bytes;
  if (sent->second == 0) sender_bytes_.erase(sent);
  bytes_ -= bytes;
}

}  // namespace peerjsd::core
