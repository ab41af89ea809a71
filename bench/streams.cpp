// What XHR streams cost: memory of the server per idle stream, CPU time per message that it writes
// as a line.

#include "support/process.hpp"
#include "support/program.hpp"
#include "support/traffic.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

using namespace peerjsd::bench;

namespace {

constexpr std::string_view kFiller = " ";

/// A peer on a stream that gets a Script, line by line, in order.
class Stream final : public Connection {
 public:
  Stream(EventLoop& loop, const Target& target, const std::string& src, const std::string& id)
      : Connection(loop, target), script_(src, id) {
    write("POST /peerjs/" + id +
          "/8v7ja3k9d2f/id?i=0 HTTP/1.1\r\nHost: 127.0.0.1\r\n"
          "Origin: http://localhost:8080\r\nContent-Length: 0\r\n\r\n");
  }

  const Script& script() const { return script_; }
  bool is_open() const { return lines_ > 1; }  // the padding, OPEN
  std::size_t received() const { return lines_ < 2 ? 0 : lines_ - 2; }

 private:
  /// A chunk, which is a line.
  std::size_t on_bytes(std::string_view bytes) override {
    std::size_t taken = 0;
    if (!answered_) {
      const std::size_t end = bytes.find("\r\n\r\n");
      if (end == std::string_view::npos) return 0;
      if (!bytes.starts_with("HTTP/1.1 200 ")) throw Fault("no stream");
      answered_ = true;
      taken = end + 4;
    }
    while (true) {
      const std::string_view rest = bytes.substr(taken);
      const std::size_t begin = rest.find("\r\n") + 2;
      if (begin == std::string_view::npos + 2) return taken;
      const std::size_t size = std::stoul(std::string(rest.substr(0, begin)), nullptr, 16);
      if (rest.size() < begin + size + 2) return taken;
      on_line(rest.substr(begin, size - 1));
      taken += begin + size + 2;
    }
  }

  void on_line(std::string_view line) {
    if (line == kFiller) return;
    if (lines_ >= 2 && !script_.is(received(), line)) {
      throw Fault("line " + std::to_string(received()) + " came as " + std::string(line));
    }
    ++lines_;
  }

  Script script_;
  bool answered_ = false;
  std::size_t lines_ = 0;
};

struct Load {
  std::size_t streams = 2000;
  std::size_t messages = 22;
};

Program::Result measure(const Server& server, const Load& load) {
  EventLoop loop;
  const std::size_t before = resident_bytes(server.process);
  std::vector<std::unique_ptr<Stream>> streams;
  for (std::size_t i = 0; i < load.streams; ++i) {
    const std::string id = "stream" + std::to_string(i);
    streams.push_back(std::make_unique<Stream>(loop, server.target, "sender", id));
    loop.run_until([&] { return streams.back()->is_open(); }, "OPEN");
  }
  const auto bytes =
      static_cast<double>(resident_bytes(server.process)) - static_cast<double>(before);
  Client client(loop, server.target, "sender");
  loop.run_until([&] { return client.is_open(); }, "OPEN");
  const auto cpu = cpu_time(server.process);
  for (std::size_t n = 0; n < load.messages; ++n) {
    for (const auto& stream : streams) {
      client.send(stream->script().text(n));
      loop.poll(std::chrono::milliseconds(0));
    }
  }
  loop.run_until(
      [&] {
        return std::ranges::all_of(
            streams, [&](const auto& one) { return one->received() == load.messages; });
      },
      "the lines");
  const std::chrono::duration<double, std::micro> used = cpu_time(server.process) - cpu;
  return {{"streams", load.streams},
          {"bytes_per_stream", bytes / static_cast<double>(load.streams)},
          {"cpu_us_per_line", used.count() / static_cast<double>(load.streams * load.messages)}};
}

}  // namespace

int main(int argc, char** argv) {
  Program program("What XHR streams cost the server");
  Load load;
  program.option("streams", load.streams, "peers on streams");
  program.option("messages", load.messages, "that each of them gets");
  return program.run(argc, argv, [&] { return measure(program.server(), load); });
}
