#pragma once

#include "peerjsd/net/flood_guard.hpp"
#include "peerjsd/net/peer_session.hpp"
#include "peerjsd/net/websocket_codec.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace peerjsd::net {

/// A peer's WebSocket, from the answer to its handshake on.
class WebSocketSession final : public PeerSession {
 public:
  struct Request {
    std::string handshake;  ///< the answer to it
    core::Credentials who;
    core::Client about;
    std::string_view version;  ///< of the client; empty: not known
    std::string early;         ///< what the client has sent after its handshake
  };

  /// Takes over a socket whose client has asked for the upgrade: writes the handshake, asks the
  /// relay to admit the peer, and reads on. A refusal is told as a message, then the WebSocket is
  /// closed: so a browser lets the page see why.
  static void open(SessionContext& context, Socket socket, ClientAddress address, Request request);

  /// Lets the client know by a message why it is not let in, and ends.
  static void refuse(SessionContext& context, Socket socket, ClientAddress address,
                     std::string handshake, std::string_view reason);

  // core::Transport
  void send(std::string_view text) override;
  bool has_room_for(std::size_t bytes) const override;
  void close(core::End reason) override;
  bool probe() override;
  std::vector<std::string> take_unsent() override;
  core::Carrier carrier() const override { return core::Carrier::WebSocket; }

  void drain(core::Instant now) override;

 private:
  WebSocketSession(SessionContext& context, Socket socket, ClientAddress address);

  void begin(const Request& request);
  void on_settled(core::Admission admission) override;
  void end_refused(std::string_view message);
  void hear_early();
  void on_bytes(std::span<char> bytes) override;
  void on_lost() override;
  void on_timeout(core::Instant now) override;

  void on_event(const WebSocketEvent& event, core::Instant now);
  void answer_ping(std::string_view payload);
  void on_message(const WebSocketEvent& event, core::Instant now);
  void on_close(const WebSocketEvent& event);
  void fail(CloseCode code, std::string_view reason);
  void on_overflow() override;

  /// It has ended, but it may be the server that ended it.
  void finish_as(core::End end);
  bool is_leaving() const { return held_ != nullptr; }

  void write_frame(Opcode opcode, std::string_view payload);
  void begin_close(CloseCode code, std::string_view reason);

  void meter(unsigned events, core::Instant now);
  void end_flood(core::Duration lasted);

  std::unique_ptr<std::string> early_;  // what a client has said that is not heard yet
  // What came for a client after it was told that the server stops. What it says until it has heard
  // that, counts.
  struct Held {
    std::vector<std::string> texts;
    std::size_t bytes = 0;
  };
  std::unique_ptr<Held> held_;
  WebSocketDecoder decoder_;
  FloodGuard flood_guard_;
  bool close_sent_ = false;
  // A message that was partly written went to another transport: its rest must never follow here,
  // or it would arrive twice, and so nothing may.
  bool cut_ = false;
};

}  // namespace peerjsd::net
