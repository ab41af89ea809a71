#pragma once

#include "peerjsd/cluster/envelope.hpp"
#include "peerjsd/cluster/redis_link.hpp"
#include "peerjsd/cluster/redis_url.hpp"
#include "peerjsd/cluster/scripts.hpp"
#include "peerjsd/core/relay.hpp"

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>

namespace peerjsd::cluster {

/// What has happened so far.
struct ClusterCounters {
  std::uint64_t outages = 0;
  std::uint64_t commands = 0;     ///< scripts run, and what was published
  std::uint64_t delivered = 0;    ///< messages to other nodes
  std::uint64_t returned = 0;     ///< messages whose destination was absent
  std::uint64_t abandoned = 0;    ///< messages of which nobody knows what became of them
  std::uint64_t received = 0;     ///< messages from other nodes
  std::uint64_t repeated = 0;     ///< deliveries that had come before
  std::uint64_t handed_over = 0;  ///< peers that resumed on another node
  std::uint64_t displaced = 0;    ///< peers that lost their id to another
};

/// This node as the others see it, and its way to them. What the parts of the backend share.
class RedisNode {
  using Ids = std::multiset<std::pair<std::string, std::string>>;  // with their keys

 public:
  /// Keeps an id whose peer has gone, for as long as it exists: what the peer had is to follow.
  class Hold {
   public:
    Hold(RedisNode& node, std::string_view key, std::string_view id)
        : ids_(&node.held_), place_(ids_->emplace(key, id)) {}
    Hold(Hold&& other) noexcept : ids_(std::exchange(other.ids_, nullptr)), place_(other.place_) {}
    Hold& operator=(Hold&& other) noexcept {
      std::swap(ids_, other.ids_);
      std::swap(place_, other.place_);
      return *this;
    }
    ~Hold() {
      if (ids_ != nullptr) ids_->erase(place_);
    }

   private:
    Ids* ids_;
    Ids::iterator place_;
  };

  RedisNode(boost::asio::io_context& io, const RedisUrl& url, RedisLink::Events events);

  /// Of this process, and of no other ever; 16 hexadecimal digits.
  const std::string& name() const { return name_; }

  RedisLink& link() { return link_; }
  const RedisLink& link() const { return link_; }

  /// set_relay() is to be called before.
  core::Relay& relay() { return *relay_; }
  void set_relay(core::Relay& relay) { relay_ = &relay; }

  ClusterCounters& counters() { return counters_; }
  const ClusterCounters& counters() const { return counters_; }

  static core::Instant now() { return RedisConnection::now(); }

  // Only while the link is up.

  /// A script about ids of a key, all of one bucket. Puts the bucket's prefix before `arguments`.
  void run(Script script, std::size_t bucket, std::string_view key,
           std::span<const std::string_view> arguments, RedisLink::OnReply on_reply);
  void run(Script script, std::size_t bucket, std::string_view key,
           std::initializer_list<std::string_view> arguments, RedisLink::OnReply on_reply) {
    run(script, bucket, key, std::span(arguments.begin(), arguments.size()), std::move(on_reply));
  }

  void publish(std::string_view node, const std::string& envelope);

  /// Asks how many listen to what is published to that node: 0 or 1.
  void count_listeners(const std::string& node, std::function<void(long long)> on_count);

  /// The id is this node's no longer, if it was; but not while there is a Hold on it.
  void free_id(std::string_view key, std::string_view id);

  /// The same, whatever holds it; and what its peer had goes to the node on which it is. If it is
  /// on none, that waits for it for a minute, but for `kept`, which its senders are to hear of: it
  /// is on_absent() that gets it back.
  using OnAbsent = std::function<void(const std::vector<core::Inheritance::Kept>& kept)>;
  void bequeath(Bequest bequest, OnAbsent on_absent);

  /// In ms since 1970, for other nodes to compare: their clocks agree by a second or so.
  static std::string to_time(core::Instant instant);

 private:
  const std::string name_;
  Ids held_;
  RedisLink link_;
  core::Relay* relay_ = nullptr;
  ClusterCounters counters_;
};

}  // namespace peerjsd::cluster
