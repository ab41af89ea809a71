#pragma once

#include <string>
#include <utility>
#include <vector>

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/websocket/stream.hpp>

namespace peerjsd::test {

/// A peer on Beast's WebSocket, which shares no code with the server's.
class WebSocketClient {
 public:
  using tcp = boost::asio::ip::tcp;

  /// `origin`: what a browser would send; empty: a native client.
  WebSocketClient(boost::asio::io_context& io, const tcp::endpoint& server, const std::string& id,
                  const std::string& token = "token", const std::string& origin = "")
      : stream_(io) {
    namespace websocket = boost::beast::websocket;
    stream_.next_layer().connect(server);
    stream_.set_option(
        websocket::stream_base::decorator([origin](websocket::request_type& request) {
          if (!origin.empty()) request.set(boost::beast::http::field::origin, origin);
        }));
    stream_.async_handshake("localhost", "/peerjs?key=peerjs&id=" + id + "&token=" + token,
                            [this](boost::system::error_code error) {
                              if (error) {
                                end(error);
                              } else {
                                read();
                              }
                            });
  }

  void send(const std::string& text) { stream_.write(boost::asio::buffer(text)); }

  /// Without a code as a peerjs client's disconnect(), or with one.
  void close(boost::beast::websocket::close_reason reason = {}) {
    stream_.async_close(reason, [](boost::system::error_code) {});
  }

  /// As when the process dies.
  void break_off() {
    stream_.next_layer().set_option(boost::asio::socket_base::linger(true, 0));
    stream_.next_layer().close();
  }

  std::vector<std::string> take() { return std::exchange(received, {}); }

  std::vector<std::string> received;
  bool ended = false;
  std::uint16_t close_code = 0;
  std::string close_reason;

 private:
  void read() {
    stream_.async_read(buffer_, [this](boost::system::error_code error, std::size_t) {
      if (error) return end(error);
      received.push_back(boost::beast::buffers_to_string(buffer_.data()));
      buffer_.clear();
      read();
    });
  }

  void end(boost::system::error_code error) {
    ended = true;
    if (error != boost::beast::websocket::error::closed) return;
    close_code = stream_.reason().code;
    close_reason = std::string(stream_.reason().reason.data(), stream_.reason().reason.size());
  }

  boost::beast::websocket::stream<tcp::socket> stream_;
  boost::beast::flat_buffer buffer_;
};

}  // namespace peerjsd::test
