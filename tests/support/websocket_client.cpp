#include "support/websocket_client.hpp"

#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/websocket/stream.hpp>

namespace peerjsd::test {

namespace websocket = boost::beast::websocket;
using boost::system::error_code;
using tcp = boost::asio::ip::tcp;

constexpr std::uint16_t kNoStatus = 1005;  // RFC 6455 7.1.5

struct WebSocketClient::Stream {
  websocket::stream<tcp::socket> socket;
  boost::beast::flat_buffer buffer;
};

/// `handler`, unless its client is gone when it runs.
template <class Handler>
auto WebSocketClient::while_alive(Handler handler) {
  return [alive = std::weak_ptr<void>(alive_), handler = std::move(handler)](auto... results) {
    if (!alive.expired()) handler(results...);
  };
}

WebSocketClient::WebSocketClient(boost::asio::io_context& io, const tcp::endpoint& server,
                                 const std::string& id, const std::string& token,
                                 const std::string& origin)
    : stream_(new Stream{websocket::stream<tcp::socket>(io), {}}) {
  auto& socket = stream_->socket;
  socket.next_layer().connect(server);
  socket.set_option(websocket::stream_base::decorator([origin](websocket::request_type& request) {
    if (!origin.empty()) request.set(boost::beast::http::field::origin, origin);
  }));
  socket.async_handshake("localhost", "/peerjs?key=peerjs&id=" + id + "&token=" + token,
                         while_alive([this](error_code error) { error ? end(false) : read(); }));
}

WebSocketClient::~WebSocketClient() = default;

void WebSocketClient::send(const std::string& text) {
  stream_->socket.write(boost::asio::buffer(text));
}

void WebSocketClient::close(std::uint16_t code) {
  const auto reason = code == 0 ? websocket::close_reason() : websocket::close_reason(code);
  stream_->socket.async_close(reason, while_alive([this](error_code error) {
                                if (!error) end(true);
                              }));
}

void WebSocketClient::break_off() {
  stream_->socket.next_layer().set_option(boost::asio::socket_base::linger(true, 0));
  stream_->socket.next_layer().close();
}

void WebSocketClient::read() {
  stream_->socket.async_read(
      stream_->buffer, while_alive([this](error_code error, std::size_t) {
        if (error) return end(error == websocket::error::closed);
        received.push_back(boost::beast::buffers_to_string(stream_->buffer.data()));
        stream_->buffer.clear();
        read();
      }));
}

void WebSocketClient::end(bool is_closed) {
  ended = true;
  if (!is_closed) return;
  const std::uint16_t code = stream_->socket.reason().code;
  close_code = code == websocket::close_code::none ? kNoStatus : code;
}

}  // namespace peerjsd::test
