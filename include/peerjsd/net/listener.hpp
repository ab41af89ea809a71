#pragma once

#include "peerjsd/net/socket.hpp"

#include <functional>
#include <memory>
#include <string>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/result.hpp>

namespace peerjsd::net {

/// Accepts connections on one address.
class Listener {
 public:
  using Endpoint = boost::asio::ip::tcp::endpoint;

  /// The socket does not delay what is small. With it comes the other side's
  /// address.
  using OnAccept = std::function<void(Socket, const Endpoint&)>;

  /// Binds and listens; nothing is accepted before start(). `host` is an address or a name; empty
  /// means every address, IPv6 and IPv4, or IPv4 alone where the system has no IPv6. `port` 0 takes
  /// any free one. On failure: the system's error.
  static boost::system::result<std::unique_ptr<Listener>> bind(boost::asio::io_context& io,
                                                               const std::string& host,
                                                               std::uint16_t port);

  /// The same with a socket that listens already, which from now on is this one's. On failure: why
  /// it cannot be used; then it stays the caller's.
  static boost::system::result<std::unique_ptr<Listener>> adopt(boost::asio::io_context& io,
                                                                int descriptor);

  /// Where it listens.
  Endpoint endpoint() const;

  void start(OnAccept on_accept);
  void stop();

 private:
  using Acceptor = boost::asio::basic_socket_acceptor<boost::asio::ip::tcp,
                                                      boost::asio::io_context::executor_type>;

  explicit Listener(boost::asio::io_context& io) : acceptor_(io), retry_(io) {}

  boost::system::error_code listen(const Endpoint& endpoint);
  boost::system::error_code prepare();
  void wait();
  void accept();
  void accept_later(boost::system::error_code error);

  Acceptor acceptor_;
  boost::asio::steady_timer retry_;
  OnAccept on_accept_;
  bool failing_ = false;  // so that the log tells of it once
};

}  // namespace peerjsd::net
