#pragma once

#include "peerjsd/cluster/flights.hpp"
#include "peerjsd/cluster/redis_node.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

#include <boost/asio/io_context.hpp>

namespace peerjsd::cluster {

/// Messages to and from other nodes.
///
/// A delivery of which no answer came before the link broke is made again, with its number, when
/// the link is back. As all that a node sends is numbered and comes in order, who has had a number
/// has had all below, and drops what comes again.
class Courier {
 public:
  Courier(boost::asio::io_context& io, RedisNode& node, Flights::Limits limits,
          const core::HashKey& hash_key)
      : io_(io), node_(node), flights_(limits, hash_key) {}

  void set_limits(Flights::Limits limits) { flights_.set_limits(limits); }

  /// For how long what returns waits for its destination.
  void set_expire_timeout(core::Duration timeout) { expire_timeout_ = timeout; }

  /// Only while the link is up. False: there is no room.
  bool forward(const core::Parcel& parcel);

  void on_delivery(const Delivery& delivery);
  void on_arrival(const Arrived& arrived);

  void on_up();
  void on_down();
  void tick(core::Instant now);

  std::size_t bytes() const { return flights_.bytes(); }

 private:
  struct Origin {
    std::uint64_t number = 0;  // of the last delivery that came from there
    core::Instant heard{};
  };

  void take_off_soon();
  void take_off();
  void send(const Flights::Flight& flight);
  void on_answer(std::uint64_t number, bool is_delivered);
  void give_back(const Flights::Flight& flight);
  void abandon(const Flights::Flight& flight);
  void forget_silent_origins();

  boost::asio::io_context& io_;
  RedisNode& node_;
  Flights flights_;
  core::Duration expire_timeout_{};
  std::unordered_map<std::string, Origin> origins_;
  bool take_off_posted_ = false;
  std::shared_ptr<int> alive_ = std::make_shared<int>();
};

}  // namespace peerjsd::cluster
