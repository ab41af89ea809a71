#pragma once

#include "peerjsd/core/deadline_queue.hpp"
#include "peerjsd/http/service.hpp"
#include "peerjsd/net/line_pacer.hpp"
#include "peerjsd/net/peer_session.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace peerjsd::net {

struct PaceTag;

/// An XHR stream: a request whose answer goes on for as long as the client listens, one message a
/// line. PeerJS 0.3.x has it where there is no WebSocket, and until there is one.
///
/// Its reader takes one line per progress event, of which a browser makes about one in 50 ms, and
/// loses what comes in pieces or after an empty line. So each line is written whole, and the next
/// one `stream_pacing` later.
class StreamSession final : public PeerSession, public core::Deadline<PaceTag> {
 public:
  struct Request {
    unsigned http_version;  ///< as Beast counts: 10 or 11
    std::string origin;
    std::string key;
    std::string id;
    std::string owner;  ///< see Pass
    std::string token;  ///< for the same, as shown
    core::Term term;
    core::Client about;
    bool is_renewal;
  };

  /// Takes over the socket on which the stream was asked for.
  static void open(SessionContext& context, Socket socket, ClientAddress address, Request request);

  /// Whether that is the token which was shown for it.
  bool was_asked_for_with(std::string_view token) const { return token_ == token; }

  // core::Transport
  void send(std::string_view text) override;
  void close(core::End reason) override;
  bool probe() override { return false; }
  bool has_room_for(std::size_t bytes) const override;
  std::vector<std::string> take_unsent() override;
  core::Instant settles_at() const override;
  bool makes_way(core::Transport& successor) override;
  core::Carrier carrier() const override;
  std::size_t queued_bytes() const override;

  /// The time for another line has come.
  void on_pace();

  void drain(core::Instant now) override;

 private:
  StreamSession(SessionContext& context, Socket socket, ClientAddress address, Request request);

  void begin();
  void on_settled(core::Admission admission) override;
  bool may_hand_over() const;
  void hand_over();
  void notice_dead_stream();
  void on_bytes(std::span<char>) override {}  // nothing is expected from the client any more
  void on_lost() override;
  void on_timeout(core::Instant now) override;
  std::size_t most_queued() const override;
  void on_overflow() override;
  void on_released() override;

  void start_lines();
  void write_line();
  void keep_alive();
  void end();
  bool is_message(std::string_view unit) const;
  std::string framed(std::string line) const;
  std::string unframed(std::string_view unit) const;

  std::unique_ptr<const Request> request_;  // until it is answered
  const std::string token_;
  LinePacer pacer_;
  std::string head_;  // until it is written
  bool is_chunked_;
  bool is_renewal_;
  bool makes_way_ = false;
  bool cut_ = false;  // a line that was partly written went to another transport
  boost::intrusive_ptr<StreamSession> successor_;  // asked for, but not everything here is read
  core::Instant waits_since_;                      // the successor
};

}  // namespace peerjsd::net
