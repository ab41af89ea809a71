#pragma once

#include <array>
#include <memory>
#include <string>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>

namespace peerjsd::test {

/// A TCP connection to the server: writes what it is told to and collects what comes. Everything
/// runs on the server's own loop.
class RawClient {
 public:
  using tcp = boost::asio::ip::tcp;

  RawClient(boost::asio::io_context& io, const tcp::endpoint& server) : socket_(io) {
    socket_.connect(server);
  }

  /// A client that is slow to read fills little more than this.
  RawClient(boost::asio::io_context& io, const tcp::endpoint& server, int receive_buffer)
      : socket_(io) {
    socket_.open(server.protocol());
    socket_.set_option(boost::asio::socket_base::receive_buffer_size(receive_buffer));
    socket_.connect(server);
  }

  void write(std::string_view bytes) { boost::asio::write(socket_, boost::asio::buffer(bytes)); }

  /// Writes as the server takes it; all_written says when that is done.
  void write_all(std::string bytes) {
    to_write_ = std::move(bytes);
    boost::asio::async_write(
        socket_, boost::asio::buffer(to_write_),
        [this, alive = std::weak_ptr<void>(alive_)](boost::system::error_code error, std::size_t) {
          if (alive.expired()) return;
          all_written = !error;
        });
  }

  /// From now on what comes is collected in received.
  void read() {
    socket_.async_read_some(boost::asio::buffer(buffer_),
                            [this, alive = std::weak_ptr<void>(alive_)](
                                boost::system::error_code error, std::size_t size) {
                              if (alive.expired()) return;
                              received.append(buffer_.data(), size);
                              if (error) {
                                ended = true;
                              } else {
                                read();
                              }
                            });
  }

  void end() { socket_.shutdown(tcp::socket::shutdown_send); }

  /// Resets the connection.
  void break_off() {
    socket_.set_option(boost::asio::socket_base::linger(true, 0));
    socket_.close();
  }

  std::string received;
  bool ended = false;
  bool all_written = false;

 private:
  std::shared_ptr<void> alive_ =
      std::make_shared<char>();  // handlers may run after the end of this
  std::string to_write_;
  tcp::socket socket_;
  std::array<char, 16 * 1024> buffer_{};
};

/// The request that opens a WebSocket for `id`.
inline std::string handshake(const std::string& id, const std::string& token = "token",
                             const std::string& extra_headers = "") {
  return "GET /peerjs?key=peerjs&id=" + id + "&token=" + token +
         " HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
         "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
         extra_headers + "\r\n";
}

/// A client's text frame, masked with zeros.
inline std::string text_frame(const std::string& text) {
  std::string frame = "\x81";
  if (text.size() < 126) {
    frame += static_cast<char>(0x80 | text.size());
  } else {
    frame += static_cast<char>(0x80 | 127);
    for (int shift = 56; shift >= 0; shift -= 8) {
      frame += static_cast<char>((text.size() >> shift) & 0xff);
    }
    if (text.size() < 65536) {
      frame = std::string("\x81\xfe") + frame.substr(8, 2);
    }
  }
  return frame + std::string(4, '\0') + text;
}

}  // namespace peerjsd::test
