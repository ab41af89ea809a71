#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>

namespace peerjsd::hooks {

/// Events on their way to somebody, in order: the first of them under way together, as a batch, the
/// others waiting. Beyond its bounds the oldest that waits is dropped; but events of which anybody
/// can cause as many as he likes get no more than half of it, and are dropped themselves.
class EventQueue {
 public:
  static constexpr std::size_t kMostInBatch = 100;

  /// Of a batch of more than one: services take bodies of 100 KB at least.
  static constexpr std::size_t kMostBatchBytes = std::size_t{64} * 1024;

  /// Of all together: an id may have JSON write six bytes for each of its own.
  static constexpr std::size_t kMostBytes = std::size_t{16} * 1024 * 1024;

  explicit EventQueue(std::size_t most) : most_(most) {}

  /// From now on; drops nothing before the next push().
  void set_most(std::size_t most) { most_ = most; }

  std::size_t size() const { return events_.size(); }
  std::size_t most() const { return most_; }
  std::size_t under_way() const { return under_way_; }

  /// Whether anybody can cause as many of it as he likes.
  enum class Kind : std::uint8_t { Rare, Cheap };

  /// `event`: its JSON. How many were dropped.
  std::size_t push(std::string event, Kind kind);

  /// Puts the first under way, if there are any and none is: a JSON list of them.
  std::string begin_batch();

  /// What was under way has arrived.
  void end_batch();

 private:
  struct Event {
    std::string text;
    Kind kind;
  };

  void drop(std::size_t first, std::size_t count);
  bool is_beyond() const { return events_.size() > most_ || bytes_ > kMostBytes; }

  std::size_t most_;
  std::deque<Event> events_;
  std::size_t bytes_ = 0;
  std::size_t cheap_ = 0;      // of them
  std::size_t under_way_ = 0;  // of them, from the front
};

}  // namespace peerjsd::hooks
