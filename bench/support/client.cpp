#include "support/client.hpp"

#include <array>
#include <cerrno>
#include <utility>

namespace peerjsd::bench {
namespace {

constexpr std::string_view kOpen = R"({"type":"OPEN"})";
constexpr std::array<char, 4> kMask = {0x12, 0x34, 0x56, 0x78};

std::array<char, 64 * 1024> read_buffer;

std::string frame(unsigned opcode, std::string_view payload) {
  std::string bytes;
  bytes += static_cast<char>(0x80 | opcode);
  if (payload.size() < 126) {
    bytes += static_cast<char>(0x80 | payload.size());
  } else {
    const bool is_long = payload.size() > 0xffff;
    bytes += static_cast<char>(0x80 | (is_long ? 127 : 126));
    for (int shift = is_long ? 56 : 8; shift >= 0; shift -= 8) {
      bytes += static_cast<char>(payload.size() >> shift);
    }
  }
  bytes.append(kMask.data(), kMask.size());
  for (std::size_t i = 0; i < payload.size(); ++i) {
    bytes += static_cast<char>(payload[i] ^ kMask[i % kMask.size()]);
  }
  return bytes;
}

constexpr std::string_view kGoingAway = "\x03\xe9";

constexpr unsigned kText = 1;
constexpr unsigned kClose = 8;
constexpr unsigned kPing = 9;
constexpr unsigned kPong = 10;

}  // namespace

std::string masked_frame(std::string_view text) {
  return frame(kText, text);
}

Connection::Connection(EventLoop& loop, const Target& target) : loop_(loop), wire_(target) {
  loop_.add(wire_.socket(), *this, EPOLLIN | EPOLLOUT);
}

void Connection::on_event(std::uint32_t events) {
  if (is_closed()) return;  // by what was told of before, in the same poll
  if ((events & EPOLLOUT) != 0) {
    connected_ = true;
    write_waiting();
  }
  if ((events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0) read();
}

void Connection::read() {
  while (!is_closed()) {
    const ssize_t size = wire_.read(read_buffer);
    if (size < 0 && errno == EAGAIN) break;
    if (size < 0) throw Lost(*this, failure("read"));
    if (size == 0) throw Lost(*this, "the server has closed a connection");
    take({read_buffer.data(), static_cast<std::size_t>(size)});
    if (static_cast<std::size_t>(size) < read_buffer.size() && !wire_.is_tls()) break;
  }
  if (connected_ && !to_write_.empty()) write_waiting();  // TLS may have waited for this
}

void Connection::take(std::string_view bytes) {
  if (unread_.empty()) {
    unread_ = bytes.substr(on_bytes(bytes));
  } else {
    unread_ += bytes;
    unread_.erase(0, on_bytes(unread_));
  }
}

void Connection::write(std::string_view bytes) {
  std::size_t written = 0;
  if (connected_ && to_write_.empty()) {
    const ssize_t result = wire_.write(bytes);
    if (result < 0 && errno != EAGAIN) throw Lost(*this, failure("write"));
    written = result < 0 ? 0 : static_cast<std::size_t>(result);
    if (written == bytes.size()) return;
    loop_.change(wire_.socket(), *this, EPOLLIN | EPOLLOUT);
  }
  to_write_ += bytes.substr(written);
}

void Connection::try_write(std::string_view bytes) noexcept {
  if (!is_closed()) wire_.write(bytes);
}

void Connection::write_waiting() {
  const std::string waiting = std::exchange(to_write_, {});
  loop_.change(wire_.socket(), *this, EPOLLIN);
  if (!waiting.empty()) write(waiting);
}

Client::Client(EventLoop& loop, const Target& target, const std::string& id, OnText on_text)
    : Connection(loop, target), on_text_(std::move(on_text)) {
  write("GET /peerjs?key=peerjs&id=" + id +
        "&token=8v7ja3k9d2f&version=1.5.5 HTTP/1.1\r\n"
        "Host: 127.0.0.1\r\nConnection: Upgrade\r\nPragma: no-cache\r\n"
        "Cache-Control: no-cache\r\n"
        "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/140.0.0.0 Safari/537.36\r\n"
        "Upgrade: websocket\r\nOrigin: http://localhost:8080\r\nSec-WebSocket-Version: 13\r\n"
        "Accept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-US,en;q=0.9\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n");
}

Client::~Client() {
  if (open_) try_write(frame(kClose, kGoingAway));
}

std::size_t Client::on_bytes(std::string_view bytes) {
  std::size_t taken = 0;
  while (!is_closed()) {
    const std::string_view rest = bytes.substr(taken);
    const std::size_t step = upgraded_ ? take_frame(rest) : take_answer(rest);
    if (step == 0) break;
    taken += step;
  }
  return taken;
}

std::size_t Client::take_answer(std::string_view bytes) {
  const std::size_t end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos) return 0;
  if (!bytes.starts_with("HTTP/1.1 101 ")) {
    throw Fault("no WebSocket but " + std::string(bytes.substr(0, bytes.find('\r'))));
  }
  upgraded_ = true;
  return end + 4;
}

std::size_t Client::take_frame(std::string_view bytes) {
  if (bytes.size() < 2) return 0;
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  std::size_t header = 2;
  std::size_t size = byte(1);
  if (size >= 126) {
    header += size == 126 ? 2 : 8;
    if (bytes.size() < header) return 0;
    size = 0;
    for (std::size_t i = 2; i < header; ++i) size = size << 8 | byte(i);
  }
  if (bytes.size() < header + size) return 0;
  on_frame(byte(0) & 0x0f, bytes.substr(header, size));
  return header + size;
}

void Client::on_frame(unsigned opcode, std::string_view payload) {
  if (opcode == kPing) return write(frame(kPong, payload));
  if (opcode == kClose) throw Fault("the server has closed a WebSocket");
  if (opcode != kText) throw Fault("a frame of an unexpected kind");
  if (open_) {
    if (!on_text_) throw Fault("an unexpected message: " + std::string(payload));
    return on_text_(payload);
  }
  if (payload != kOpen) throw Fault("no OPEN but " + std::string(payload));
  open_ = true;
}

}  // namespace peerjsd::bench
