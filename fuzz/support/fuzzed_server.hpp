#pragma once

#include "peerjsd/core/relay.hpp"
#include "peerjsd/http/service.hpp"
#include "peerjsd/net/session_context.hpp"

#include <boost/asio/io_context.hpp>

namespace peerjsd::fuzz {

/// A server without a listener, and with a clock that is moved by hand: see pass().
class FuzzedServer {
 public:
  FuzzedServer(core::RelayOptions relay, http::ServiceOptions service,
               net::SessionOptions sessions);

  /// A client's end of a new connection from `address`. If the client is a slow reader, the
  /// server's system takes little at once.
  int connect(const char* address, bool is_slow_reader);

  /// Lets the loop do all that it can.
  void turn();

  /// Moves the clock, does what is due then, and turns.
  void pass(core::Duration time);

  /// Ends everybody, as at SIGTERM, and waits for nobody.
  void stop();

  const core::Relay& relay() const { return relay_; }
  std::size_t connections() const { return sessions_.connections(); }

 private:
  boost::asio::io_context io_{1};
  core::Relay relay_;
  http::Service service_;
  net::SessionContext sessions_;
};

}  // namespace peerjsd::fuzz
