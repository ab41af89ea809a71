#pragma once

#include "peerjsd/cluster/courier.hpp"
#include "peerjsd/cluster/redis_node.hpp"
#include "peerjsd/core/relay.hpp"

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace peerjsd::cluster {

/// 32 hexadecimal digits by which nodes know a peer's token, but do not find it out.
std::string digest_of(const core::Peer& peer);

/// The ids of this node's peers: those that are asked for, and those that have to be asked for once
/// more because Redis may not know them any longer.
class Claims {
 public:
  Claims(RedisNode& node, Courier& courier) : node_(node), courier_(courier) {}

  /// Relay::settle() follows, for the latest by on_down().
  void claim(const core::Peer& peer);

  /// The peer has gone, and its answer with it.
  void withdraw(const core::Peer& peer);

  /// What a peer takes along has come from where it was.
  void on_bequest(const Bequest& bequest);

  /// The peer has gone because the server stops, and may come back elsewhere: there it gets what it
  /// had here, when what it has sent has arrived.
  void bequeath(const core::Peer& peer, const core::Inheritance& inheritance);

  /// Whether all who have gone on have got what they had.
  bool is_quiet() const { return departures_.empty(); }

  /// There is no more time to wait for anything.
  void send_departures();

  /// The peer has resumed on another node: gives it what it had here, or, where that is still to
  /// come from yet another one, what it will have had.
  void on_moved(const Moved& moved);

  /// Asks for everybody's id once more; of one bucket, or of all.
  void reclaim(std::optional<std::size_t> bucket);

  /// Whoever waits for an answer gets this one: Opened or Unavailable. Who has it already waits no
  /// longer.
  void on_down(core::Admission answer);

  /// Asks for those that wait.
  void on_up();

  void tick(core::Instant now);

 private:
  struct Pending {
    core::Claim claim;
    std::string token;  // its digest
    bool is_granted = false;
    bool has_predecessor = false;  // a node that lives, and sends a bequest
    bool has_bequest = false;      // which may come before the answer
    core::Admission answer = core::Admission::Opened;
    core::Inheritance inheritance;
    bool has_moved = false;     // to yet another node
    bool is_withdrawn = false;  // but what it had may come with the answer
    core::Instant since{};      // granted
  };

  /// A peer that has resumed on another node, and is to get there what it had.
  struct Departure {
    std::string key;
    std::string id;
    std::string token;                               // its digest
    std::optional<core::Registration> registration;  // none: it was not here
    core::Inheritance inheritance;
    core::Instant since{};
    std::optional<RedisNode::Hold> hold;
  };

  /// Of one key and bucket.
  struct Batch {
    std::string key;
    std::size_t bucket = 0;
    std::vector<core::Claim> claims;
  };

  void ask_for(const Pending& pending);
  void on_answer(core::Registration registration, const redisReply& reply);
  void settle_if_complete(core::Registration registration);
  void settle(core::Registration registration, core::Admission answer);
  bool is_complete(const Pending& pending, core::Instant now) const;
  void put_aside(Pending& pending);
  core::Inheritance take_inheritance(const core::Peer& peer);
  void hand_over(const Moved& moved, core::Inheritance inheritance);
  void depart(Departure departure);
  void send_due_departures(core::Instant now);
  bool is_done_with(Departure& departure, core::Instant now);
  void give_back(Departure& departure, const core::Peer& peer);
  void send_estate(Departure& departure);
  core::Inheritance estate_of(Departure& departure);
  bool is_leaving(const Moved& moved) const;
  void ask_for_batches();
  void ask_for(const Batch& batch);
  void on_answers(const Batch& batch, const redisReply& reply);

  RedisNode& node_;
  Courier& courier_;
  std::map<core::Registration, Pending> pending_;
  std::vector<Departure> departures_;  // of which something is under way, or Redis is away
  std::deque<Batch> batches_;
  std::size_t batches_sent_ = 0;  // and not answered
};

}  // namespace peerjsd::cluster
