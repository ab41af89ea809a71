#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include <openssl/ssl.h>

namespace peerjsd::bench {

/// Where the server listens, on 127.0.0.1.
struct Target {
  std::uint16_t port = 0;
  bool tls = false;
};

/// A connected socket that does not block, with TLS on it if the server has that. Its certificate
/// is not looked at.
class Wire {
 public:
  /// Begins to connect, from 127.0.0.1 and its neighbours in turn, so that many connections do not
  /// run out of ports.
  explicit Wire(const Target& target);
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;
  ~Wire() { close(); }

  int socket() const { return socket_; }
  bool is_tls() const { return tls_ != nullptr; }
  bool is_closed() const { return socket_ < 0; }

  // As recv() and send() do it. With TLS, either may have to be called again when the socket has
  // become readable.
  ssize_t read(std::span<char> buffer);
  ssize_t write(std::string_view bytes);

  void close();

 private:
  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };

  ssize_t outcome(int result, std::size_t size) const;

  int socket_;
  std::unique_ptr<SSL, Free> tls_;
};

}  // namespace peerjsd::bench
