#pragma once

#include "peerjsd/cluster/claims.hpp"
#include "peerjsd/cluster/courier.hpp"
#include "peerjsd/cluster/directory.hpp"
#include "peerjsd/cluster/lease.hpp"
#include "peerjsd/cluster/redis_node.hpp"
#include "peerjsd/core/backend.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

namespace peerjsd::cluster {

/// Nodes that find each other, and each other's peers, by a Redis: docs/cluster.md.
class RedisBackend final : public core::Backend {
 public:
  struct Options {
    bool accepts_while_down = true;  ///< new peers, while Redis cannot be reached
    core::Duration expire_timeout{};
    Flights::Limits limits{};
  };

  /// `hash_key`: see core::KeyedHash.
  RedisBackend(boost::asio::io_context& io, const RedisUrl& url, Options options,
               const core::HashKey& hash_key);

  /// The relay that this is the backend of. To be called before anything else, once.
  void set_relay(core::Relay& relay) { node_.set_relay(relay); }

  void set_options(const Options& options);

  /// To be called often. The first call begins to connect.
  void tick(core::Instant now);

  /// For a server that takes in nobody any more: whether nothing is under way, to other nodes or
  /// from them, that it would take along to its end. To be asked again and again.
  bool is_quiet();

  /// Says goodbye to the other nodes: what this one had is free. The loop can end when Redis has
  /// been told so, or has taken too long.
  void stop();

  bool is_up() const { return !is_stopping_ && node_.link().is_up(); }
  bool accepts_while_down() const { return options_.accepts_while_down; }

  /// It has never been up, and Redis says that it is not to be: it is not away.
  bool is_misconfigured() const { return is_misconfigured_; }

  /// See RedisNode.
  const std::string& node() const { return node_.name(); }
  const ClusterCounters& counters() const { return node_.counters(); }

  /// Messages under way, in bytes.
  std::size_t bytes_under_way() const { return courier_.bytes(); }
  std::size_t bytes_unsent() const { return node_.link().unsent_bytes(); }

  /// Of which questions may be asked while it is up.
  Directory& directory() { return directory_; }

  // core::Backend
  Answer claim(const core::Peer& peer) override;
  void on_return(const core::Peer& peer) override;
  void release(const core::Peer& peer) override;
  bool bequeath(const core::Peer& peer, const TakeInheritance& take) override;
  Forwarding forward(const core::Parcel& parcel) override;
  bool has_under_way(std::string_view key, std::string_view dst) const override {
    return courier_.has_under_way(key, dst);
  }
  bool has_under_way_from(core::Registration src) const override {
    return courier_.has_under_way_from(src);
  }
  void adopt(core::Registration from, core::Registration to) override { courier_.adopt(from, to); }
  bool list(std::string_view key, OnList on_list) override;

 private:
  void give_up_returned();
  void on_up();
  void on_down(const std::string& why);
  void on_message(std::string_view text);

  void on(std::monostate) const;
  void on(const Delivery& delivery) { courier_.on_delivery(delivery); }
  void on(const Receipts& receipts) { courier_.on_receipts(receipts); }
  void on(const Arrived& arrived) { courier_.on_arrival(arrived); }
  void on(const Moved& moved) { claims_.on_moved(moved); }
  void on(const Challenged& challenged);
  void on(const Dismissed& dismissed);
  void on(const Fence&) { fence_ = FenceState::Passed; }
  void on(const Bequest& bequest) { claims_.on_bequest(bequest); }

  RedisNode node_;
  Options options_;
  Courier courier_;
  Claims claims_;
  Lease lease_;
  Directory directory_;
  bool has_been_up_ = false;
  bool is_misconfigured_ = false;
  bool is_away_ = false;                // the operator has been told so
  bool is_cause_told_ = false;          // and why
  std::optional<core::Instant> begun_;  // the first tick
  enum class FenceState : std::uint8_t { None, Sent, Passed };
  FenceState fence_ = FenceState::None;
  bool is_stopping_ = false;
  boost::asio::steady_timer farewell_;
};

}  // namespace peerjsd::cluster
