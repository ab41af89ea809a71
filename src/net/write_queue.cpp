#include "peerjsd/net/write_queue.hpp"

#include <algorithm>
#include <utility>

namespace peerjsd::net {
namespace {

constexpr std::size_t kUnitsKept = 4;  // room that spares the next message an allocation

}  // namespace

void WriteQueue::push(std::string unit) {
  // A queue that is never quite emptied must not keep what is written for ever.
  if (first_ > kMostBuffers && first_ > units_.size() / 2) {
    units_.erase(units_.begin(), units_.begin() + first_);
    first_ = 0;
  }
  bytes_ += unit.size();
  units_.push_back(std::move(unit));
}

WriteQueue::Buffers WriteQueue::next() const {
  Buffers buffers;
  std::size_t skip = written_;
  for (std::size_t i = first_; i < units_.size() && buffers.count < kMostBuffers; ++i) {
    const std::string& unit = units_[i];
    // Nobody writes through it: iovec has no const.
    buffers.storage[buffers.count++] = {const_cast<char*>(unit.data()) + skip, unit.size() - skip};
    skip = 0;
  }
  return buffers;
}

void WriteQueue::consume(std::size_t written) {
  bytes_ -= written;
  while (written > 0) {
    std::string& unit = units_[first_];
    const std::size_t step = std::min(written, unit.size() - written_);
    written -= step;
    written_ += static_cast<std::uint32_t>(step);
    if (written_ < unit.size()) return;
    std::string().swap(unit);
    written_ = 0;
    ++first_;
  }
  if (!empty()) return;
  first_ = 0;
  units_.clear();
  if (units_.capacity() > kUnitsKept) units_.shrink_to_fit();
}

}  // namespace peerjsd::net
