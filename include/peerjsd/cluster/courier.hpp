#pragma once

#include "peerjsd/cluster/flights.hpp"
#include "peerjsd/cluster/redis_node.hpp"
#include "peerjsd/core/inheritance.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>

namespace peerjsd::cluster {

/// Messages to and from other nodes.
///
/// Who gets a delivery says whether its destination was there, and only then the next one for that
/// destination follows. A delivery of which nothing has been heard before the link broke is made
/// again, with its number, when the link is back, and once more where the other node is silent; who
/// has had it drops it and says so.
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

  bool has_under_way(std::string_view key, std::string_view dst) const {
    return flights_.has(key, dst);
  }

  /// A peer has gone: takes out what it has sent and what has certainly not been delivered, in
  /// order for each destination.
  std::vector<core::Inheritance::Sent> recall(core::Registration src, Flights::Behind behind);

  /// A peer has come back: what is under way of it is its own again.
  void adopt(core::Registration from, core::Registration to) { flights_.adopt(from, to); }

  /// Whether something of that peer has not arrived yet.
  bool has_under_way_from(core::Registration src) const { return flights_.has_from(src); }

  void on_delivery(const Delivery& delivery);
  void on_receipts(const Receipts& receipts);
  void on_arrival(const Arrived& arrived);

  /// The destination is here now, whether or not all has come that is under way to where it was:
  /// what waits for that does so no longer.
  void on_opened(std::string_view key, std::string_view dst);

  /// That node did not listen just now. It is not taken for dead where its way may have broken
  /// together with this node's own.
  void on_unheard(std::string_view node);

  /// There is no more time: what has not arrived, as far as is known, is given up. Sends the rest.
  void give_up();

  void on_up();
  void on_down();
  void tick(core::Instant now);

  std::size_t bytes() const { return flights_.bytes(); }

 private:
  /// A delivery that has come.
  struct Seen {
    Receipts::Item receipt;
    core::Instant time;
  };
  struct Origin {
    std::deque<Seen> seen;                 // by their numbers, for as long as they may come again
    std::vector<Receipts::Item> receipts;  // to be sent
  };

  void take_off_soon();
  void take_off();
  void send(const Flights::Flight& flight);
  void run_route(const Flights::Flight& flight, RedisLink::OnReply on_reply);
  void on_absent(std::uint64_t number);
  void on_accepted(const Receipts::Item& receipt);
  void on_bounced(std::uint64_t number);
  Receipts::Item take_in(const Delivery& delivery);
  void give_receipt(Origin& origin, Receipts::Item item);
  void send_receipts();
  void give_back_ready();
  void give_back(const Flights::Flight& flight);
  void abandon(std::uint64_t number);
  void abandon(const core::Parcel& parcel);
  void on_gone(std::string_view node);
  void look_after_silent(core::Instant now);
  static void forget_old(std::deque<Seen>& seen, core::Instant now);

  boost::asio::io_context& io_;
  RedisNode& node_;
  Flights flights_;
  core::Duration expire_timeout_{};
  std::set<std::pair<std::string, std::string>> refused_;  // key and destination without room
  std::unordered_map<std::string, Origin> origins_;
  core::Instant looked_at_{};
  core::Instant turned_at_{};
  bool take_off_posted_ = false;
  bool receipts_posted_ = false;
  std::shared_ptr<int> alive_ = std::make_shared<int>();
};

}  // namespace peerjsd::cluster
