#pragma once

#include "peerjsd/cluster/courier.hpp"
#include "peerjsd/cluster/redis_node.hpp"
#include "peerjsd/core/inheritance.hpp"
#include "peerjsd/core/peer.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace peerjsd::cluster {

/// Peers that have gone on to another node, or may come back there, and what each is to get there.
/// That is sent when what the peer had sent from here has arrived, or has come back and goes along;
/// but soon, for it is waited for. What comes back later goes after it.
class Departures {
 public:
  struct Departure {
    std::string key;
    std::string id;
    std::string token;                               // its digest
    std::optional<core::Registration> registration;  // none: it was not here
    core::Inheritance inheritance;
    core::Instant since{};
  };

  /// The peer is here again before that was sent.
  using OnReturn = std::function<void(const core::Peer& peer, core::Inheritance inheritance)>;

  Departures(RedisNode& node, Courier& courier, OnReturn on_return)
      : node_(node), courier_(courier), on_return_(std::move(on_return)) {}

  void add(Departure departure);

  bool has(std::string_view key, std::string_view id, std::string_view token) const;
  bool empty() const { return waiting_.empty(); }

  /// Somebody here asks for the id: it is free from now on if nobody gets it.
  void let_go_of(std::string_view key, std::string_view id);

  void send_due(core::Instant now);

  /// There is no more time to wait for anything.
  void send_all();

 private:
  struct Waiting {
    Departure departure;
    std::optional<RedisNode::Hold> hold;  // until it is sent
    bool was_sent = false;                // but something may still come back
  };

  void recall(Departure& departure);
  bool settle(Waiting& waiting, core::Instant now);
  void wait_here(Departure& departure, core::Instant now);
  bool has_under_way(const Departure& departure) const;
  core::Inheritance take_inheritance(Departure& departure);
  void send(Waiting& waiting);

  RedisNode& node_;
  Courier& courier_;
  const OnReturn on_return_;
  std::vector<Waiting> waiting_;  // of which something is under way, or Redis is away
};

}  // namespace peerjsd::cluster
