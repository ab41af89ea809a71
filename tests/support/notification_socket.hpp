#pragma once

#include "peerjsd/net/socket.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <string>

#include <gtest/gtest.h>

namespace peerjsd::test {

/// The end that a service manager has of the socket where it is told how the server is.
class NotificationSocket {
 public:
  explicit NotificationSocket(const std::string& name)
      : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    if (address.sun_path[0] == '@') address.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    EXPECT_EQ(::bind(socket_.descriptor(), reinterpret_cast<const sockaddr*>(&address), size), 0);
  }

  /// The next datagram; empty if there is none.
  std::string hear() const {
    std::array<char, 1000> text{};
    const ssize_t size = ::recv(socket_.descriptor(), text.data(), text.size(), 0);
    return size < 0 ? "" : std::string(text.data(), static_cast<std::size_t>(size));
  }

 private:
  net::Socket socket_;
};

}  // namespace peerjsd::test
