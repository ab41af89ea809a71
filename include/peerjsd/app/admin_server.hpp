#pragma once

#include "peerjsd/app/admin_api.hpp"

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/system/result.hpp>

namespace peerjsd::app {

/// Serves an AdminApi over HTTP/1.1 to a few at a time: where another one comes, the connection
/// that is there longest ends.
class AdminServer {
 public:
  static constexpr std::size_t kMostConnections = 16;

  /// Listens, but answers nobody before start(). `host` is an address or a name; empty means every
  /// address of IPv4. On failure: why it cannot listen there. `api` must outlive it.
  static boost::system::result<std::unique_ptr<AdminServer>> listen(boost::asio::io_context& io,
                                                                    const std::string& host,
                                                                    std::uint16_t port,
                                                                    AdminApi& api);

  boost::asio::ip::tcp::endpoint endpoint() const { return acceptor_.local_endpoint(); }

  void start();

  /// Ends all connections. To be followed by a turn of the loop before this is destroyed.
  void stop();

 private:
  using Streams = std::list<boost::beast::tcp_stream>;

  AdminServer(boost::asio::io_context& io, AdminApi& api);

  boost::system::error_code bind(const boost::asio::ip::tcp::endpoint& endpoint);
  void end_oldest();
  boost::asio::awaitable<void> accept();
  boost::asio::awaitable<void> serve(Streams::iterator stream);
  boost::asio::awaitable<void> converse(boost::beast::tcp_stream& stream);

  boost::asio::io_context& io_;
  AdminApi& api_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer retry_;
  Streams streams_;
};

}  // namespace peerjsd::app
