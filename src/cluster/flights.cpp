#include "peerjsd/cluster/flights.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace peerjsd::cluster {
namespace {

std::size_t cost(const Flights::Item& item) {
  return item.text.size() + core::Outstanding::kOverhead;
}

}  // namespace

/// A key has no control characters.
std::string Flights::name_of(std::string_view key, std::string_view dst) {
  std::string name(key);
  name += '\0';
  name += dst;
  return name;
}

bool Flights::add(const core::Parcel& parcel) {
  Item item{std::string(parcel.src),  parcel.registration, parcel.type,
            std::string(parcel.text), parcel.since,        parcel.makes_partners,
            parcel.dst_mark};
  const std::size_t bytes = cost(item);
  std::string name = name_of(parcel.key, parcel.dst);
  const auto known = flights_.find(name);
  const std::size_t already = known == flights_.end() ? 0 : known->second.bytes;
  if (bytes_ + bytes > limits_.total) return false;
  if (already > 0 && already + bytes > limits_.per_destination) return false;
  const auto sender = senders_.find(item.registration);
  const bool has_share = sender != senders_.end() && !core::is_notice(item.type);
  if (has_share && sender->second + bytes > limits_.per_sender) return false;
  const bool is_new = known == flights_.end();
  Flight& flight = is_new ? flights_[std::move(name)] : known->second;
  if (is_new) {
    flight.key = parcel.key;
    flight.dst = parcel.dst;
  }
  senders_[item.registration] += bytes;
  flight.waiting.push_back(std::move(item));
  flight.bytes += bytes;
  bytes_ += bytes;
  if (flight.number == 0) make_ready(flight);
  return true;
}

void Flights::make_ready(Flight& flight) {
  if (std::exchange(flight.is_ready, true)) return;
  ready_.push_back(&flight);
}

const Flights::Flight* Flights::take_off(core::Instant now) {
  if (ready_.empty()) return nullptr;
  Flight& flight = *ready_.front();
  ready_.pop_front();
  flight.is_ready = false;
  flight.under_way.assign(std::make_move_iterator(flight.waiting.begin()),
                          std::make_move_iterator(flight.waiting.end()));
  flight.waiting.clear();
  flight.number = ++last_number_;
  flight.node.clear();
  flight.since = now;
  flight.somebody_arrived = false;
  flight.is_in_doubt = false;
  flight.was_repeated = false;
  flight.has_bounced = false;
  under_way_.emplace_hint(under_way_.end(), flight.number, &flight);
  return &flight;
}

std::vector<const Flights::Flight*> Flights::doubt_all() {
  turned_.clear();
  std::vector<const Flight*> all;
  for (const auto& [number, flight] : under_way_) {
    flight->is_in_doubt = true;
    all.push_back(flight);
  }
  return all;
}

std::vector<const Flights::Flight*> Flights::take_turned() {
  std::vector<const Flight*> turned;
  for (const std::uint64_t number : std::exchange(turned_, {})) {
    const auto place = under_way_.find(number);
    if (place != under_way_.end()) turned.push_back(place->second);
  }
  return turned;
}

std::vector<const Flights::Flight*> Flights::mark_silent(std::string_view node,
                                                         core::Instant time) {
  std::vector<const Flight*> silent;
  for (const auto& [number, flight] : under_way_) {
    if (flight->since >= time) break;
    if (flight->node != node || std::exchange(flight->was_repeated, true)) continue;
    silent.push_back(flight);
  }
  return silent;
}

void Flights::count_out(const Item& item) {
  bytes_ -= cost(item);
  const auto sender = senders_.find(item.registration);
  sender->second -= cost(item);
  if (sender->second == 0) senders_.erase(sender);
}

void Flights::sent_to(std::uint64_t number, std::string_view node) {
  const auto place = under_way_.find(number);
  if (place != under_way_.end()) place->second->node = node;
}

Flights::Flight Flights::land(std::uint64_t number) {
  const auto place = under_way_.find(number);
  if (place == under_way_.end()) return {};
  Flight& flight = *place->second;
  if (flight.waiting.empty()) return take(place);
  under_way_.erase(place);
  Flight landed;
  landed.key = flight.key;
  landed.dst = flight.dst;
  landed.under_way = std::exchange(flight.under_way, {});
  for (const Item& item : landed.under_way) {
    flight.bytes -= cost(item);
    count_out(item);
  }
  flight.number = 0;
  make_ready(flight);
  return landed;
}

Flights::Flight Flights::give_up(std::uint64_t number) {
  const auto place = under_way_.find(number);
  if (place == under_way_.end()) return {};
  std::vector<Item>& under_way = place->second->under_way;
  std::deque<Item>& waiting = place->second->waiting;
  const auto notices = std::stable_partition(
      under_way.begin(), under_way.end(), [](const auto& it) { return !core::is_notice(it.type); });
  waiting.insert(waiting.begin(), std::make_move_iterator(notices),
                 std::make_move_iterator(under_way.end()));
  under_way.erase(notices, under_way.end());
  return land(number);
}

Flights::Flight Flights::turn_back(std::uint64_t number) {
  const auto place = under_way_.find(number);
  if (place == under_way_.end()) return {};
  Flight& flight = *place->second;
  if (flight.is_in_doubt) {
    turned_.push_back(number);
    return {};
  }
  if (!flight.somebody_arrived) return take(place);
  begin_anew(place);
  return {};
}

