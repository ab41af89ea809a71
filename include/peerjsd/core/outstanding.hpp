#pragma once

#include "peerjsd/core/keyed_hash.hpp"
#include "peerjsd/core/message.hpp"
#include "peerjsd/core/peer.hpp"
#include "peerjsd/core/time.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

namespace peerjsd::core {

/// Messages kept for absent peers of one realm.
///
/// What one sender has sent to one destination is an *attempt*. It runs out `expire_timeout` after
/// its first message: the sender is told so once (EXPIRE) and all of it is dropped. What follows
/// within another `expire_timeout` (but at least kShortestTail) is the attempt's tail and is
/// dropped without a word; an OFFER, though, or a message of an app's own, starts a new attempt.
///
/// LEAVE and EXPIRE wait for as long, but they are no attempt to reach anybody, and belong to none
/// that has run out: who sent nothing else is not told.
class Outstanding {
 public:
  /// In bytes: texts and ids, and kOverhead for each message and each attempt.
  struct Limits {
    std::size_t per_destination;
    std::size_t per_sender;
    std::size_t total;
  };

  static constexpr std::size_t kOverhead = 256;

  /// A call is an OFFER and the CANDIDATEs after it: even where expire_timeout is 0 they are one
  /// attempt, and cause one EXPIRE.
  static constexpr Duration kShortestTail = std::chrono::seconds(1);

  enum class Verdict : std::uint8_t {
    Kept,
    Dropped,  ///< its attempt has already run out; or it is no attempt, and there is no room
    Refused,  ///< with its attempt: no room, or expire_timeout is 0. Owed an EXPIRE
  };

  struct Sender {
    std::string_view id;
    Registration registration;
  };

  struct Message {
    MessageType type;
    std::string text;
    std::string src;
    Registration registration;
    Instant since;               ///< its attempt waits
    std::uint64_t order = 0;     ///< see arrived()
    std::uint32_t dst_mark = 0;  ///< see Parcel
  };

  /// A message of a sender.
  struct Sent {
    std::string dst_json;
    MessageType type;
    std::string text;
    Instant since;               ///< its attempt waits
    std::uint32_t dst_mark = 0;  ///< see Parcel
  };

  /// An attempt that ran out: whom to tell, and which destination (as JSON) it was for.
  struct Expired {
    std::string src;
    Registration registration;
    std::string dst_json;
  };

  Outstanding(Limits limits, Duration expire_timeout, const HashKey& hash_key)
      : limits_(limits), expire_timeout_(expire_timeout), destinations_(0, KeyedHash(hash_key)) {}

  /// From now on. What is kept already stays.
  void set_limits(Limits limits, Duration expire_timeout) {
    limits_ = limits;
    expire_timeout_ = expire_timeout;
  }

  /// `since`: when it was sent. It may have been elsewhere meanwhile. `dst_mark`: see Parcel.
  Verdict keep(Sender sender, std::string_view dst_json, MessageType type, std::string text,
               Instant since, std::uint32_t dst_mark = 0);

  /// Whether something waits that this sender has sent there.
  bool holds(std::string_view dst_json, Registration sender) const;

  /// What is here of one registration counts as that of another, under which its peer is known from
  /// now on. What either has sent to one destination is one attempt then; it has run out if both
  /// have. The destinations of what was of the first, as JSON.
  std::vector<std::string> adopt(Registration from, Registration to);

  /// Whether anything is here of that sender, be it that it has run out.
  bool has_from(Registration sender) const { return sender_bytes_.contains(sender); }

  /// Keeps nothing more of an attempt, which begins with this message if there was none. True: it
  /// is owed an EXPIRE.
  bool give_up(Sender sender, std::string_view dst_json, MessageType type, Instant now);

  /// How many messages have been kept so far. What comes now, but is not kept here, comes before
  /// one with this order, and after those with a lower one.
  std::uint64_t arrived() const { return order_; }

  /// What had arrived for a destination before `order` comes after all that is there now. Its
  /// orders as they were, ascending, and as they are.
  std::vector<std::pair<std::uint64_t, std::uint64_t>> put_behind(std::string_view dst_json,
                                                                  std::uint64_t order);

