#pragma once

#include "peerjsd/auth/turn.hpp"
#include "peerjsd/core/relay.hpp"
#include "peerjsd/core/time.hpp"
#include "peerjsd/http/service.hpp"
#include "peerjsd/net/client_versions.hpp"
#include "peerjsd/net/connection.hpp"
#include "peerjsd/net/connection_limits.hpp"
#include "peerjsd/net/gate.hpp"
#include "peerjsd/net/histogram.hpp"
#include "peerjsd/net/incidents.hpp"
#include "peerjsd/net/peer_session.hpp"
#include "peerjsd/net/poller.hpp"
#include "peerjsd/net/trusted_proxies.hpp"

#include <array>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>

namespace peerjsd::net {

struct SessionOptions {
  /// To read a whole request, counted from the connection's start or the last answer; 0: any time.
  core::Duration request_timeout = std::chrono::seconds(10);
  core::Duration ping_interval = std::chrono::seconds(25);  ///< 0: no pings
  /// For the other side to end a connection that we have ended.
  core::Duration closing_timeout = std::chrono::seconds(5);
  std::size_t max_header_bytes = std::size_t{16} * 1024;  ///< of a request; as Node has it
  std::size_t max_message_bytes = std::size_t{2} * 1024 * 1024;
  std::size_t max_token_bytes = 4096;  ///< of who asks for something else than to connect
  /// A receiver with so much unread gets nothing more and is closed.
  std::size_t send_queue_bytes = std::size_t{4} * 1024 * 1024;
  /// In addition, for one that comes: what waits for an absent peer at most.
  std::size_t outstanding_bytes = std::size_t{2} * 1024 * 1024;
  TrustedProxies proxies;
  ConnectionLimits::Options limits;
  Rate messages;  ///< of one connection: messages, pings and pongs; or requests
  core::Duration flood_timeout = std::chrono::seconds(30);  ///< to go beyond it; 0: for ever
  /// Between two lines of an XHR stream: clients read one in about 50 ms, and miss what comes
  /// faster.
  core::Duration stream_pacing = std::chrono::milliseconds(80);
  bool access_log = false;                              ///< log each HTTP request
  core::Duration alive_timeout{};                       ///< 0: none; the relay's
  core::Duration tick = std::chrono::milliseconds(25);  ///< from one expire() to the next
  auth::TurnOptions turn;
};

/// The connections that exist, and what waits on them.
struct Census {
  std::size_t websockets = 0;
  std::size_t streams = 0;
  std::size_t others = 0;  ///< not yet one of these, or nothing but HTTP
  std::size_t queued_bytes = 0;
};

class Referee;
class StreamSession;
struct PaceTag;

/// What the sessions of one event loop share: the read buffer, the end-of-turn flush, and the
/// queues in which connections wait for their deadlines.
class SessionContext {
 public:
  SessionContext(boost::asio::io_context& io, core::Relay& relay, const http::Service& service,
                 SessionOptions options);

  boost::asio::io_context& io() { return io_; }
  Poller& poller() { return poller_; }
  core::Relay& relay() { return relay_; }
  const http::Service& service() const { return service_; }
  const SessionOptions& options() const { return options_; }

  /// From now on, for all connections.
  void set_options(SessionOptions options) {
    options_ = std::move(options);
    limits_.set_options(options_.limits);
  }

  /// nullptr: everybody may connect. `gate` must outlive the sessions.
  const Gate* gate() const { return gate_; }
  void set_gate(const Gate* gate) { gate_ = gate; }

  /// nullptr: whom the gate lets in may connect. `referee` must outlive the sessions, or be taken
  /// away.
  Referee* referee() { return referee_; }
  void set_referee(Referee* referee) { referee_ = referee; }

  ConnectionLimits& limits() { return limits_; }
  ClientVersions& versions() { return versions_; }
  const ClientVersions& versions() const { return versions_; }
  Incidents& incidents() { return incidents_; }
  const Incidents& incidents() const { return incidents_; }
  std::span<char> read_buffer() { return read_buffer_; }

  static core::Instant now();

  /// Has connection.flush() called at the end of this turn.
  void flush_soon(Connection& connection);

  // A connection stands in one of these at a time.
  void await_request(Connection& connection) { requests_.push(connection, now()); }
  void await_ping(Connection& connection) { pings_.push(connection, now()); }
  void await_end(Connection& connection) { ends_.push(connection, now()); }

  /// Has stream.on_pace() called when another line may be written.
  void await_pace(StreamSession& stream);

  /// Has session.admit_again() called in a moment.
  void await_decision(PeerSession& session, const core::Credentials& who,
                      const core::Client& about);

  /// Has connection.release() called at `time`, and keeps it until then.
  void await_release(Connection& connection, core::Instant time);

  /// When that will be; long ago if it is not awaited.
  core::Instant release_time(const Connection& connection) const;

  /// Has connection.speed_up() called at `time`.
  void await_speed(Connection& connection, core::Instant time);

  /// Sees to the connections whose time has come.
  void expire(core::Instant now);

  bool draining() const { return draining_; }

  /// From now on nothing new begins. Requests that are waited for are given up.
  void start_draining(core::Instant now);

  /// Ends up to `most` peers; false if there was none left.
  bool drain(std::size_t most, core::Instant now);

  /// Ends all connections at once. To be followed by a turn of the loop, in which their last
  /// handlers run.
  void close_all(core::Instant now);

  /// Connections that exist, closing ones included.
  std::size_t connections() const { return limits_.total(); }

  /// Costs time for each connection.
  Census census() const;

  /// For each relayed message the time from when its turn of the loop began, with what had come, to
  /// when the system had taken all that was to be sent in it, or would take no more. Not of those
  /// that went nowhere in it: held back, for a reader that is slow, or paced on a stream.
  const Histogram& relay_latency() const { return relay_latency_; }

 private:
  using Queue = core::DeadlineQueue<Connection, ConnectionTag>;

  void flush_all();
  void leave_unmeasured();
  void measure_relaying();
  using Appointments = std::vector<std::pair<core::Instant, boost::intrusive_ptr<Connection>>>;

  /// Who wants an id for which somebody else is waiting.
  struct Undecided {
    boost::intrusive_ptr<PeerSession> session;
    std::string key;
    std::string id;
    std::string token;
    core::Term term;
    core::Client about;
  };

  void decide_again();
  static Appointments take_due(Appointments& all, core::Instant now);

  boost::asio::io_context& io_;
  core::Relay& relay_;
  const http::Service& service_;
  SessionOptions options_;
  const Gate* gate_ = nullptr;
  Referee* referee_ = nullptr;
  Queue requests_;  // a request is waited for, or the end of a stream that carries nobody
  Queue pings_;     // peers, by their last ping or keep-alive
  Queue ends_;      // closing
  core::DeadlineQueue<StreamSession, PaceTag> paced_;
  // Few, and for short: peers that have just moved from a stream to another transport, and messages
  // that may have overtaken their sender.
  Appointments held_;
  Appointments slowed_;  // few as well: who sends too fast
  std::vector<Undecided> undecided_;
  std::vector<boost::intrusive_ptr<Connection>> to_flush_;
  ConnectionLimits limits_;
  Incidents incidents_;
  ClientVersions versions_;
  Histogram relay_latency_;
  std::uint64_t relayed_ = 0;  // messages, all that are measured or will not be
  bool draining_ = false;
  Poller poller_;
  std::array<char, Socket::kLeastReadBuffer> read_buffer_;
};

}  // namespace peerjsd::net
