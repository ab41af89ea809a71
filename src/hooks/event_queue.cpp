#include "peerjsd/hooks/event_queue.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace peerjsd::hooks {

std::size_t EventQueue::push(std::string event, Kind kind) {
  const bool has_room =
      cheap_ < (most_ + 1) / 2 && events_.size() < most_ && bytes_ + event.size() <= kMostBytes / 2;
  if (kind == Kind::Cheap && !has_room) return 1;
  if (kind == Kind::Cheap) ++cheap_;
  bytes_ += event.size();
  events_.push_back({std::move(event), kind});
  std::size_t dropped = 0;
  for (; is_beyond() && events_.size() > under_way_; ++dropped) drop(under_way_, 1);
  return dropped;
}

void EventQueue::drop(std::size_t first, std::size_t count) {
  const auto begin = std::next(events_.begin(), static_cast<std::ptrdiff_t>(first));
  const auto end = std::next(begin, static_cast<std::ptrdiff_t>(count));
  for (auto each = begin; each != end; ++each) {
    bytes_ -= each->text.size();
    if (each->kind == Kind::Cheap) --cheap_;
  }
  events_.erase(begin, end);
}

std::string EventQueue::begin_batch() {
  std::string list = "[";
  for (under_way_ = 0; under_way_ < std::min(events_.size(), kMostInBatch); ++under_way_) {
    const std::string& event = events_[under_way_].text;
    if (under_way_ > 0 && list.size() + event.size() > kMostBatchBytes) break;
    if (under_way_ > 0) list += ',';
    list += event;
  }
  return list += ']';
}

void EventQueue::end_batch() {
  drop(0, under_way_);
  under_way_ = 0;
}

}  // namespace peerjsd::hooks
