#pragma once

#include <sys/socket.h>

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include <unistd.h>

namespace peerjsd::fuzz {

/// A client's end of a connection. Nothing blocks.
class ClientEnd {
 public:
  explicit ClientEnd(int descriptor) : descriptor_(descriptor) {}
  ClientEnd(ClientEnd&& other) = delete;
  ~ClientEnd() { close(); }

  /// What the other side does not take is lost.
  void write(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t written = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (written <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
  }

  /// Nothing more will be written.
  void end() const { ::shutdown(descriptor_, SHUT_WR); }

  void close() {
    if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
  }

  /// All that has come, into `received`.
  void read() {
    std::array<char, 4096> buffer{};
    while (!ended) {
      const ssize_t size = ::recv(descriptor_, buffer.data(), buffer.size(), 0);
      if (size < 0) return;
      ended = size == 0;
      received.append(buffer.data(), static_cast<std::size_t>(size));
    }
  }

  std::string received;
  bool ended = false;

 private:
  int descriptor_;
};

}  // namespace peerjsd::fuzz
