#include "peerjsd/net/websocket_codec.hpp"

#include "peerjsd/core/json.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace peerjsd::net {
namespace {

constexpr std::size_t kMaxControlPayload = 125;
constexpr std::size_t kMaxCloseReason = kMaxControlPayload - 2;
constexpr unsigned kFin = 0x80;
constexpr unsigned kReserved = 0x70;
constexpr unsigned kOpcode = 0x0F;
constexpr unsigned kMasked = 0x80;
constexpr unsigned kLength16 = 126;
constexpr unsigned kLength64 = 127;

unsigned byte_at(std::string_view bytes, std::size_t i) {
  return static_cast<unsigned char>(bytes[i]);
}

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) value = value << 8 | byte_at(bytes, i);
  return value;
}

std::size_t length_bytes(unsigned short_length) {
  return short_length == kLength64 ? 8 : short_length == kLength16 ? 2 : 0;
}

// The header's size, which its first two bytes tell.
std::size_t header_size(std::string_view begin) {
  if (begin.size() < 2) return 2;
  const unsigned second = byte_at(begin, 1);
  return 2 + length_bytes(second & ~kMasked) + ((second & kMasked) != 0 ? 4 : 0);
}

bool is_control(Opcode opcode) {
  return static_cast<unsigned>(opcode) >= 8;
}

// A message or a control frame in one piece, RFC 6455 5.4.
bool is_whole(Opcode opcode, bool fin) {
  return is_control(opcode) || (fin && opcode != Opcode::Continuation);
}

bool is_reserved(Opcode opcode) {
  return (static_cast<unsigned>(opcode) & 7U) > 2;
}

// The key for what follows so many bytes.
std::uint32_t turned(std::uint32_t key, std::size_t bytes) {
  const int bits = static_cast<int>(bytes % 4) * 8;
  return std::endian::native == std::endian::little ? std::rotr(key, bits) : std::rotl(key, bits);
}

using Words [[gnu::vector_size(16)]] = std::uint64_t;

// Unmasks all whole words of the key's size and returns the bytes that are left.
template <class Key>
std::span<char> unmask_wide(std::span<char> data, Key key) {
  Key word;
  for (; data.size() >= sizeof word; data = data.subspan(sizeof word)) {
    std::memcpy(&word, data.data(), sizeof word);
    word ^= key;
    std::memcpy(data.data(), &word, sizeof word);
  }
  return data;
}

void unmask(std::span<char> data, std::uint32_t key) {
  const auto wide_key = std::uint64_t{key} << 32 | key;
  const auto rest = unmask_wide(unmask_wide(data, Words{wide_key, wide_key}), wide_key);
  const auto mask = std::bit_cast<std::array<char, 8>>(wide_key);
  for (std::size_t i = 0; i < rest.size(); ++i) rest[i] = static_cast<char>(rest[i] ^ mask[i]);
}

std::span<char> take(std::span<char>& input, std::size_t size) {
  const auto taken = input.first(size);
  input = input.subspan(size);
  return taken;
}

std::string_view view(std::span<const char> bytes) {
  return {bytes.data(), bytes.size()};
}

WebSocketError protocol_error(std::string_view reason) {
  return {CloseCode::ProtocolError, reason};
}

// RFC 6455 7.4 and the codes registered with IANA since.
bool may_be_sent(unsigned code) {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
         (code >= 3000 && code <= 4999);
}

WebSocketDecoder::Result close_event(std::string_view body) {
  if (body.empty()) return WebSocketEvent{WebSocketEvent::Kind::Close, {}};
  if (body.size() == 1) return protocol_error("Close frame with half a code");
  const auto code = static_cast<std::uint16_t>(big_endian(body.substr(0, 2)));
  const auto reason = body.substr(2);
  if (!may_be_sent(code)) return protocol_error("Close frame with a reserved code");
  if (!core::json::is_valid_utf8(reason)) {
    return WebSocketError{CloseCode::InvalidText, "Close frame whose reason is not UTF-8"};
  }
  return WebSocketEvent{WebSocketEvent::Kind::Close, reason, CloseCode{code}};
}

WebSocketDecoder::Result event_of(Opcode opcode, std::string_view data) {
  if (opcode == Opcode::Close) return close_event(data);
  return WebSocketEvent{static_cast<WebSocketEvent::Kind>(opcode), data};
}

// What is wrong with a frame taken for itself, RFC 6455 5.1, 5.2 and 5.5.
std::string_view fault_in(std::string_view header, Opcode opcode, std::uint64_t length) {
  const unsigned first = byte_at(header, 0);
  const unsigned short_length = byte_at(header, 1) & ~kMasked;
  if ((first & kReserved) != 0) return "reserved bits set";
  if (is_reserved(opcode)) return "unknown opcode";
  if ((byte_at(header, 1) & kMasked) == 0) return "frame not masked";
  if (is_control(opcode) && (first & kFin) == 0) return "fragmented control frame";
  if (is_control(opcode) && short_length > kMaxControlPayload) return "control frame too long";
  if (short_length == kLength16 && length < kLength16) return "length not minimal";
  if (short_length == kLength64 && length <= 0xFFFF) return "length not minimal";
  if (length >> 63 != 0) return "length out of range";
  return {};
}

}  // namespace

