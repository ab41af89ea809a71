#include "peerjsd/hooks/event_queue.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace peerjsd::hooks {

std::size_t EventQueue::push(std::string event) {
  events_.push_back(std::move(event));
  const std::size_t waiting = events_.size() - under_way_;
  const std::size_t beyond = events_.size() > most_ ? events_.size() - most_ : 0;
  const std::size_t dropped = std::min(beyond, waiting);
  const auto first = std::next(events_.begin(), static_cast<std::ptrdiff_t>(under_way_));
  events_.erase(first, std::next(first, static_cast<std::ptrdiff_t>(dropped)));
  return dropped;
}

std::string EventQueue::begin_batch() {
  under_way_ = std::min(events_.size(), kMostInBatch);
  std::string list = "[";
  for (std::size_t i = 0; i < under_way_; ++i) {
    if (i > 0) list += ',';
    list += events_[i];
  }
  return list += ']';
}

void EventQueue::end_batch() {
  events_.erase(events_.begin(),
                std::next(events_.begin(), static_cast<std::ptrdiff_t>(under_way_)));
  under_way_ = 0;
}

}  // namespace peerjsd::hooks
