#pragma once

#include "peerjsd/outbound/passage.hpp"
#include "peerjsd/outbound/resolver.hpp"

#include <functional>
#include <optional>
#include <string>

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/system/error_code.hpp>

namespace peerjsd::outbound {

/// Bytes to and from another server, through TLS or not. Who waits for something to be done keeps
/// this alive until then, also after close().
class Stream {
 public:
  explicit Stream(boost::asio::io_context& io) : socket_(io) {}

  /// To be called before connect(): with TLS, by a certificate for `host`, a name or an address.
  /// `context`, which has to outlive the stream, says whom to trust.
  void secure(boost::asio::ssl::context& context, const std::string& host);

  bool has_tls() const { return tls_.has_value(); }

  /// May be called again after an error.
  void connect(const Endpoint& endpoint,
               std::function<void(boost::system::error_code)> on_connected);

  /// Follows connect(); then bytes may pass. `problem` says what is wrong with the other side;
  /// empty: nothing. Without TLS it is called at once.
  void shake_hands(std::function<void(const std::string& problem)> on_done);

  /// The handshake has failed by the other side's certificate: somebody is there, but nobody knows
  /// who it is.
  bool is_untrusted();

  /// Calls `use` with what bytes are to be read from and written to.
  template <class Use>
  void with_layer(Use use) {
    if (tls_) {
      use(*tls_);
    } else {
      use(socket_);
    }
  }

  /// Of all that was written since it is connected.
  std::optional<Passage> passage() { return passage_of(socket_.native_handle()); }

  /// Idempotent.
  void close();

 private:
  using Socket = boost::asio::generic::stream_protocol::socket;

  Socket socket_;
  std::optional<boost::asio::ssl::stream<Socket&>> tls_;
};

}  // namespace peerjsd::outbound