WebSocketDecoder::Result WebSocketDecoder::next(std::span<char>& input,
                                                std::size_t max_message_bytes) {
  forget_handed_out();
  while (true) {
    if (!unfinished_ || !unfinished_->frame) {
      const auto header = take_header(input);
      if (header.empty()) return NeedMore{};
      const auto frame = parse(header);
      if (const auto error = fault(header, frame, max_message_bytes)) return *error;
      if (unfinished_) unfinished_->header.clear();
      if (is_whole(frame.opcode, frame.fin) && frame.remaining <= input.size()) {
        const auto payload = take(input, static_cast<std::size_t>(frame.remaining));
        unmask(payload, frame.key);
        return event_of(frame.opcode, view(payload));
      }
      unfinished().frame = frame;
    }
    if (!take_payload(input)) return NeedMore{};
    if (const auto event = finish_frame()) return *event;
  }
}

WebSocketDecoder::Unfinished& WebSocketDecoder::unfinished() {
  if (!unfinished_) unfinished_ = std::make_unique<Unfinished>();
  return *unfinished_;
}

void WebSocketDecoder::forget_handed_out() {
  if (!unfinished_ || unfinished_->frame || !unfinished_->header.empty()) return;
  if (unfinished_->message) {
    unfinished_->data.resize(unfinished_->message_size);
  } else {
    unfinished_.reset();
  }
}

// Empty until the header is whole.
std::string_view WebSocketDecoder::take_header(std::span<char>& input) {
  const auto size = header_size(view(input));
  if ((!unfinished_ || unfinished_->header.empty()) && input.size() >= size) {
    return view(take(input, size));
  }
  if (input.empty()) return {};
  auto& header = unfinished().header;
  while (header.size() < header_size(header)) {
    if (input.empty()) return {};
    header += take(input, 1).front();
  }
  return header;
}

WebSocketDecoder::Frame WebSocketDecoder::parse(std::string_view header) {
  const unsigned first = byte_at(header, 0);
  const unsigned second = byte_at(header, 1);
  const auto extended = length_bytes(second & ~kMasked);
  Frame frame;
  frame.remaining = extended == 0 ? second & ~kMasked : big_endian(header.substr(2, extended));
  if ((second & kMasked) != 0) std::memcpy(&frame.key, &header[2 + extended], sizeof frame.key);
  frame.opcode = Opcode{static_cast<std::uint8_t>(first & kOpcode)};
  frame.fin = (first & kFin) != 0;
  return frame;
}

std::optional<WebSocketError> WebSocketDecoder::fault(std::string_view header, const Frame& frame,
                                                      std::size_t max_message_bytes) const {
  const auto wrong = fault_in(header, frame.opcode, frame.remaining);
  if (!wrong.empty()) return protocol_error(wrong);
  if (is_control(frame.opcode)) return std::nullopt;
  const bool in_message = unfinished_ && unfinished_->message;
  const bool continues = frame.opcode == Opcode::Continuation;
  if (continues && !in_message) return protocol_error("continuation of no message");
  if (!continues && in_message) return protocol_error("message inside a fragmented one");
  const auto held = in_message ? unfinished_->message_size : 0;
  if (held > max_message_bytes || frame.remaining > max_message_bytes - held) {
    return WebSocketError{CloseCode::TooBig, "message too big"};
  }
  return std::nullopt;
}

// Keeps what has come of the frame in progress; true once that is all of it.
bool WebSocketDecoder::take_payload(std::span<char>& input) {
  auto& frame = *unfinished_->frame;
  const auto size = std::min<std::uint64_t>(frame.remaining, input.size());
  const auto part = take(input, static_cast<std::size_t>(size));
  unmask(part, frame.key);
  unfinished_->data += view(part);
  frame.remaining -= size;
  frame.key = turned(frame.key, part.size());
  return frame.remaining == 0;
}

std::optional<WebSocketDecoder::Result> WebSocketDecoder::finish_frame() {
  auto& [header, frame, message, message_size, data] = *unfinished_;
  const auto [remaining, key, opcode, fin] = *frame;
  frame.reset();
  if (is_control(opcode)) return event_of(opcode, std::string_view{data}.substr(message_size));
  if (opcode != Opcode::Continuation) message = opcode;
  message_size = data.size();
  if (!fin) return std::nullopt;
  const auto kind = *message;
  message.reset();
  return event_of(kind, data);
}

void append_frame(std::string& out, Opcode opcode, std::string_view payload) {
  const auto size = payload.size();
  const unsigned extended = size < kLength16 ? 0 : size <= 0xFFFF ? 2 : 8;
  const auto short_length = extended == 0 ? size : extended == 2 ? kLength16 : kLength64;
  std::array<char, 10> header{static_cast<char>(kFin | static_cast<unsigned>(opcode)),
                              static_cast<char>(short_length)};
  for (unsigned i = 0; i < extended; ++i) {
    header[2 + i] = static_cast<char>(size >> 8 * (extended - 1 - i));
  }
  out.append(header.data(), 2 + extended).append(payload);
}

void append_close(std::string& out, CloseCode code, std::string_view reason) {
  if (code == CloseCode::NoStatus) return append_frame(out, Opcode::Close, {});
  if (reason.size() > kMaxCloseReason) {
    auto end = kMaxCloseReason;
    while (end > 0 && (byte_at(reason, end) & 0xC0) == 0x80) --end;
    reason = reason.substr(0, end);
  }
  const auto value = static_cast<unsigned>(code);
  std::string body{static_cast<char>(value >> 8), static_cast<char>(value)};
  append_frame(out, Opcode::Close, body.append(reason));
}

}  // namespace peerjsd::net
