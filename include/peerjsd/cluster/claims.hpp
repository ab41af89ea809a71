#pragma once

#include "peerjsd/cluster/courier.hpp"
#include "peerjsd/cluster/departures.hpp"
#include "peerjsd/cluster/redis_node.hpp"
#include "peerjsd/core/relay.hpp"

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace peerjsd::cluster {

/// The ids of this node's peers: those that are asked for, and those that have to be asked for once
/// more because Redis may not know them any longer.
class Claims {
 public:
  Claims(RedisNode& node, Courier& courier);

  /// Relay::settle() follows, for the latest by on_down().
  void claim(const core::Peer& peer);

  /// The client of a peer that waits for its answer has come once more.
  void on_return(const core::Peer& peer);

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
  void send_departures() { departures_.send_all(); }

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
    std::string token;      // its digest
    std::size_t asked = 0;  // and not answered
    bool is_granted = false;
    bool has_predecessor = false;  // a node that lives, and sends a bequest
    bool has_bequest = false;      // which may come before the answer
    core::Admission answer = core::Admission::Opened;
    core::Inheritance inheritance;
    bool has_moved = false;     // to yet another node
    bool is_withdrawn = false;  // but what it had may come with the answer
    core::Instant since{};      // granted, by RedisLink::patience()
  };

  /// Of one key and bucket.
  struct Batch {
    std::string key;
    std::size_t bucket = 0;
    std::vector<core::Claim> claims;
  };

  void ask_for(Pending& pending);
  void on_answer(core::Registration registration, const redisReply& reply);
  void settle_if_complete(core::Registration registration);
  void settle(core::Registration registration, core::Admission answer);
  bool is_complete(const Pending& pending) const;
  void put_aside(Pending& pending);
  core::Inheritance take_inheritance(const core::Peer& peer);
  void hand_over(const Moved& moved, core::Inheritance inheritance);
  void give_back(const core::Peer& peer, core::Inheritance inheritance);
  void ask_for_batches();
  void ask_for(const Batch& batch);
  void on_answers(const Batch& batch, const redisReply& reply);

  RedisNode& node_;
  Courier& courier_;
  std::map<core::Registration, Pending> pending_;
  Departures departures_;
  std::deque<Batch> batches_;
  std::size_t batches_sent_ = 0;  // and not answered
};

}  // namespace peerjsd::cluster