  /// Keeps a LEAVE that came in this order, whether there is room or not, behind what had come
  /// before it of the same sender. False: nothing of that is here.
  bool keep_behind(Registration sender, std::string_view dst_json, std::uint64_t order,
                   std::string text, Instant since, std::uint32_t dst_mark);

  /// For which something waits, as JSON.
  std::vector<std::string> destinations() const;

  /// The destination has been there: what follows belongs to none of the attempts that ran out.
  void end_tails(std::string_view dst_json);

  /// All that waits for a destination, in the order of arrival. Ends the attempts.
  std::vector<Message> take(std::string_view dst_json);

  /// Offers what waits for a destination, in the order of arrival, and keeps no longer what is
  /// taken. Of a sender of whom something is not taken, neither is what follows; it goes on
  /// waiting, for no longer than before. `take` must not call this object.
  void offer(std::string_view dst_json, const std::function<bool(const Message&)>& take);

  /// All of a sender that waits, in the order of arrival.
  std::vector<Sent> take_from(Registration sender);

  /// The next attempt that has run out by `now`, oldest first.
  std::optional<Expired> expire_next(Instant now);

  std::size_t bytes() const { return bytes_; }
  bool empty() const { return destinations_.empty(); }
  bool has_waiting() const { return !waiting_.empty(); }

 private:
  struct Kept {
    std::uint64_t order;
    Instant since;
    MessageType type;
    std::uint32_t dst_mark;
    std::string text;
  };

  struct Attempt {
    Instant since{};          // it waits, or has run out
    std::uint64_t place = 0;  // among those since the same time
    std::string src;
    Registration registration{};
    std::string dst_json;
    std::vector<Kept> messages;
    std::size_t bytes = 0;  // what it costs in all
    bool ran_out = false;
  };

  struct Destination {
    std::map<Registration, Attempt> attempts;
    std::size_t bytes = 0;
  };

  struct Older {
    bool operator()(const Attempt* a, const Attempt* b) const {
      return std::tie(a->since, a->place) < std::tie(b->since, b->place);
    }
  };

  /// Not a DeadlineQueue: what comes from elsewhere has waited already, and there may be much of
  /// it.
  using Queue = std::set<Attempt*, Older>;

  static Attempt* first_due(const Queue& queue, Instant now, Duration delay);
  void enqueue(Attempt& attempt, Instant since);
  void dequeue(Attempt& attempt);

  static std::size_t cost_of_attempt(Sender sender, std::string_view dst_json);

  /// Whether what a sender may have waiting counts. Of a LEAVE to each of its partners it does not.
  enum class Share : std::uint8_t { OfSender, Any };
  bool has_room(std::string_view dst_json, Registration sender, std::size_t bytes,
                Share share = Share::OfSender) const;

  Attempt* find(std::string_view dst_json, Registration sender);
  Duration tail() const { return std::max(expire_timeout_, kShortestTail); }
  bool belongs_to(const Attempt& attempt, MessageType type, Instant time) const;
  Attempt& start(Sender sender, std::string_view dst_json, Instant now);
  void refuse(Sender sender, std::string_view dst_json, Instant now);
  void run_out(Attempt& attempt, Instant now);
  void drop_notices(Attempt& attempt, Instant now);
  template <class IsDropped>
  void drop(Attempt& attempt, IsDropped is_dropped);
  void forget(Attempt& attempt);
  void join(Attempt old, Registration sender);
  void drop_first(Attempt& attempt, std::size_t count);
  void charge(Attempt& attempt, std::size_t bytes);
  void release(Attempt& attempt, std::size_t bytes);

  Limits limits_;
  Duration expire_timeout_;
  std::unordered_map<std::string, Destination, KeyedHash, std::equal_to<>>
      destinations_;  // by dst_json
  std::unordered_map<Registration, std::size_t> sender_bytes_;
  Queue waiting_;
  Queue ran_out_;
  std::size_t bytes_ = 0;
  std::uint64_t order_ = 0;
  std::uint64_t places_ = 0;
};

}  // namespace peerjsd::core
