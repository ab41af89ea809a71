#include "request_queue.hpp"

#include <iterator>
#include <utility>

namespace peerjsd::hooks {

RequestQueue::Room RequestQueue::push(WebRequest request) {
  const std::size_t bytes = request.body.size();
  if (waiting_ >= limits_.waiting || bytes_ + bytes > limits_.bytes) return Room::NoneLeft;
  const WebClient::Sender sender = request.sender;
  const auto line = lines_.try_emplace(sender).first;
  const bool is_bounded = sender != WebClient::Sender::Anybody;
  const std::size_t bytes_of_one = limits_.bytes / limits_.waiting * limits_.of_one;
  const bool is_over =
      line->second.waiting.size() >= limits_.of_one || line->second.bytes + bytes > bytes_of_one;
  if (is_bounded && is_over) {
    forget_if_idle(line);
    return Room::NoneForSender;
  }
  line->second.waiting.push_back(std::move(request));
  line->second.bytes += bytes;
  ++waiting_;
  bytes_ += bytes;
  return Room::Found;
}

bool RequestQueue::has_turn(Lines::const_reference line) const {
  const auto& [sender, of_sender] = line;
  const bool has_share =
      sender == WebClient::Sender::Anybody || of_sender.under_way < limits_.under_way;
  return has_share && !of_sender.waiting.empty();
}

std::optional<WebRequest> RequestQueue::begin() {
  auto line = lines_.upper_bound(last_);
  for (std::size_t looked_at = lines_.size(); looked_at > 0; --looked_at) {
    if (line == lines_.end()) line = lines_.begin();
    const auto current = line++;
    if (!has_turn(*current)) continue;
    drop_unwanted(current->second);
    if (current->second.waiting.empty()) {
      forget_if_idle(current);
      continue;
    }
    last_ = current->first;
    ++current->second.under_way;
    return take_first(current->second);
  }
  return std::nullopt;
}

void RequestQueue::drop_unwanted(Line& line) {
  while (!line.waiting.empty()) {
    const WebClient::IsWanted& is_wanted = line.waiting.front().is_wanted;
    if (!is_wanted || is_wanted()) return;
    take_first(line);
  }
}

WebRequest RequestQueue::take_first(Line& line) {
  WebRequest request = std::move(line.waiting.front());
  line.waiting.pop_front();
  line.bytes -= request.body.size();
  --waiting_;
  bytes_ -= request.body.size();
  return request;
}

void RequestQueue::forget_if_idle(Lines::iterator line) {
  if (line->second.waiting.empty() && line->second.under_way == 0) lines_.erase(line);
}

void RequestQueue::end(WebClient::Sender sender) {
  const auto line = lines_.find(sender);
  --line->second.under_way;
  forget_if_idle(line);
}

/// A sender's come in the order of their deadlines, but for those from before set_timeout().
std::vector<WebRequest> RequestQueue::take_late(core::Instant now) {
  std::vector<WebRequest> late;
  for (auto line = lines_.begin(); line != lines_.end();) {
    std::deque<WebRequest>& waiting = line->second.waiting;
    while (!waiting.empty() && waiting.front().deadline <= now) {
      late.push_back(take_first(line->second));
    }
    forget_if_idle(line++);
  }
  return late;
}

}  // namespace peerjsd::hooks
