#include "support/outstanding_model.hpp"

#include <algorithm>
#include <chrono>

namespace peerjsd::fuzz {

using namespace std::chrono_literals;
using core::Instant;
using core::MessageType;
using Verdict = core::Outstanding::Verdict;

namespace {

constexpr std::size_t kOverhead = 256;  // of a message, and of an attempt

}  // namespace

Verdict OutstandingModel::keep(const Sender& sender, const std::string& dst_json, MessageType type,
                               const std::string& text, Instant now) {
  Place attempt = std::ranges::find_if(attempts_, [&](const Attempt& each) {
    return each.sender == sender && each.dst_json == dst_json;
  });
  if (attempt != attempts_.end() && attempt->ran_out) {
    const bool begins = type == MessageType::Offer || type == MessageType::Custom;
    if (!begins && now < attempt->since + tail()) return Verdict::Dropped;
    attempts_.erase(attempt);
    attempt = attempts_.end();
  }
  const Attempt fresh{sender, dst_json, now};
  const bool is_first = attempt == attempts_.end();
  const std::size_t bytes = text.size() + kOverhead;
  if (expire_timeout_ > 0ms && has_room(fresh, bytes + (is_first ? cost(fresh) : 0))) {
    if (is_first) attempt = attempts_.insert(attempts_.end(), fresh);
    attempt->messages.push_back({type, text, ++count_});
    return Verdict::Kept;
  }
  // Where there is room for as much, it is remembered that the sender knows.
  if (is_first && has_room(fresh, cost(fresh))) attempt = attempts_.insert(attempts_.end(), fresh);
  if (attempt != attempts_.end()) run_out(*attempt, now);
  return Verdict::Refused;
}

std::vector<OutstandingModel::Taken> OutstandingModel::take(std::string_view key,
                                                            std::string_view dst_json) {
  const auto is_wanted = [&](const Attempt& each) {
    return each.sender.key == key && each.dst_json == dst_json;
  };
  std::vector<Taken> taken;
  for (const Attempt& attempt : attempts_) {
    if (!is_wanted(attempt)) continue;
    for (const Message& message : attempt.messages) {
      taken.push_back({message, attempt.sender.registration});
    }
  }
  std::erase_if(attempts_, is_wanted);
  std::ranges::sort(taken, {}, [](const Taken& each) { return each.message.order; });
  return taken;
}

std::vector<OutstandingModel::Attempt> OutstandingModel::expire(Instant now) {
  std::erase_if(attempts_,
                [&](const Attempt& each) { return each.ran_out && each.since + tail() <= now; });
  std::vector<Attempt> expired;
  for (Attempt& attempt : attempts_) {
    if (attempt.ran_out || attempt.since + expire_timeout_ > now) continue;
    run_out(attempt, now);
    expired.push_back(attempt);
  }
  return expired;
}

core::Duration OutstandingModel::tail() const {
  return std::max<core::Duration>(expire_timeout_, 1s);
}

std::size_t OutstandingModel::bytes(std::string_view key) const {
  std::size_t bytes = 0;
  for (const Attempt& attempt : attempts_) {
    if (attempt.sender.key == key) bytes += cost(attempt);
  }
  return bytes;
}

std::size_t OutstandingModel::cost(const Attempt& attempt) {
  std::size_t bytes = kOverhead + attempt.sender.id.size() + 2 * attempt.dst_json.size();
  for (const Message& message : attempt.messages) bytes += message.text.size() + kOverhead;
  return bytes;
}

/// For so many bytes more, of the sender and for the destination of `attempt`.
bool OutstandingModel::has_room(const Attempt& attempt, std::size_t bytes) const {
  std::size_t total = bytes;
  std::size_t of_sender = bytes;
  std::size_t for_destination = bytes;
  for (const Attempt& other : attempts_) {
    if (other.sender.key != attempt.sender.key) continue;
    total += cost(other);
    if (other.sender == attempt.sender) of_sender += cost(other);
    if (other.dst_json == attempt.dst_json) for_destination += cost(other);
  }
  return total <= limits_.total && of_sender <= limits_.per_sender &&
         for_destination <= limits_.per_destination;
}

void OutstandingModel::run_out(Attempt& attempt, Instant now) {
  attempt.ran_out = true;
  attempt.since = now;
  attempt.messages.clear();
}

}  // namespace peerjsd::fuzz
