#include "peerjsd/cluster/departures.hpp"

#include "peerjsd/cluster/identity.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace peerjsd::cluster {
namespace {

/// With what a peer that has moved had sent before: less than who waits for it elsewhere has.
constexpr core::Duration kPatienceWithSent = std::chrono::milliseconds(250);

/// For so long a peer that has moved may have been without what it had.
constexpr core::Duration kLongest = std::chrono::seconds(60);

}  // namespace

void Departures::add(Departure departure) {
  if (is_done_with(departure, departure.since)) return;
  RedisNode::Hold hold(node_, departure.key, departure.id);
  waiting_.push_back({std::move(departure), std::move(hold)});
}

bool Departures::has(std::string_view key, std::string_view id, std::string_view token) const {
  return std::ranges::any_of(waiting_, [&](const Waiting& each) {
    return each.departure.key == key && each.departure.id == id && each.departure.token == token;
  });
}

void Departures::let_go_of(std::string_view key, std::string_view id) {
  for (Waiting& each : waiting_) {
    if (each.departure.key == key && each.departure.id == id) each.hold.reset();
  }
}

void Departures::send_due(core::Instant now) {
  for (Waiting& each : std::exchange(waiting_, {})) {
    if (!is_done_with(each.departure, now)) waiting_.push_back(std::move(each));
  }
}

/// Once it has been sent, even if there is nothing in it, so that nobody waits for it; or once it
/// has no place to go any more.
bool Departures::is_done_with(Departure& departure, core::Instant now) {
  const core::Peer* const here = find(node_.relay(), departure.key, departure.id, departure.token);
  if (here != nullptr && here->registration != departure.registration) {
    on_return_(*here, estate_of(departure));
    return true;
  }
  const core::Duration age = now - departure.since;
  if (!node_.link().is_up()) return age > kLongest;
  const bool may_wait = departure.registration && age < kPatienceWithSent;
  if (may_wait && courier_.has_under_way_from(*departure.registration)) return false;
  send(departure);
  return true;
}

core::Inheritance Departures::estate_of(Departure& departure) {
  core::Inheritance& estate = departure.inheritance;
  if (departure.registration) {
    estate.append({{}, {}, {}, node_.relay().take_sent(departure.key, *departure.registration)});
  }
  return std::move(estate);
}

void Departures::send(Departure& departure) {
  node_.bequeath({departure.key, departure.id, departure.token, estate_of(departure)});
}

void Departures::send_all() {
  for (Waiting& each : waiting_) send(each.departure);
  waiting_.clear();
}

}  // namespace peerjsd::cluster
