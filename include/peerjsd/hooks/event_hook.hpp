#pragma once

#include "peerjsd/core/observer.hpp"
#include "peerjsd/core/time.hpp"
#include "peerjsd/hooks/event_queue.hpp"
#include "peerjsd/hooks/web_client.hpp"
#include "peerjsd/outbound/random_pause.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/io_context.hpp>

namespace peerjsd::hooks {

struct EventCounters {
  std::uint64_t delivered = 0;  ///< events
  std::uint64_t dropped = 0;    ///< events
  std::uint64_t failures = 0;   ///< attempts to deliver some
};

/// Tells the operator's own service what becomes of the peers (--event_url): in batches, one at a
/// time and in order, each again and again until it is taken. So the service gets each event at
/// least once, and knows a batch that it has had by its webhook-id; but where it is away for so
/// long that too many wait, the oldest are dropped, and their sequence numbers are missing.
class EventHook final : public core::Observer {
 public:
  /// `key`: see webhook_key(). `queue`: most events that wait.
  EventHook(boost::asio::io_context& io, WebUrl url, std::string key, std::size_t queue);

  /// What has not been delivered is lost, with a line in the log.
  ~EventHook() override;

  void set_queue(std::size_t most) { queue_.set_most(most); }

  // core::Observer
  void connected(const core::Peer& peer) override;
  void disconnected(const core::Peer& peer, core::End end) override;
  void left(const core::Peer& peer) override;
  void expired(std::string_view key, std::string_view src, std::string_view dst) override;

  /// Does what is due. To be called often.
  void expire(core::Instant now);

  /// There is little time left: no long pauses any more.
  void hurry();

  /// Everything has been delivered.
  bool is_idle() const { return queue_.size() == 0; }

  std::size_t waiting() const { return queue_.size(); }

  const EventCounters& counters() const { return counters_; }

  /// Of the service, for logs.
  std::string address() const { return client_.address(); }

 private:
  struct Batch {
    std::string id;
    std::string body;
  };

  void add(std::string_view type, const core::Peer& peer, std::string_view reason = {});
  void push(std::string event, EventQueue::Kind kind);
  void deliver_soon();
  void deliver();
  void attempt();
  void on_outcome(const WebClient::Outcome& outcome);
  void on_failure(const std::string& why);
  void begin_outage(const std::string& why);
  void end_outage();

  boost::asio::io_context& io_;
  const std::string key_;
  const std::string server_;  // a name of this start
  WebClient client_;
  EventQueue queue_;
  std::optional<Batch> batch_;  // under way, or to be tried again
  std::uint64_t sequence_ = 0;
  std::uint64_t batches_ = 0;
  bool is_posted_ = false;  // deliver()
  core::Instant now_{};
  std::optional<core::Instant> retry_at_;
  std::size_t failures_ = 0;  // of the batch
  bool hurries_ = false;
  bool is_out_ = false;  // something has gone wrong, and is not over
  std::uint64_t dropped_before_ = 0;
  outbound::RandomPause pause_;
  EventCounters counters_;
  std::shared_ptr<int> alive_ = std::make_shared<int>();  // for what comes late
};

}  // namespace peerjsd::hooks
