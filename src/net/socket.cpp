#include "peerjsd/net/socket.hpp"

#include <sys/socket.h>

#include <cerrno>

#include <boost/asio/error.hpp>
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

std::size_t Socket::read(std::span<char> buffer, error_code& error) const {
  const ssize_t result = ::recv(descriptor_, buffer.data(), buffer.size(), 0);
  if (result == 0) error = boost::asio::error::eof;
  return outcome(result, error);
}

std::size_t Socket::write(std::span<const iovec> buffers, error_code& error) const {
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(buffers.data());  // sendmsg() only reads it
  message.msg_iovlen = buffers.size();
  return outcome(::sendmsg(descriptor_, &message, MSG_NOSIGNAL), error);
}

void Socket::end_writing() const {
  ::shutdown(descriptor_, SHUT_WR);
}

void Socket::close() {
  if (is_open()) ::close(std::exchange(descriptor_, -1));
}

}  // namespace peerjsd::net
