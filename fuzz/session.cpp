// Whatever four clients send, in whatever pieces, a fifth that keeps to the rules is not disturbed,
// the answers do not depend on the pieces, and nothing is left when all have gone.
//
// An input is a byte of flags and a script: see support/script.hpp.

#include "support/bystander.hpp"
#include "support/client_end.hpp"
#include "support/fuzzed_server.hpp"
#include "support/require.hpp"
#include "support/script.hpp"
#include "support/websocket_bytes.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <spdlog/spdlog.h>

using namespace peerjsd;
using namespace std::chrono_literals;
using fuzz::Bystander;
using fuzz::ClientEnd;
using fuzz::FuzzedServer;
using fuzz::require;
using fuzz::Step;

namespace {

enum Flags : unsigned {
  kSlowReaders = 1,
  kSmallLimits = 2,
  kAlwaysLeave = 4,
  kStop = 8,     // end by stopping the server
  kPieces = 16,  // what is written, one client writes, in pieces and at once; the rest is left out
  kProxied = 32,
};

constexpr const char* kAddress = "203.0.113.7";  // of all four

/// One of those that may do anything.
struct Client {
  std::unique_ptr<ClientEnd> end;
  bool reads = true;
};

core::RelayOptions relay_options(unsigned flags) {
  core::RelayOptions options;
  options.keys = {"peerjs", "other"};
  options.expire_timeout = 5s;
  options.alive_timeout = 60s;
  options.leave_grace = 10s;
  options.takeover_probe = 2s;
  options.leave = (flags & kAlwaysLeave) != 0 ? core::LeavePolicy::Always : core::LeavePolicy::Auto;
  options.concurrent_limit = 100;
  options.outstanding = {4000, 4000, 10000};
  if ((flags & kSmallLimits) == 0) return options;
  options.concurrent_limit = 3;
  options.ip_limit = 2;
  options.max_id_bytes = 8;
  options.max_token_bytes = 24;
  options.accepts_id = [](std::string_view id) { return id != "no"; };
  return options;
}

http::ServiceOptions service_options(unsigned flags) {
  http::ServiceOptions options;
  options.allow_discovery = true;
  if ((flags & kSmallLimits) != 0) options.cors = {"http://p", "https://*.q"};
  return options;
}

net::SessionOptions session_options(unsigned flags) {
  net::SessionOptions options;
  options.alive_timeout = 60s;
  if ((flags & kProxied) != 0) options.proxies = *net::TrustedProxies::parse(kAddress);
  if ((flags & kSmallLimits) != 0) {
    options.max_header_bytes = 500;
    options.max_message_bytes = 200;
    options.send_queue_bytes = 500;
    options.limits = {5, 3, {1}};
    options.messages = {20};
  }
  if ((flags & kPieces) != 0) {
    // Of two faults of a head the pieces decide which one is found.
    options.max_header_bytes = std::size_t{1} << 20;
    // Who is to be slowed down is heard out, if it was quick enough.
    options.messages = {};
  }
  return options;
}

/// What the server sent, if it opened a WebSocket at once, are sound frames up to a Close.
void check_answers(const Client& client) {
  if (client.end == nullptr) return;
  client.end->read();
  const std::string& received = client.end->received;
  require(received.empty() || received.starts_with("HTTP/1."), "an answer");
  if (!received.starts_with("HTTP/1.1 101 ")) return;
  std::string frames = received.substr(received.find("\r\n\r\n") + 4);
  while (const auto frame = fuzz::take_frame(frames)) {
    require(frame->opcode != net::Opcode::Close || frames.empty(), "nothing follows a Close");
  }
}

class Session {
 public:
  Session(unsigned flags, std::string secret)
      : flags_(flags),
        server_(relay_options(flags), service_options(flags), session_options(flags)),
        bystander_(server_, std::move(secret)) {
    bystander_.heed();
  }

