#include "peerjsd/net/session_context.hpp"

#include "peerjsd/net/stream_session.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <limits>
#include <utility>

#include <boost/asio/post.hpp>

namespace peerjsd::net {
SessionContext::SessionContext(boost::asio::io_context& io, core::Relay& relay,
                               const http::Service& service, SessionOptions options)
    : io_(io),
      relay_(relay),
      service_(service),
      options_(std::move(options)),
      limits_(options_.limits),
      poller_(io, [this] { leave_unmeasured(); }) {}

core::Instant SessionContext::now() {
  return std::chrono::time_point_cast<core::Duration>(std::chrono::steady_clock::now());
}

void SessionContext::flush_soon(Connection& connection) {
  to_flush_.emplace_back(&connection);
  // Handlers that are ready now run before this one: what they add is flushed along.
  if (to_flush_.size() == 1) boost::asio::post(io_, [this] { flush_all(); });
}

void SessionContext::flush_all() {
  // A flush may lose a connection, and so queue something for another one.
  std::vector<boost::intrusive_ptr<Connection>> batch;
  batch.swap(to_flush_);
  for (const auto& connection : batch) connection->flush();
  batch.clear();
  if (to_flush_.empty()) to_flush_.swap(batch);
  measure_relaying();
}

/// What was relayed where nothing is to be written now.
void SessionContext::leave_unmeasured() {
  if (to_flush_.empty()) relayed_ = relay_.counters().receipts.of(core::Receipt::Relayed);
}

void SessionContext::measure_relaying() {
  const std::uint64_t relayed = relay_.counters().receipts.of(core::Receipt::Relayed);
  if (relayed == relayed_) return;
  relay_latency_.add(std::chrono::steady_clock::now() - poller_.woken_at(), relayed - relayed_);
  relayed_ = relayed;
}

Census SessionContext::census() const {
  Census census;
  poller_.for_each([&census](const Connection& connection) {
    census.queued_bytes += connection.queued_bytes();
    switch (connection.kind()) {
      case Connection::Kind::WebSocket:
        ++census.websockets;
        break;
      case Connection::Kind::Stream:
        ++census.streams;
        break;
      case Connection::Kind::Http:
        ++census.others;
    }
  });
  return census;
}

void SessionContext::expire(core::Instant now) {
  const auto expire_queue = [now](Queue& queue, core::Duration delay) {
    while (Connection* const connection = queue.pop_due(now, delay)) connection->time_out(now);
  };
  if (options_.request_timeout > core::Duration::zero()) {
    expire_queue(requests_, options_.request_timeout);
  }
  if (options_.ping_interval > core::Duration::zero()) {
    expire_queue(pings_, options_.ping_interval);
  }
  expire_queue(ends_, options_.closing_timeout);
  while (StreamSession* const stream = paced_.pop_due(now, options_.stream_pacing)) {
    stream->on_pace();
  }
  for (const auto& [time, connection] : take_due(held_, now)) connection->release();
  for (const auto& [time, connection] : take_due(slowed_, now)) connection->speed_up();
  decide_again();
  incidents_.expire(now);
}

void SessionContext::await_pace(StreamSession& stream) {
  paced_.push(stream, now());
}

void SessionContext::await_decision(PeerSession& session, const core::Credentials& who,
                                    const core::Client& about) {
  undecided_.push_back({&session, std::string(who.key), std::string(who.id), std::string(who.token),
                        who.term, about});
}

/// Those who have been told meanwhile that the server stops are not taken in any more.
void SessionContext::decide_again() {
  for (const Undecided& each : std::exchange(undecided_, {})) {
    if (draining_) continue;
    each.session->admit_again({each.key, each.id, each.token, each.term}, each.about);
  }
}

void SessionContext::await_release(Connection& connection, core::Instant time) {
  held_.emplace_back(time, &connection);
}

void SessionContext::await_speed(Connection& connection, core::Instant time) {
  slowed_.emplace_back(time, &connection);
}

core::Instant SessionContext::release_time(const Connection& connection) const {
  const auto found =
      std::ranges::find(held_, &connection, [](const auto& held) { return held.second.get(); });
  return found == held_.end() ? core::Instant{} : found->first;
}

SessionContext::Appointments SessionContext::take_due(Appointments& all, core::Instant now) {
  const auto due = std::stable_partition(all.begin(), all.end(),
                                         [now](const auto& each) { return each.first > now; });
  Appointments taken(std::make_move_iterator(due), std::make_move_iterator(all.end()));
  all.erase(due, all.end());
  return taken;
}

void SessionContext::start_draining(core::Instant now) {
  draining_ = true;
  while (Connection* const connection = requests_.front()) connection->drain(now);
}

bool SessionContext::drain(std::size_t most, core::Instant now) {
  for (; most > 0 && !pings_.empty(); --most) pings_.front()->drain(now);
  return !pings_.empty();
}

void SessionContext::close_all(core::Instant now) {
  start_draining(now);
  drain(std::numeric_limits<std::size_t>::max(), now);
  while (!ends_.empty()) {
    const boost::intrusive_ptr<Connection> connection(ends_.front());
    connection->time_out(now);
    connection->close();
  }
  held_.clear();
  slowed_.clear();
  undecided_.clear();
  poller_.stop();
}

}  // namespace peerjsd::net
