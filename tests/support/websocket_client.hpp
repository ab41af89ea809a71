#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace peerjsd::test {

/// A peer on Beast's WebSocket, which shares no code with the server's. It runs on the server's own
/// loop.
class WebSocketClient {
 public:
  /// `origin`: what a browser would send; empty: a native client.
  WebSocketClient(boost::asio::io_context& io, const boost::asio::ip::tcp::endpoint& server,
                  const std::string& id, const std::string& token = "token",
                  const std::string& origin = "");
  ~WebSocketClient();

  void send(const std::string& text);

  /// Without a code (0), as a peerjs client's disconnect(), or with one.
  void close(std::uint16_t code = 0);

  /// As when the process dies.
  void break_off();

  std::vector<std::string> take() { return std::exchange(received, {}); }

  std::vector<std::string> received;
  bool ended = false;
  std::uint16_t close_code = 0;  ///< 1005: closed without a code; 0: not closed by a Close

 private:
  struct Stream;  // keeps Beast out of the tests' compile time

  void read();
  void end(bool is_closed);

  template <class Handler>
  auto while_alive(Handler handler);

  std::shared_ptr<void> alive_ = std::make_shared<char>();
  std::unique_ptr<Stream> stream_;
};

}  // namespace peerjsd::test
