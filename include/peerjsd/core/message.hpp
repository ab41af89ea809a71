#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

// The messages of PeerJS signaling, from text and to text. Which there are, what a member means and
// the order of members on the wire follow npm peer 1.0.2.
namespace peerjsd::core {

enum class MessageType : std::uint8_t {
  Offer,
  Answer,
  Candidate,
  Leave,
  Heartbeat,
  Open,
  Error,
  IdTaken,
  Expire,
  Custom,   // of an app's own, where a relay allows it
  Unknown,  // any other type, or none
};

// As on the wire, "OFFER" or "ID-TAKEN"; Custom is "custom", Unknown "unknown".
std::string_view to_string(MessageType type);

// Case-sensitive, as in npm peer. Never Custom: what apps call their types is not known here.
MessageType message_type(std::string_view name);

// What a client sent. Other members, a `src` among them, are dropped: the server knows the sender.
struct ClientMessage {
  MessageType type;

  // Its name, known here or not, decoded. Empty if it is absent or not a string.
  std::string_view type_name;

  // The peer that this is for. Empty if `dst` is absent, falsy in JavaScript ("", null, false, 0)
  // or not a string.
  std::string_view dst;

  // `dst` as a JSON text to write again, empty if absent or falsy. It need not be a string: npm
  // peer queues a message for any other truthy value too, and answers EXPIRE with that as `src`.
  std::string_view dst_json;

  // The member's JSON text byte for byte, empty if absent.
  std::string_view payload;

  // Whether there is a type at all, if only an unknown one.
  bool has_type;
};

enum class ParseError { NotUtf8, NotJson, NotAnObject, TooDeep };

// For an operator to read: "not valid UTF-8".
std::string_view to_string(ParseError error);

class MessageParser {
 public:
  // NotUtf8 goes before every other error, since it ends a WebSocket connection whatever else the
  // text is (RFC 6455 8.1). Of members with the same name the last counts, as in JSON.parse. The
  // result is made of slices of `text` and of this parser, and good until the next call.
  std::variant<ClientMessage, ParseError> parse(std::string_view text);

 private:
  void set_dst(ClientMessage& message, std::string_view raw);

  // For what is written with escapes.
  std::string type_name_;
  std::string dst_;
  std::string dst_json_;
};

// Appends {"type":T,"src":S,"dst":D,"payload":P}, compact. `src_json`, `dst_json` and `payload` are
// JSON texts; one that is empty leaves its member out. `type` must be neither Custom nor Unknown.
void append_message(std::string& out, MessageType type, std::string_view src_json,
                    std::string_view dst_json, std::string_view payload);

// The same of any type, as a JSON text too.
void append_message(std::string& out, std::string_view type_json, std::string_view src_json,
                    std::string_view dst_json, std::string_view payload);

/// A LEAVE as the server itself says it; the ids as they are.
std::string leave_text(std::string_view src, std::string_view dst);

/// What its sender is not told of when it is lost.
constexpr bool is_notice(MessageType type) {
  return type == MessageType::Leave || type == MessageType::Expire;
}

inline constexpr std::string_view kOpenText = R"({"type":"OPEN"})";
inline constexpr std::string_view kIdTakenText =
    R"({"type":"ID-TAKEN","payload":{"msg":"ID is taken"}})";

// {"type":"ERROR","payload":{"msg":M}}. The payload is not optional: peerjs 1.5.5 throws without.
std::string error_text(std::string_view msg);

}  // namespace peerjsd::core