const Flights::Flight* Flights::bounce(std::uint64_t number) {
  const auto place = under_way_.find(number);
  if (place == under_way_.end()) return nullptr;
  place->second->node.clear();
  place->second->has_bounced = true;
  bounced_.push_back(number);
  return place->second;
}

bool Flights::has_bounced(std::uint64_t number) const {
  const auto place = under_way_.find(number);
  return place != under_way_.end() && place->second->has_bounced;
}

Flights::Flight Flights::take_bounced(std::uint64_t number) {
  const auto place = under_way_.find(number);
  return place == under_way_.end() ? Flight{} : take(place);
}

void Flights::relaunch_bounced() {
  for (const std::uint64_t number : std::exchange(bounced_, {})) {
    const auto place = under_way_.find(number);
    if (place != under_way_.end()) begin_anew(place);
  }
}

void Flights::begin_anew(Place place) {
  Flight& flight = *place->second;
  under_way_.erase(place);
  flight.number = 0;
  flight.waiting.insert(flight.waiting.begin(), std::make_move_iterator(flight.under_way.begin()),
                        std::make_move_iterator(flight.under_way.end()));
  flight.under_way.clear();
  make_ready(flight);
}

void Flights::on_arrival(std::string_view key, std::string_view dst) {
  const auto known = flights_.find(name_of(key, dst));
  if (known != flights_.end()) known->second.somebody_arrived = true;
}

std::optional<Flights::Flight> Flights::take_ready() {
  if (ready_.empty()) return std::nullopt;
  const Flight& flight = *ready_.front();
  ready_.pop_front();
  return take(flight);
}

std::vector<Flights::Flight> Flights::take_waiting() {
  std::vector<Flight> all;
  for (const auto& [number, flight] : under_way_) {
    if (!flight->waiting.empty()) all.push_back(take_waiting(*flight));
  }
  return all;
}

Flights::Flight Flights::take_waiting(std::string_view key, std::string_view dst) {
  const auto known = flights_.find(name_of(key, dst));
  const bool is_under_way = known != flights_.end() && known->second.number != 0;
  return is_under_way ? take_waiting(known->second) : Flight{};
}

Flights::Flight Flights::take_waiting(Flight& flight) {
  for (const Item& item : flight.waiting) {
    flight.bytes -= cost(item);
    count_out(item);
  }
  Flight taken;
  taken.key = flight.key;
  taken.dst = flight.dst;
  taken.waiting = std::exchange(flight.waiting, {});
  return taken;
}

std::vector<Flights::Flight> Flights::take_waiting_from(core::Registration src, Behind behind) {
  std::vector<Flight> all;
  if (!has_from(src)) return all;
  const auto is_its = [src](const Item& item) { return item.registration == src; };
  for (const auto& [number, flight] : under_way_) {
    if (behind == Behind::Others && std::ranges::any_of(flight->under_way, is_its)) continue;
    const auto others =
        std::stable_partition(flight->waiting.begin(), flight->waiting.end(), is_its);
    std::deque<Item> staying(std::make_move_iterator(others),
                             std::make_move_iterator(flight->waiting.end()));
    flight->waiting.erase(others, flight->waiting.end());
    if (!flight->waiting.empty()) all.push_back(take_waiting(*flight));
    flight->waiting = std::move(staying);
  }
  return all;
}

void Flights::adopt(core::Registration from, core::Registration to) {
  const auto sender = senders_.find(from);
  if (sender == senders_.end()) return;
  const std::size_t bytes = sender->second;
  senders_.erase(sender);
  senders_[to] += bytes;
  const auto rename = [&](Item& item) {
    if (item.registration == from) item.registration = to;
  };
  for (auto& [name, flight] : flights_) {
    std::ranges::for_each(flight.under_way, rename);
    std::ranges::for_each(flight.waiting, rename);
  }
}

std::vector<Flights::Flight> Flights::take_under_way() {
  std::vector<Flight> all;
  while (!under_way_.empty()) all.push_back(take(under_way_.begin()));
  return all;
}

std::vector<std::uint64_t> Flights::older_than(core::Instant time) const {
  std::vector<std::uint64_t> numbers;
  for (const auto& [number, flight] : under_way_) {
    if (flight->since >= time) break;
    numbers.push_back(number);
  }
  return numbers;
}

std::set<std::string> Flights::nodes_silent_since(core::Instant time) const {
  std::set<std::string> nodes;
  for (const std::uint64_t number : older_than(time)) {
    const std::string& node = under_way_.at(number)->node;
    if (!node.empty()) nodes.insert(node);
  }
  return nodes;
}

std::vector<std::uint64_t> Flights::under_way_to(std::string_view node) const {
  std::vector<std::uint64_t> numbers;
  for (const auto& [number, flight] : under_way_) {
    if (flight->node == node) numbers.push_back(number);
  }
  return numbers;
}

Flights::Flight Flights::take(Place place) {
  const Flight& flight = *place->second;
  under_way_.erase(place);
  return take(flight);
}

Flights::Flight Flights::take(const Flight& flight) {
  const auto known = flights_.find(name_of(flight.key, flight.dst));
  for (const Item& item : known->second.under_way) count_out(item);
  for (const Item& item : known->second.waiting) count_out(item);
  return std::move(flights_.extract(known).mapped());
}

}  // namespace peerjsd::cluster
