#include "support/script.hpp"

#include "peerjsd/net/websocket_codec.hpp"
#include "support/websocket_bytes.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

namespace peerjsd::fuzz {
namespace {

using namespace std::chrono_literals;

constexpr char kCommand = '\xF7';

std::string ten_times(const std::string& text) {
  std::string all;
  for (int i = 0; i < 10; ++i) all += text;
  return all;
}

std::string request(std::string_view line, std::string_view more_head, std::string_view body) {
  return std::string(line) + " HTTP/1.1\r\nHost: x\r\n" + std::string(more_head) + "\r\n" +
         std::string(body);
}

std::string posted(std::string_view piece) {
  const std::size_t end = std::min(piece.find('\n'), piece.size());
  const std::string_view body = piece.substr(std::min(end + 1, piece.size()));
  return request("POST " + std::string(piece.substr(0, end)),
                 "Content-Length: " + std::to_string(body.size()) + "\r\n", body);
}

class Reader {
 public:
  std::vector<Step> read(std::string_view script) {
    while (!script.empty()) {
      const std::size_t end = std::min(script.find(kCommand), script.size());
      const bool is_cut = end + 1 >= script.size();
      piece_ += script.substr(0, end);
      obey(is_cut ? 'w' : script[end + 1]);
      script.remove_prefix(std::min(end + 2, script.size()));
    }
    return std::move(steps_);
  }

 private:
  void obey(char letter) {
    if (letter >= 'a' && letter < 'a' + static_cast<char>(kClients)) {
      client_ = static_cast<std::size_t>(letter - 'a');
      return;
    }
    if (letter >= '0' && letter <= '9') return pass(static_cast<std::size_t>(letter - '0'));
    switch (letter) {
      case 'w':
        return write(take());
      case 't':
        return write(client_frame(net::Opcode::Text, take()));
      case 'r':
        return write(ten_times(client_frame(net::Opcode::Text, take())));
      case 'o':
        return write(handshake(take()));
      case 'h':
        return write(request(take(), {}, {}));
      case 'p':
        return write(posted(take()));
      case 'e':
        return steps_.push_back({Step::Kind::End, client_});
      case 'x':
        return steps_.push_back({Step::Kind::Close, client_});
      case 's':
        return steps_.push_back({Step::Kind::Pause, client_});
      case 'z':
        return steps_.push_back({Step::Kind::Pace});
      default:
        piece_ += {kCommand, letter};
    }
  }

  std::string take() { return std::exchange(piece_, {}); }

  void write(std::string bytes) {
    steps_.push_back({Step::Kind::Write, client_, std::move(bytes)});
  }

  void pass(std::size_t index) {
    constexpr std::array<core::Duration, 10> times = {0ms, 25ms, 80ms, 150ms, 500ms,
                                                      1s,  2s,   5s,   10s,   20s};
    steps_.push_back({Step::Kind::Pass, 0, {}, times[index]});
  }

  std::vector<Step> steps_;
  std::string piece_;
  std::size_t client_ = 0;
};

}  // namespace

std::vector<Step> read_script(std::string_view script) {
  return Reader().read(script);
}

}  // namespace peerjsd::fuzz
