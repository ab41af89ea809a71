#pragma once

#include "peerjsd/core/relay.hpp"
#include "peerjsd/core/transport.hpp"
#include "peerjsd/net/client_versions.hpp"
#include "peerjsd/net/connection.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace peerjsd::net {

/// A connection that carries a peer: what a WebSocket and an XHR stream have in common.
class PeerSession : public Connection, public core::Transport {
 public:
  ~PeerSession() override;

  // core::Transport
  void hold(core::Instant until) override { hold_until(until); }
  bool makes_way(core::Transport&) override { return true; }
  core::Instant settles_at() const override;
  void settled(core::Admission admission) final;
  void grant_waited() final;

  Kind kind() const override {
    return carrier() == core::Carrier::WebSocket ? Kind::WebSocket : Kind::Stream;
  }

  /// What the relay could not decide when it was asked by admit().
  void admit_again(const core::Credentials& who, const core::Client& about);

  /// When the connection began.
  core::Instant since() const { return since_; }

  /// As the client says; empty: it does not.
  std::string_view client_version() const;

 protected:
  PeerSession(SessionContext& context, Socket socket, ClientAddress address);

  /// At most once.
  void set_client_version(std::string_view version);

  /// Asks the relay to take the peer in, and logs what it says. Pending or Contested: on_settled()
  /// follows, and until then nothing may be read from the client.
  /// The group of `about` is the session's own to know.
  core::Admission admit(const core::Credentials& who, core::Client about);

  virtual void on_settled(core::Admission admission) = 0;

  /// Whether on_settled() has its answer.
  static bool is_decided(core::Admission admission);

  /// The peer's registration ends, or waits for the peer to come back. Nowhere else does a session
  /// say so; what the relay has ended, it knows. Idempotent.
  void finish(core::End end);

  /// To be called before more is queued for the peer. If too much waits already, and still does
  /// when the loop has come round, the session ends as over its limit, after on_overflow(). Until
  /// then all of it is kept: the peer may move to another transport and take it along.
  ///
  /// What waits for an absent peer has a bound of its own: until the reader has caught up with what
  /// had waited when it came, so much more may wait.
  void limit_queue();

  /// How much may wait before the session is over its limit.
  virtual std::size_t most_queued() const;

  /// The relay has let go of it.
  virtual void on_overflow() = 0;

  void log_end(core::End end);

  /// For the log: how many messages made no sense.
  std::uint32_t dropped_ = 0;

 private:
  void report(core::Admission admission, std::string_view id);
  void overflow();
  bool is_over_limit() const;

  core::Instant since_;
  ClientVersions::Number version_ = 0;
  std::size_t waited_ = 0;  // bytes that had waited for it, until it has caught up
  bool admitted_ = false;
  bool overflow_posted_ = false;
};

}  // namespace peerjsd::net
