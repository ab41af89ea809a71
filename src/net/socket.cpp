#include "peerjsd/net/socket.hpp"

#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

#include <boost/asio/error.hpp>
#include <linux/sockios.h>
#include <poll.h>
#include <unistd.h>

namespace peerjsd::net {
namespace {

using boost::system::error_code;

std::size_t outcome(ssize_t result, error_code& error) {
  if (result >= 0) return static_cast<std::size_t>(result);
  error = error_code(errno, boost::system::system_category());
  return 0;
}

}  // namespace

std::size_t Socket::read(std::span<char> buffer, error_code& error) {
  return tls_ == nullptr ? receive(buffer, error) : read_tls(buffer, error);
}

std::size_t Socket::receive(std::span<char> buffer, error_code& error) const {
  const ssize_t result = ::recv(descriptor_, buffer.data(), buffer.size(), 0);
  if (result == 0) error = boost::asio::error::eof;
  return outcome(result, error);
}

std::size_t Socket::read_tls(std::span<char> buffer, error_code& error) {
  std::array<char, kLeastReadBuffer - TlsChannel::kMostRecord> received;
  const std::size_t size = receive(received, error);
  if (error) return 0;
  const std::size_t plain = tls_->read(std::span(received).first(size), buffer, error);
  error_code ignored;  // of the next write it is an error again
  send_output(ignored);
  if (plain == 0 && !error) error = boost::asio::error::would_block;
  if (plain == 0 || !error) return plain;
  // The end is for the next read, which has to come.
  ::shutdown(descriptor_, SHUT_RD);
  error = {};
  return plain;
}

std::size_t Socket::write(std::span<const iovec> buffers, error_code& error) {
  if (tls_ != nullptr) return write_tls(buffers, error);
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(buffers.data());  // sendmsg() only reads it
  message.msg_iovlen = buffers.size();
  return outcome(::sendmsg(descriptor_, &message, MSG_NOSIGNAL), error);
}

std::size_t Socket::write_tls(std::span<const iovec> buffers, error_code& error) {
  send_output(error);
  if (error) return 0;
  const std::size_t written = tls_->write(buffers, error);
  if (error) return 0;
  if (written == 0 && !buffers.empty()) error = boost::asio::error::not_connected;
  send_output(error);
  if (error == boost::asio::error::would_block) error = {};  // that is for the next call
  return written;
}

void Socket::send_output(error_code& error) {
  while (!error && has_unsent()) {
    const std::string_view output = tls_->output();
    tls_->consume_output(
        outcome(::send(descriptor_, output.data(), output.size(), MSG_NOSIGNAL), error));
  }
}

bool Socket::has_unconfirmed() const {
  int bytes = 0;
  return ::ioctl(descriptor_, SIOCOUTQ, &bytes) == 0 && bytes > 0;
}

bool Socket::has_hung_up() const {
  pollfd asked{descriptor_, POLLRDHUP, 0};
  return ::poll(&asked, 1, 0) > 0;
}

void Socket::end_writing(error_code& error) {
  if (tls_ != nullptr) {
    tls_->end_writing();
    send_output(error);
    if (error == boost::asio::error::would_block) return;
  }
  ::shutdown(descriptor_, SHUT_WR);
}

void Socket::close() {
  if (is_open()) ::close(std::exchange(descriptor_, -1));
}

}  // namespace peerjsd::net
