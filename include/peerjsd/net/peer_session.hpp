#pragma once

#include "peerjsd/core/relay.hpp"
#include "peerjsd/core/transport.hpp"
#include "peerjsd/net/connection.hpp"

#include <string>
#include <string_view>

namespace peerjsd::net {

/// A connection that carries a peer: what a WebSocket and an XHR stream have in common.
class PeerSession : public Connection, public core::Transport {
 public:
  // core::Transport
  void hold(core::Instant until) override { hold_until(until); }
  core::Instant settles_at() const override;

 protected:
  PeerSession(SessionContext& context, Socket socket, std::string address);

  /// Asks the relay to take the peer in, and logs what it says.
  core::Admission admit(const core::Credentials& who, core::PeerKind kind);

  /// The peer's registration ends, or waits for the peer to come back. Nowhere else does a session
  /// say so; what the relay has ended, it knows. Idempotent.
  void finish(core::End end);

  /// Whether the peer can be sent more. If not, on_overflow() will follow from the loop.
  ///
  /// What has waited for the peer was bounded when it was taken in. After that `queued` is measured
  /// without the message at hand: what was taken in can always be given out.
  bool has_room(std::size_t queued);

  /// More is queued than the client reads; the relay has let go of it.
  virtual void on_overflow() = 0;

  void log_end(core::End end);

  /// For the log: how many messages made no sense.
  std::uint32_t dropped_ = 0;

 private:
  void overflow();

  core::Instant since_;
  bool admitted_ = false;
  bool overflowed_ = false;
};

}  // namespace peerjsd::net
