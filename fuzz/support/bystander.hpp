#pragma once

#include "peerjsd/net/websocket_codec.hpp"
#include "support/client_end.hpp"
#include "support/fuzzed_server.hpp"
#include "support/require.hpp"
#include "support/websocket_bytes.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace peerjsd::fuzz {

/// A peer that answers pings and reads what it gets, and sends itself one message.
class Bystander {
 public:
  /// `secret`: nobody else knows it.
  Bystander(FuzzedServer& server, std::string secret)
      : server_(server), secret_(std::move(secret)), end_(server.connect("127.0.0.1", false)) {
    end_.write(handshake("key=peerjs&id=w&token=" + secret_));
  }

  void heed() {
    do {
      server_.turn();
      end_.read();
      require(!end_.ended, "the bystander's connection goes on");
    } while (has_answered());
  }

  void check() {
    end_.write(client_frame(net::Opcode::Text,
                            R"({"type":"OFFER","dst":"w","payload":")" + secret_ + "\"}"));
    heed();
    require(opened_ == 1, "one OPEN");
    const std::string sent = R"({"type":"OFFER","src":"w","dst":"w","payload":")" + secret_ + "\"}";
    require(own_ == std::vector<std::string>{sent}, "what it has sent itself, once");
  }

  void close() { end_.close(); }

 private:
  bool has_answered() {
    if (!open_) {
      const std::string_view end = "\r\n\r\n";
      const std::size_t head = end_.received.find(end);
      require(head != end_.received.npos, "an answer to its handshake");
      require(end_.received.starts_with("HTTP/1.1 101 "), "a WebSocket");
      end_.received.erase(0, head + end.size());
      open_ = true;
    }
    bool answered = false;
    while (const auto frame = take_frame(end_.received)) {
      if (frame->opcode == net::Opcode::Text) take(frame->payload);
      require(frame->opcode != net::Opcode::Close, "nobody closes it");
      if (frame->opcode != net::Opcode::Ping) continue;
      end_.write(client_frame(net::Opcode::Pong, frame->payload));
      answered = true;
    }
    return answered;
  }

  void take(const std::string& text) {
    if (text == R"({"type":"OPEN"})") {
      ++opened_;
      return;
    }
    const std::string_view rest = std::string_view(text).substr(text.find(','));
    if (rest.starts_with(R"(,"src":"w",)")) own_.push_back(text);
    require(rest.find(R"(,"dst":"w")") != rest.npos, "it gets what is for it");
  }

  FuzzedServer& server_;
  std::string secret_;
  ClientEnd end_;
  bool open_ = false;
  int opened_ = 0;
  std::vector<std::string> own_;
};

}  // namespace peerjsd::fuzz