  /// What client a was told.
  std::string run(const std::vector<Step>& steps) {
    for (const Step& step : steps) {
      take(step);
      bystander_.heed();
      for (Client& client : clients_) {
        if (client.end != nullptr && client.reads) client.end->read();
      }
    }
    bystander_.check();
    for (const Client& client : clients_) check_answers(client);
    std::string told = clients_[0].end == nullptr ? "" : clients_[0].end->received;
    finish();
    return told;
  }

 private:
  void take(const Step& step) {
    Client& client = clients_[step.client];
    switch (step.kind) {
      case Step::Kind::Write:
        if (client.end == nullptr) {
          client.end =
              std::make_unique<ClientEnd>(server_.connect(kAddress, (flags_ & kSlowReaders) != 0));
        }
        return client.end->write(step.bytes);
      case Step::Kind::End:
        return client.end == nullptr ? void() : client.end->end();
      case Step::Kind::Close:
        check_answers(client);
        return client.end.reset();
      case Step::Kind::Pause:
        client.reads = !client.reads;
        return;
      case Step::Kind::Pass:
        return pass(step.time);
      case Step::Kind::Pace:
        for (int i = 0; i < 20; ++i) pass(80ms);
    }
  }

  void pass(core::Duration time) {
    server_.pass(time);
    bystander_.heed();
  }

  void finish() {
    if ((flags_ & kStop) != 0) {
      server_.stop();
    } else {
      for (Client& client : clients_) client.end.reset();
      bystander_.close();
      server_.turn();
    }
    for (int i = 0; i < 2; ++i) server_.pass(1min);
    require(server_.connections() == 0, "no connection is left");
    for (const char* const key : {"peerjs", "other"}) {
      require(server_.relay().realm(key)->size() == 0, "no peer is left");
      require(server_.relay().realm(key)->outstanding.empty(), "no message is left");
    }
  }

  const unsigned flags_;
  FuzzedServer server_;
  Bystander bystander_;
  std::array<Client, fuzz::kClients> clients_;
};

std::ptrdiff_t open_descriptors() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
}

void erase_all(std::string& text, std::string_view part) {
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at)) {
    text.erase(at, part.size());
  }
}

/// What one client is told that writes all of these.
std::string answers_to(std::vector<Step> writes, unsigned flags, const std::string& secret) {
  // What is wrong with a head may be found before its end, but not necessarily.
  writes.push_back({Step::Kind::Write, 0, "\r\n\r\n"});
  writes.push_back({Step::Kind::Pace});
  // For who is lost, what is not written yet would be kept.
  const unsigned sound = (flags & ~(kSlowReaders | kStop)) | kAlwaysLeave;
  std::string told = Session(sound, secret).run(writes);
  erase_all(told, "HTTP/1.1 100 Continue\r\n\r\n");  // that is for who waits for it
  return told;
}

void compare_pieces(const std::vector<Step>& steps, unsigned flags, const std::string& secret) {
  std::vector<Step> pieces;
  std::string all;
  for (const Step& step : steps) {
    if (step.kind != Step::Kind::Write) continue;
    pieces.push_back({Step::Kind::Write, 0, step.bytes});
    all += step.bytes;
  }
  const std::string in_pieces = answers_to(pieces, flags, secret);
  const std::string at_once = answers_to({{Step::Kind::Write, 0, all}}, flags, secret);
  if (in_pieces == at_once) return;
  std::fprintf(stderr, "in pieces:\n%s\nat once:\n%s\n", in_pieces.c_str(), at_once.c_str());
  require(false, "the same answers, whatever the pieces");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  spdlog::set_level(spdlog::level::off);
  if (size == 0) return 0;
  const unsigned flags = data[0];
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::string secret = std::to_string(std::hash<std::string_view>{}(input));
  const std::vector<Step> steps = fuzz::read_script(input.substr(1));
  const std::ptrdiff_t descriptors = open_descriptors();
  if ((flags & kPieces) != 0) {
    compare_pieces(steps, flags, secret);
  } else {
    Session(flags, secret).run(steps);
  }
  require(open_descriptors() == descriptors, "no descriptor is left");
  return 0;
}
