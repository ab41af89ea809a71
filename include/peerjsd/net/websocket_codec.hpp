#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

/// The server's half of RFC 6455 section 5, over memory: no socket, no handshake, no extensions.
///
/// Beast's websocket::stream holds at least 2.5 KB per idle connection and wants a read pending on
/// each; a shared read buffer and joined writes need a codec that works on bytes already at hand.
namespace peerjsd::net {

/// RFC 6455 7.4.1 and its IANA registry. A client may send any code from 1000 to 4999 that is not
/// reserved, so an event can carry values without a name here.
enum class CloseCode : std::uint16_t {
  Normal = 1000,
  GoingAway = 1001,
  ProtocolError = 1002,
  NoStatus = 1005,  ///< The Close frame had no code; never on the wire.
  InvalidText = 1007,
  PolicyViolation = 1008,
  TooBig = 1009,
  InternalError = 1011,
  ServiceRestart = 1012,
  TryAgainLater = 1013,
  ResumedElsewhere = 4000,  ///< peerjsd's own: the same id and token came back on another socket.
};

/// RFC 6455 5.2.
enum class Opcode : std::uint8_t {
  Continuation = 0,
  Text = 1,
  Binary = 2,
  Close = 8,
  Ping = 9,
  Pong = 10,
};

/// One complete thing the client said.
struct WebSocketEvent {
  /// Valued as the opcodes.
  enum class Kind : std::uint8_t { Text = 1, Binary = 2, Close = 8, Ping = 9, Pong = 10 };

  Kind kind;
  /// The message, the control frame's payload, or the Close frame's reason. Valid until the next
  /// call on the decoder, and only while the input it was decoded from is left alone.
  std::string_view data;
  /// What the Close frame said; NoStatus if it said nothing, and with every other kind.
  CloseCode close_code = CloseCode::NoStatus;
};

/// All input is taken; nothing is complete.
struct NeedMore {};

/// The client broke the protocol. The connection is to be failed with this code (RFC 6455 7.1.7).
struct WebSocketError {
  CloseCode close_code;
  std::string_view reason;  ///< For people; a literal.
};

/// Turns a client's bytes into events. Between messages it is one null pointer.
class WebSocketDecoder {
 public:
  using Result = std::variant<NeedMore, WebSocketEvent, WebSocketError>;

  /// Takes the next event off the front of `input`, which is advanced past it. Call until NeedMore,
  /// which also lets go of the memory the last event was in.
  ///
  /// `input` is unmasked in place: a frame that lies whole in it is handed out as a view into it.
  /// Of an unfinished frame or message what has come is copied, and no more memory is taken than in
  /// proportion to that, whatever length was announced.
  ///
  /// Text is not checked for UTF-8 here, since the parser of the message does so; a Close frame's
  /// reason is. Frames between the fragments of a message are handed out at once (RFC 6455 5.4).
  ///
  /// A message longer than `max_message_bytes` is refused (1009) when the frame that would exceed
  /// it is announced. The limit is an argument because all connections share it.
  ///
  /// After a WebSocketError, or a Close (RFC 6455 5.5.1), the decoder must not be used again.
  [[nodiscard]] Result next(std::span<char>& input, std::size_t max_message_bytes);

 private:
  struct Frame {
    std::uint64_t remaining = 0;  // payload bytes still to come
    std::uint32_t key = 0;        // as it lies in memory, turned to fit the next byte to come
    Opcode opcode = Opcode::Continuation;
    bool fin = false;
  };

  // What one input did not complete. Of `data` the first `message_size` bytes are the fragments of
  // a message that goes on; the rest is the frame in progress or, between frames, was handed out.
  struct Unfinished {
    std::string header;  // at most 14 bytes, which std::string holds without an allocation
    std::optional<Frame> frame;
    std::optional<Opcode> message;
    std::size_t message_size = 0;
    std::string data;
  };

  Unfinished& unfinished();
  void forget_handed_out();
  static Frame parse(std::string_view header);
  std::optional<WebSocketError> fault(std::string_view header, const Frame& frame,
                                      std::size_t max_message_bytes) const;
  std::string_view take_header(std::span<char>& input);
  bool take_payload(std::span<char>& input);
  std::optional<Result> finish_frame();

  std::unique_ptr<Unfinished> unfinished_;
};

/// Appends one whole, unmasked frame to `out` (RFC 6455 5.1: a server never masks). A control
/// frame's payload must not exceed 125 bytes.
void append_frame(std::string& out, Opcode opcode, std::string_view payload);

/// Appends a Close frame; with NoStatus it has no body. `reason` must be UTF-8 and is cut at a
/// character's boundary to the 123 bytes that fit.
void append_close(std::string& out, CloseCode code, std::string_view reason);

}  // namespace peerjsd::net
