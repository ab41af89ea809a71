#include "support/wire.hpp"

#include "support/event_loop.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include <openssl/err.h>
#include <unistd.h>

namespace peerjsd::bench {
namespace {

constexpr unsigned kSources = 16;  // addresses: with 28,000 ports each, more than descriptors

sockaddr_in loopback(std::uint32_t address, std::uint16_t port) {
  sockaddr_in result{};
  result.sin_family = AF_INET;
  result.sin_addr.s_addr = htonl(address);
  result.sin_port = htons(port);
  return result;
}

template <class Function>
int with_address(Function function, int socket, const sockaddr_in& address) {
  return function(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

int start_connecting(std::uint16_t port) {
  static unsigned next_source = 0;
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket < 0) fail("socket");
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(socket, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  const auto source = loopback(INADDR_LOOPBACK + 1 + next_source++ % kSources, 0);
  if (with_address(::bind, socket, source) != 0) fail("bind");
  const auto server = loopback(INADDR_LOOPBACK, port);
  if (with_address(::connect, socket, server) != 0 && errno != EINPROGRESS) fail("connect");
  return socket;
}

SSL* start_tls(int socket) {
  static SSL_CTX* const context = [] {
    SSL_CTX* const made = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_mode(made, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                               SSL_MODE_RELEASE_BUFFERS);
    return made;
  }();
  SSL* const tls = SSL_new(context);
  SSL_set_fd(tls, socket);
  SSL_set_connect_state(tls);
  return tls;
}

}  // namespace

Wire::Wire(const Target& target) : socket_(start_connecting(target.port)) {
  if (target.tls) tls_.reset(start_tls(socket_));
}

ssize_t Wire::read(std::span<char> buffer) {
  if (tls_ == nullptr) return ::recv(socket_, buffer.data(), buffer.size(), 0);
  std::size_t size = 0;
  const int result = SSL_read_ex(tls_.get(), buffer.data(), buffer.size(), &size);
  return outcome(result, size);
}

ssize_t Wire::write(std::string_view bytes) {
  if (tls_ == nullptr) return ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  std::size_t size = 0;
  const int result = SSL_write_ex(tls_.get(), bytes.data(), bytes.size(), &size);
  return outcome(result, size);
}

ssize_t Wire::outcome(int result, std::size_t size) const {
  if (result == 1) return static_cast<ssize_t>(size);
  const int error = SSL_get_error(tls_.get(), result);
  ::ERR_clear_error();
  if (error == SSL_ERROR_ZERO_RETURN) return 0;
  const bool later = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
  if (error != SSL_ERROR_SYSCALL || errno == 0) errno = later ? EAGAIN : EPROTO;
  return -1;
}

void Wire::close() {
  if (socket_ >= 0) ::close(std::exchange(socket_, -1));
}

}  // namespace peerjsd::bench
