#include "peerjsd/net/listener.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <utility>
#include <vector>

#include <boost/asio/error.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <spdlog/spdlog.h>

namespace peerjsd::net {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

boost::system::result<std::vector<tcp::endpoint>> candidates(asio::io_context& io,
                                                             const std::string& host,
                                                             std::uint16_t port) {
  if (host.empty()) {
    return std::vector<tcp::endpoint>{{asio::ip::address_v6::any(), port},
                                      {asio::ip::address_v4::any(), port}};
  }
  error_code error;
  const auto resolved = tcp::resolver(io).resolve(host, std::to_string(port), error);
  if (error) return error;
  return std::vector<tcp::endpoint>(resolved.begin(), resolved.end());
}

boost::system::result<int> option_of(int descriptor, int name) {
  int value = 0;
  socklen_t size = sizeof value;
  if (::getsockopt(descriptor, SOL_SOCKET, name, &value, &size) == 0) return value;
  return error_code(errno, boost::system::system_category());
}

}  // namespace

boost::system::result<std::unique_ptr<Listener>> Listener::bind(asio::io_context& io,
                                                                const std::string& host,
                                                                std::uint16_t port) {
  const auto endpoints = candidates(io, host, port);
  if (!endpoints) return endpoints.error();
  error_code error = asio::error::host_not_found;
  for (const tcp::endpoint& endpoint : *endpoints) {
    std::unique_ptr<Listener> listener(new Listener(io));
    error = listener->listen(endpoint);
    if (!error) return listener;
    // Only where IPv6 is off is IPv4 the better answer: a taken port is taken.
    if (error != asio::error::address_family_not_supported &&
        error != error_code(EADDRNOTAVAIL, boost::system::system_category())) {
      break;
    }
  }
  return error;
}

boost::system::result<std::unique_ptr<Listener>> Listener::adopt(asio::io_context& io,
                                                                 int descriptor) {
  const auto family = option_of(descriptor, SO_DOMAIN);
  if (!family) return family.error();
  if (*family != AF_INET && *family != AF_INET6) {
    return error_code(asio::error::address_family_not_supported);
  }
  const auto listens = option_of(descriptor, SO_ACCEPTCONN);
  if (!listens) return listens.error();
  if (*listens == 0) return error_code(asio::error::invalid_argument);
  std::unique_ptr<Listener> listener(new Listener(io));
  error_code error;
  if (listener->acceptor_.assign(*family == AF_INET6 ? tcp::v6() : tcp::v4(), descriptor, error)) {
    return error;
  }
  error = listener->prepare();
  if (!error) return listener;
  listener->acceptor_.release();
  return error;
}

error_code Listener::listen(const tcp::endpoint& endpoint) {
  error_code error;
  if (acceptor_.open(endpoint.protocol(), error)) return error;
  if (acceptor_.set_option(asio::socket_base::reuse_address(true), error)) return error;
  if (endpoint.protocol() == tcp::v6()) {
    // An explicit IPv6 address means IPv6; only "every address" means IPv4 too.
    const bool is_any = endpoint.address().is_unspecified();
    if (acceptor_.set_option(asio::ip::v6_only(!is_any), error)) return error;
  }
  if (acceptor_.bind(endpoint, error)) return error;
  if (acceptor_.listen(asio::socket_base::max_listen_connections, error)) return error;
  return prepare();
}

error_code Listener::prepare() {
  error_code error;
  // Accepted sockets inherit it (Linux).
  if (acceptor_.set_option(tcp::no_delay(true), error)) return error;
  acceptor_.non_blocking(true, error);
  return error;
}

tcp::endpoint Listener::endpoint() const {
  return acceptor_.local_endpoint();
}

void Listener::start(OnAccept on_accept) {
  on_accept_ = std::move(on_accept);
  wait();
}

void Listener::stop() {
  error_code ignored;
  acceptor_.close(ignored);
  retry_.cancel();
}

void Listener::wait() {
  acceptor_.async_wait(Acceptor::wait_read, [this](error_code error) {
    if (!error && acceptor_.is_open()) accept();
  });
}

/// Asio would make each of them known to its reactor, which has no part in them: see Poller.
void Listener::accept() {
  constexpr int most_at_once = 64;  // so that those who are here are not kept waiting
  for (int i = 0; i < most_at_once && acceptor_.is_open(); ++i) {
    Endpoint peer;
    auto size = static_cast<socklen_t>(peer.capacity());
    Socket socket(
        ::accept4(acceptor_.native_handle(), peer.data(), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!socket.is_open()) {
      const error_code error(errno, boost::system::system_category());
      if (error == asio::error::would_block) break;
      if (error == asio::error::connection_aborted || error == asio::error::interrupted) continue;
      return accept_later(error);
    }
    if (std::exchange(failing_, false)) spdlog::info("Accepting connections again");
    peer.resize(size);
    on_accept_(std::move(socket), peer);
  }
  if (acceptor_.is_open()) wait();
}

/// Out of descriptors or memory: those who are here go on, and may free some.
void Listener::accept_later(error_code error) {
  if (!std::exchange(failing_, true)) {
    spdlog::error("Cannot accept connections: {}; trying on every 100 ms", error.message());
  }
  retry_.expires_after(std::chrono::milliseconds(100));
  retry_.async_wait([this](error_code aborted) {
    if (!aborted) accept();
  });
}

}  // namespace peerjsd::net
