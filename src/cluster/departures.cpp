#include "peerjsd/cluster/departures.hpp"

#include "peerjsd/cluster/identity.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace peerjsd::cluster {
namespace {

/// With what a peer that has moved had sent before: less than who waits for it elsewhere has.
constexpr core::Duration kPatienceWithSent = std::chrono::milliseconds(450);

/// Redis is away for so long where only a way has broken: all that the peer had goes together then.
constexpr core::Duration kShortBreak = std::chrono::seconds(1);

/// For so long a peer that has moved may have been without what it had.
constexpr core::Duration kLongest = std::chrono::seconds(60);

}  // namespace

void Departures::add(Departure departure) {
  recall(departure);
  Waiting waiting{std::move(departure), {}};
  if (settle(waiting, waiting.departure.since)) return;
  if (!waiting.was_sent) waiting.hold.emplace(node_, waiting.departure.key, waiting.departure.id);
  waiting_.push_back(std::move(waiting));
}

/// What waits for the deliveries of others need not wait for them here. What is kept waits behind
/// it.
void Departures::recall(Departure& departure) {
  if (!departure.registration) return;
  core::Inheritance later{.sent =
                              courier_.recall(*departure.registration, Flights::Behind::Others)};
  std::swap(later.sent, departure.inheritance.sent);
  departure.inheritance.append(later);
}

bool Departures::has(std::string_view key, std::string_view id, std::string_view token) const {
  return std::ranges::any_of(waiting_, [&](const Waiting& each) {
    return !each.was_sent && each.departure.key == key && each.departure.id == id &&
           each.departure.token == token;
  });
}

void Departures::let_go_of(std::string_view key, std::string_view id) {
  for (Waiting& each : waiting_) {
    if (each.departure.key == key && each.departure.id == id) each.hold.reset();
  }
}

void Departures::send_due(core::Instant now) {
  for (Waiting& each : std::exchange(waiting_, {})) {
    if (!settle(each, now)) waiting_.push_back(std::move(each));
  }
}

/// Sends it if that is due, even if there is nothing in it, so that nobody waits for it. True:
/// there is nothing more to do for it.
bool Departures::settle(Waiting& waiting, core::Instant now) {
  Departure& departure = waiting.departure;
  const core::Peer* const here = find(node_.relay(), departure.key, departure.id, departure.token);
  if (here != nullptr && here->registration != departure.registration) {
    core::Inheritance left = take_inheritance(departure);
    if (departure.registration) courier_.adopt(*departure.registration, here->registration);
    if (!waiting.was_sent || left != core::Inheritance()) on_return_(*here, std::move(left));
    return true;
  }
  const core::Duration age = now - departure.since;
  if (!node_.link().is_up()) {
    if (age > kShortBreak) wait_here(departure, now);
    return age > kLongest;
  }
  if (has_under_way(departure) && age < (waiting.was_sent ? kLongest : kPatienceWithSent)) {
    return false;
  }
  send(waiting);
  return !has_under_way(departure);
}

/// Its senders hear of it in time, as of anything that waits.
void Departures::wait_here(Departure& departure, core::Instant now) {
  const auto kept = std::exchange(departure.inheritance.kept, {});
  node_.relay().wait_for(departure.key, departure.id, kept, now);
}

bool Departures::has_under_way(const Departure& departure) const {
  return departure.registration && courier_.has_under_way_from(*departure.registration);
}

core::Inheritance Departures::take_inheritance(Departure& departure) {
  core::Inheritance& inheritance = departure.inheritance;
  if (departure.registration) {
    inheritance.append(
        {.sent = courier_.recall(*departure.registration, Flights::Behind::Anybody)});
    inheritance.append({.sent = node_.relay().take_sent(departure.key, *departure.registration)});
  }
  return std::exchange(inheritance, {});
}

/// The first time in any case: it is waited for.
void Departures::send(Waiting& waiting) {
  const auto& [key, id, token, registration, inheritance, since] = waiting.departure;
  core::Inheritance left = take_inheritance(waiting.departure);
  waiting.hold.reset();
  if (std::exchange(waiting.was_sent, true) && left == core::Inheritance()) return;
  const auto on_absent = [this, key = key, id = id](const auto& kept) {
    node_.relay().wait_for(key, id, kept, RedisNode::now());
  };
  node_.bequeath({key, id, token, std::move(left)}, on_absent);
}

void Departures::send_all() {
  for (Waiting& each : waiting_) send(each);
  waiting_.clear();
}

}  // namespace peerjsd::cluster
