#include "peerjsd/cluster/courier.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include <boost/asio/post.hpp>

namespace peerjsd::cluster {
namespace {

/// What is noted in Redis as waiting stays noted for so much longer than it waits.
constexpr core::Duration kMargin = std::chrono::seconds(10);

constexpr core::Duration kShortestDoubt = std::chrono::seconds(1);

constexpr std::size_t kMostOrigins = 256;
constexpr core::Duration kOriginMemory = std::chrono::minutes(10);

core::Parcel parcel_of(const Flights::Flight& flight, const Flights::Item& item) {
  return {flight.key, item.src, item.registration, flight.dst, item.type, item.text};
}

}  // namespace

bool Courier::forward(const core::Parcel& parcel) {
  if (!flights_.add(parcel)) return false;
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

void Courier::take_off() {
  if (!node_.link().is_up()) return;
  while (const Flights::Flight* const flight = flights_.take_off(RedisNode::now())) send(*flight);
}

void Courier::send(const Flights::Flight& flight) {
  Delivery delivery{node_.name(), flight.number, flight.key, flight.dst, {}};
  for (const Flights::Item& item : flight.under_way) {
    delivery.items.push_back({item.src, item.type, item.text});
  }
  const std::string waits = expire_timeout_ == core::Duration::zero()
                                ? "0"
                                : std::to_string((expire_timeout_ + kMargin).count());
  node_.run(Script::Route, bucket_of(flight.dst), flight.key,
            {flight.key, node_.name(), flight.dst, to_text(delivery), waits},
            [this, number = flight.number](const redisReply& reply) {
              on_answer(number, reply.type == REDIS_REPLY_INTEGER && reply.integer > 0);
            });
}

void Courier::on_answer(std::uint64_t number, bool is_delivered) {
  if (is_delivered) {
    const Flights::Flight flight = flights_.land(number);
    node_.counters().delivered += flight.under_way.size();
    for (const Flights::Item& item : flight.under_way) {
      node_.relay().on_delivered(parcel_of(flight, item));
    }
  } else {
    give_back(flights_.turn_back(number));
  }
  take_off_soon();
}

void Courier::give_back(const Flights::Flight& flight) {
  const core::Instant now = RedisNode::now();
  const auto return_item = [&](const Flights::Item& item) {
    ++node_.counters().returned;
    node_.relay().on_returned(parcel_of(flight, item), now);
  };
  std::ranges::for_each(flight.under_way, return_item);
  std::ranges::for_each(flight.waiting, return_item);
}

/// Of what waited for it, it is known that it was not delivered.
void Courier::abandon(const Flights::Flight& flight) {
  const core::Instant now = RedisNode::now();
  for (const Flights::Item& item : flight.under_way) {
    ++node_.counters().abandoned;
    node_.relay().on_abandoned(parcel_of(flight, item), now);
  }
  for (const Flights::Item& item : flight.waiting) {
    ++node_.counters().returned;
    node_.relay().on_returned(parcel_of(flight, item), now);
  }
}

void Courier::on_delivery(const Delivery& delivery) {
  const core::Instant now = RedisNode::now();
  Origin& origin = origins_[std::string(delivery.origin)];
  origin.heard = now;
  if (delivery.number <= origin.number) {
    ++node_.counters().repeated;
    return;
  }
  origin.number = delivery.number;
  for (const Delivery::Item& item : delivery.items) {
    ++node_.counters().received;
    node_.relay().deliver({delivery.key, item.src, {}, delivery.dst, item.type, item.text}, now);
  }
  forget_silent_origins();
}

void Courier::forget_silent_origins() {
  if (origins_.size() <= kMostOrigins) return;
  const core::Instant now = RedisNode::now();
  std::erase_if(origins_,
                [now](const auto& each) { return each.second.heard + kOriginMemory < now; });
}

void Courier::on_arrival(const Arrived& arrived) {
  flights_.on_arrival(arrived.key, arrived.id);
  node_.relay().on_arrival(arrived.key, arrived.id, RedisNode::now());
}

void Courier::on_up() {
  for (const Flights::Flight* const flight : flights_.under_way()) send(*flight);
  take_off_soon();
}

void Courier::on_down() {
  while (const auto flight = flights_.take_ready()) give_back(*flight);
}

void Courier::tick(core::Instant now) {
  const core::Duration doubt = std::max(expire_timeout_, kShortestDoubt);
  while (const auto flight = flights_.take_older_than(now - doubt)) abandon(*flight);
}

}  // namespace peerjsd::cluster
