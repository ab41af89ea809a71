#pragma once

#include "peerjsd/core/backend.hpp"
#include "peerjsd/core/keyed_hash.hpp"
#include "peerjsd/core/outstanding.hpp"
#include "peerjsd/core/time.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace peerjsd::cluster {

/// Messages that are on their way to other nodes, or wait for those before them.
///
/// For a destination one delivery is under way at a time; what comes meanwhile goes with the next.
/// So messages cannot overtake each other, and a burst is one command. No I/O of its own: it says
/// what to send, and is told what became of it.
class Flights {
 public:
  struct Item {
    std::string src;
    core::Registration registration;
    core::MessageType type;
    std::string text;
    core::Instant since;
    bool makes_partners = false;
    std::uint32_t dst_mark = 0;  ///< see core::Parcel
  };

  struct Flight {
    std::string key;
    std::string dst;
    std::uint64_t number = 0;     ///< of the delivery under way; 0: there is none
    std::string node;             ///< where that went; empty: not known yet
    std::vector<Item> under_way;  ///< what it carries
    std::deque<Item> waiting;     ///< for it to be done
    core::Instant since{};        ///< when the delivery was begun
    bool somebody_arrived = false;
    bool is_ready = false;
    bool is_in_doubt = false;  ///< it may have been delivered already
    bool was_repeated = false;
    bool has_bounced = false;
    std::size_t bytes = 0;
  };

  /// Here of texts, and kOverhead for each message.
  using Limits = core::Outstanding::Limits;

  Flights(Limits limits, const core::HashKey& hash_key)
      : limits_(limits), flights_(0, core::KeyedHash(hash_key)) {}

  void set_limits(Limits limits) { limits_ = limits; }

  /// False: there is no room.
  bool add(const core::Parcel& parcel);

  /// The next flight that has to take off, with a number of its own; nullptr: none. Good until the
  /// next call of anything else.
  const Flight* take_off(core::Instant now);

  /// All that are under way, in the order in which they took off, to be tried once more. From now
  /// on they are in doubt.
  std::vector<const Flight*> doubt_all();

  /// Those of them that have turned back since the last call of this or of doubt_all(), to be tried
  /// once more.
  std::vector<const Flight*> take_turned();

  /// Those that took off before `time` and went to that node, each once.
  std::vector<const Flight*> mark_silent(std::string_view node, core::Instant time);

  bool has(std::string_view key, std::string_view dst) const {
    return flights_.contains(name_of(key, dst));
  }

  bool has_from(core::Registration src) const { return senders_.contains(src); }

  /// It has gone to that node.
  void sent_to(std::uint64_t number, std::string_view node);

  /// The delivery has been made. What it carried, with its destination; empty if it is
  /// not known. What waited for it takes off next.
  Flight land(std::uint64_t number);

  /// The delivery is given up: what it carried, as of land(), but for LEAVE and EXPIRE. Those take
  /// off once more, before what waited: of them nobody would hear otherwise.
  Flight give_up(std::uint64_t number);

  /// The destination was absent. All that is for it, in order; empty if it is not known, if
  /// somebody has arrived there meanwhile, so that it takes off once more, or if it is in doubt, so
  /// that it is to be tried with this number.
  Flight turn_back(std::uint64_t number);

  /// Its destination had gone from where it was: takes off once more after relaunch_bounced().
  /// nullptr: it is not known. Good until the next call of anything.
  const Flight* bounce(std::uint64_t number);

  /// And has not taken off since.
  bool has_bounced(std::uint64_t number) const;

  /// One that has bounced, and whose destination is here by now: all that is for it, in order.
  /// Empty if it is not known.
  Flight take_bounced(std::uint64_t number);

  /// To be called now and then: not at once, for what says where it is may be wrong for a while.
  void relaunch_bounced();

  /// Somebody has arrived at a destination, perhaps after its absence was found.
  void on_arrival(std::string_view key, std::string_view dst);

  /// Takes out a flight that has not taken off.
  std::optional<Flight> take_ready();

  /// Takes out what waits for those that have, with their destinations.
  std::vector<Flight> take_waiting();

  /// The same of one destination only.
  Flight take_waiting(std::string_view key, std::string_view dst);

  enum class Behind : std::uint8_t { Others, Anybody };

  /// Takes out what waits of that sender, with its destinations, for those that have taken off.
  /// Behind others: not where one of its own is under way, which it has to follow.
  std::vector<Flight> take_waiting_from(core::Registration src, Behind behind);

  /// What is here of one registration counts as that of another, under which its peer is known now.
  void adopt(core::Registration from, core::Registration to);

  /// Takes out all that have taken off.
  std::vector<Flight> take_under_way();

  /// The deliveries that took off before `time`, oldest first.
  std::vector<std::uint64_t> older_than(core::Instant time) const;

  /// The nodes to which they went.
  std::set<std::string> nodes_silent_since(core::Instant time) const;

  /// The deliveries that went to that node, oldest first.
  std::vector<std::uint64_t> under_way_to(std::string_view node) const;

  std::size_t bytes() const { return bytes_; }

 private:
  using Place = std::map<std::uint64_t, Flight*>::iterator;

  static std::string name_of(std::string_view key, std::string_view dst);
  void make_ready(Flight& flight);
  void begin_anew(Place place);
  Flight take_waiting(Flight& flight);
  Flight take(Place place);
  Flight take(const Flight& flight);
  void count_out(const Item& item);

  Limits limits_;
  // By key and destination.
  std::unordered_map<std::string, Flight, core::KeyedHash, std::equal_to<>> flights_;
  std::deque<Flight*> ready_;
  std::map<std::uint64_t, Flight*> under_way_;
  std::vector<std::uint64_t> turned_;   // in doubt
  std::vector<std::uint64_t> bounced_;  // deliveries whose flights are to take off once more
  std::unordered_map<core::Registration, std::size_t> senders_;  // the bytes that each has here
  std::uint64_t last_number_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace peerjsd::cluster
