#include "support/fuzzed_server.hpp"

#include "peerjsd/net/http_session.hpp"
#include "support/require.hpp"

#include <sys/socket.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <limits>
#include <span>
#include <utility>

namespace {

std::chrono::steady_clock::time_point the_time{std::chrono::hours(1)};

}  // namespace

/// A program's own definition goes before that of the shared library: so the same input does the
/// same each time, and nobody waits.
std::chrono::steady_clock::time_point std::chrono::steady_clock::now() noexcept {
  return the_time;
}

namespace peerjsd::fuzz {
namespace {

core::RandomSource counter() {
  return [count = 0U](std::span<std::byte> bytes) mutable {
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(count++);
  };
}

}  // namespace

FuzzedServer::FuzzedServer(core::RelayOptions relay, http::ServiceOptions service,
                           net::SessionOptions sessions)
    : relay_(std::move(relay)),
      service_(std::move(service), relay_, counter()),
      sessions_(io_, relay_, service_, std::move(sessions)) {}

int FuzzedServer::connect(const char* address, bool is_slow_reader) {
  std::array<int, 2> ends{-1, -1};
  const int result =
      ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data());
  require(result == 0, "a pair of sockets");
  if (is_slow_reader) {
    const int least = 1;  // the system makes of it the least that it can
    ::setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &least, sizeof least);
  }
  net::HttpSession::serve(sessions_, net::Socket(ends[0]), boost::asio::ip::make_address(address));
  return ends[1];
}

void FuzzedServer::turn() {
  io_.poll();
}

void FuzzedServer::pass(core::Duration time) {
  the_time += time;
  relay_.expire(sessions_.now());
  sessions_.expire(sessions_.now());
  turn();
}

void FuzzedServer::stop() {
  sessions_.start_draining(sessions_.now());
  sessions_.drain(std::numeric_limits<std::size_t>::max(), sessions_.now());
  turn();
  sessions_.close_all(sessions_.now());
  io_.restart();
  turn();
}

}  // namespace peerjsd::fuzz
