#pragma once

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace peerjsd::net {

/// What waits to be written to one socket, in units (a WebSocket frame, an HTTP answer) that must
/// go out whole. No I/O of its own. Empty, it keeps room for no more than a few.
class WriteQueue {
 public:
  /// As many units as one system call takes.
  static constexpr std::size_t kMostBuffers = 64;

  struct Buffers {
    std::array<iovec, kMostBuffers> storage;
    std::size_t count = 0;

    operator std::span<const iovec>() const { return std::span(storage).first(count); }
  };

  bool empty() const { return first_ == units_.size(); }

  /// Bytes not yet written.
  std::size_t bytes() const { return bytes_; }

  void push(std::string unit);

  /// What to write next; valid until the queue changes.
  Buffers next() const;

  /// `written` bytes from the front have been written.
  void consume(std::size_t written);

  /// The unit that is partly written; nullptr if there is none.
  const std::string* begun() const { return written_ > 0 ? &units_[first_] : nullptr; }

  /// Takes out the units of which nothing is written and that `wanted` picks.
  template <class Predicate>
  std::vector<std::string> take_unbegun(Predicate wanted);

 private:
  std::vector<std::string> units_;
  std::uint32_t first_ = 0;    // units before this one are written
  std::uint32_t written_ = 0;  // bytes of the first one that are written
  std::size_t bytes_ = 0;
};

template <class Predicate>
std::vector<std::string> WriteQueue::take_unbegun(Predicate wanted) {
  std::vector<std::string> taken;
  std::vector<std::string> kept;
  for (std::size_t i = first_; i < units_.size(); ++i) {
    const bool is_begun = i == first_ && written_ > 0;
    if (is_begun || !wanted(units_[i])) {
      kept.push_back(std::move(units_[i]));
    } else {
      bytes_ -= units_[i].size();
      taken.push_back(std::move(units_[i]));
    }
  }
  units_ = std::move(kept);
  first_ = 0;
  return taken;
}

}  // namespace peerjsd::net
