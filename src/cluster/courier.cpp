#include "peerjsd/cluster/courier.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include <boost/asio/post.hpp>

namespace peerjsd::cluster {
namespace {

/// What is noted in Redis as waiting stays noted for so much longer than it waits.
constexpr core::Duration kMargin = std::chrono::seconds(10);

/// After so long without a receipt, and again each time, it is asked whether the node is there.
constexpr core::Duration kSilence = std::chrono::milliseconds(500);

/// If it is, it gets the delivery once more after so long: its link may have broken as that came.
constexpr core::Duration kPatience = std::chrono::seconds(2);

/// If this node's own way has just been broken, that of others may be for a little longer.
constexpr core::Duration kOthersReturn = std::chrono::seconds(2);

/// What is in doubt, and its destination on no node, is tried again after so long.
constexpr core::Duration kTurnedPause = std::chrono::milliseconds(250);

/// How long nothing may be known of a delivery, and, longer, how long it is remembered.
constexpr core::Duration kShortestDoubt = std::chrono::seconds(1);
constexpr core::Duration kLongestDoubt = std::chrono::seconds(10);
constexpr core::Duration kMemory = kLongestDoubt + std::chrono::seconds(5);

/// What Redis says of a delivery that is made again, if its destination is on another node than it
/// was: there it cannot be known whether it has had it.
constexpr std::string_view kMoved = "moved";

core::Parcel parcel_of(const Flights::Flight& flight, const Flights::Item& item) {
  return {flight.key, item.src,   item.registration, flight.dst,         item.type,
          item.text,  item.since, item.dst_mark,     item.makes_partners};
}

}  // namespace

bool Courier::forward(const core::Parcel& parcel) {
  if (!flights_.add(parcel)) {
    refused_.emplace(parcel.key, parcel.dst);
    return false;
  }
  take_off_soon();
  return true;
}

/// What comes in the same turn goes along.
void Courier::take_off_soon() {
  if (std::exchange(take_off_posted_, true)) return;
  boost::asio::post(io_, [this, alive = std::weak_ptr(alive_)] {
    if (alive.expired()) return;
    take_off_posted_ = false;
    take_off();
  });
}

/// As far as the way to Redis takes it; the rest stays where it counts, until the next tick at the
/// latest.
void Courier::take_off() {
  if (!node_.link().is_up()) return give_back_ready();
  while (node_.link().unsent_bytes() <= RedisLink::kMostUnsent) {
    const Flights::Flight* const flight = flights_.take_off(RedisNode::now());
    if (flight == nullptr) return;
    send(*flight);
  }
}

void Courier::send(const Flights::Flight& flight) {
  run_route(flight, [this, number = flight.number](const redisReply& reply) {
    if (flights_.has_bounced(number)) return;  // its receipt came first
    if (reply.type != REDIS_REPLY_STRING) return on_absent(number);
    if (text_of(reply) == kMoved) return abandon(number);
    flights_.sent_to(number, text_of(reply));
  });
}

void Courier::run_route(const Flights::Flight& flight, RedisLink::OnReply on_reply) {
  Delivery delivery{node_.name(), flight.number, flight.key, flight.dst, {}};
  for (const Flights::Item& item : flight.under_way) {
    delivery.items.push_back(
        {item.src, item.type, item.text, item.since, item.registration.mark, item.dst_mark});
  }
  const std::string waits = expire_timeout_ == core::Duration::zero()
                                ? "0"
                                : std::to_string((expire_timeout_ + kMargin).count());
  node_.run(Script::Route, bucket_of(flight.dst), flight.key,
            {flight.key, node_.name(), flight.dst, to_text(delivery, RedisNode::now()), waits,
             flight.node},
            std::move(on_reply));
}

void Courier::on_absent(std::uint64_t number) {
  give_back(flights_.turn_back(number));
  take_off_soon();
}

void Courier::on_receipts(const Receipts& receipts) {
  for (const Receipts::Item& item : receipts.items) {
    if (item.is_accepted) {
      on_accepted(item);
    } else {
      on_bounced(item.number);
    }
  }
  take_off_soon();  // what has waited for those that have arrived
}

void Courier::on_accepted(const Receipts::Item& receipt) {
  const Flights::Flight landed = flights_.land(receipt.number);
  node_.counters().delivered += landed.under_way.size();
  if (receipt.dst_mark == 0) return;
  for (const Flights::Item& item : landed.under_way) {
    if (core::is_notice(item.type)) continue;
    node_.relay().on_delivered(parcel_of(landed, item), receipt.dst_mark);
  }
}

/// If its destination has come here meanwhile, or is about to, it need not be looked for, and goes
/// before what waits for it.
void Courier::on_bounced(std::uint64_t number) {
  const Flights::Flight* const flight = flights_.bounce(number);
  if (flight == nullptr || node_.relay().find(flight->key, flight->dst) == nullptr) return;
  give_back(flights_.take_bounced(number));
}

void Courier::give_back_ready() {
  while (const auto flight = flights_.take_ready()) give_back(*flight);
}

void Courier::give_back(const Flights::Flight& flight) {
  std::vector<core::Parcel> parcels;
  for (const Flights::Item& item : flight.under_way) parcels.push_back(parcel_of(flight, item));
  for (const Flights::Item& item : flight.waiting) parcels.push_back(parcel_of(flight, item));
  node_.counters().returned += parcels.size();
  node_.relay().on_returned(parcels, RedisNode::now());
}

/// What waited for it was not delivered, and takes off if it can.
void Courier::abandon(std::uint64_t number) {
  const Flights::Flight flight = flights_.give_up(number);
  for (const Flights::Item& item : flight.under_way) abandon(parcel_of(flight, item));
  take_off_soon();
}

void Courier::abandon(const core::Parcel& parcel) {
  ++node_.counters().abandoned;
  node_.relay().on_abandoned(parcel, RedisNode::now());
}

void Courier::on_opened(std::string_view key, std::string_view dst) {
  give_back(flights_.take_waiting(key, dst));
}

std::vector<core::Inheritance::Sent> Courier::recall(core::Registration src,
                                                     Flights::Behind behind) {
  std::vector<core::Inheritance::Sent> all;
  for (const Flights::Flight& flight : flights_.take_waiting_from(src, behind)) {
    for (const Flights::Item& item : flight.waiting) {
      all.push_back({flight.dst, item.type, item.text, item.since, item.dst_mark});
    }
  }
  return all;
}

void Courier::give_up() {
  for (const Flights::Flight& flight : flights_.take_under_way()) {
    for (const Flights::Item& item : flight.under_way) abandon(parcel_of(flight, item));
    for (const Flights::Item& item : flight.waiting) {
      const core::Parcel parcel = parcel_of(flight, item);
      if (core::is_notice(item.type)) {
        flights_.add(parcel);
      } else {
        abandon(parcel);
      }
    }
  }
  take_off();
}

void Courier::on_unheard(std::string_view node) {
  if (RedisNode::now() >= looked_at_) on_gone(node);
}

/// It listens no more: of what went there nothing more is heard.
void Courier::on_gone(std::string_view node) {
  for (const std::uint64_t number : flights_.under_way_to(node)) abandon(number);
}

/// Redis knows at once when a process is killed, and then nobody listens to its channel any more.
void Courier::look_after_silent(core::Instant now) {
  if (now < looked_at_ + kSilence) return;
  looked_at_ = now;
  for (const std::string& node : flights_.nodes_silent_since(now - kSilence)) {
    node_.count_listeners(node, [this, node](long long count) {
      if (count == 0) return on_gone(node);
      for (const auto* flight : flights_.mark_silent(node, RedisNode::now() - kPatience)) {
        run_route(*flight, {});  // its receipt is to say what has become of it
      }
    });
  }
}

void Courier::on_delivery(const Delivery& delivery) {
  const core::Instant now = RedisNode::now();
  Origin& origin = origins_[std::string(delivery.origin)];
  std::deque<Seen>& seen = origin.seen;
  forget_old(seen, now);
  const auto place = std::ranges::lower_bound(seen, delivery.number, {},
                                              [](const Seen& each) { return each.receipt.number; });
  if (place != seen.end() && place->receipt.number == delivery.number) {
    ++node_.counters().repeated;
    return give_receipt(origin, place->receipt);
  }
  const Receipts::Item receipt = take_in(delivery);
  seen.insert(place, {receipt, now});
  give_receipt(origin, receipt);
  // If Redis takes the destination to be here, the origin would try for ever.
  if (!receipt.is_accepted && node_.link().is_up()) {
    node_.free_id(delivery.key, delivery.dst);
  }
}

void Courier::forget_old(std::deque<Seen>& seen, core::Instant now) {
  while (!seen.empty() && seen.front().time + kMemory < now) seen.pop_front();
}

/// All of it is for one destination, which is here or not. What it says of that holds for all of
/// the messages in it, or not at all.
Receipts::Item Courier::take_in(const Delivery& delivery) {
  const core::Instant now = RedisNode::now();
  std::optional<std::uint32_t> dst_mark;
  for (const Delivery::Item& item : delivery.items) {
    const core::Parcel parcel{delivery.key, item.src,  {.mark = item.mark}, delivery.dst,
                              item.type,    item.text, item.since,          item.dst_mark};
    const auto handed_to = node_.relay().deliver(parcel, now);
    if (!handed_to) return {delivery.number, false};
    ++node_.counters().received;
    if (!core::is_notice(item.type)) {
      dst_mark = dst_mark.value_or(*handed_to) == *handed_to ? *handed_to : 0;
    }
  }
  return {delivery.number, true, dst_mark.value_or(0)};
}

/// Together with those of the same turn, or of the time in which none can be sent.
void Courier::give_receipt(Origin& origin, Receipts::Item item) {
  origin.receipts.push_back(item);
  if (std::exchange(receipts_posted_, true)) return;
  boost::asio::post(io_, [this, alive = std::weak_ptr(alive_)] {
    if (!alive.expired()) send_receipts();
  });
}

void Courier::send_receipts() {
  receipts_posted_ = false;
  if (!node_.link().is_up()) return;
  for (auto& [name, origin] : origins_) {
    if (origin.receipts.empty()) continue;
    node_.publish(name, to_text(Receipts{node_.name(), std::exchange(origin.receipts, {})}));
  }
}

void Courier::on_arrival(const Arrived& arrived) {
  flights_.on_arrival(arrived.key, arrived.id);
  node_.relay().on_arrival(arrived.key, arrived.id);
}

void Courier::on_up() {
  looked_at_ = RedisNode::now() + kOthersReturn;
  send_receipts();
  flights_.relaunch_bounced();  // of what has not been delivered there is no doubt
  for (const Flights::Flight* const flight : flights_.doubt_all()) send(*flight);
  take_off_soon();
}

/// What is under way may have arrived. What has bounced has not, nor what waits; that is for its
/// destination if this comes here meanwhile.
void Courier::on_down() {
  flights_.relaunch_bounced();
  give_back_ready();
  for (const Flights::Flight& flight : flights_.take_waiting()) give_back(flight);
}

void Courier::tick(core::Instant now) {
  if (node_.link().is_up()) {
    flights_.relaunch_bounced();
    take_off();
    if (now >= turned_at_ + kTurnedPause) {
      turned_at_ = now;
      for (const Flights::Flight* const flight : flights_.take_turned()) send(*flight);
    }
    for (const auto& [key, dst] : std::exchange(refused_, {})) node_.relay().try_again(key, dst);
    look_after_silent(now);
  }
  const core::Duration doubt = std::clamp(expire_timeout_, kShortestDoubt, kLongestDoubt);
  for (const std::uint64_t number : flights_.older_than(now - doubt)) abandon(number);
  for (auto& [name, origin] : origins_) forget_old(origin.seen, now);
  std::erase_if(origins_, [](const auto& each) {
    return each.second.seen.empty() && each.second.receipts.empty();
  });
}

}  // namespace peerjsd::cluster
