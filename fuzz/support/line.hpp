#pragma once

#include "peerjsd/core/time.hpp"
#include "peerjsd/core/transport.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace peerjsd::fuzz {

/// One client's connection, as the relay has to treat it: what the relay finds there, and what it
/// has done with it.
struct Line {
  core::Carrier carrier = core::Carrier::WebSocket;
  std::size_t room = 0;  ///< the longest message that it would still take from another client
  bool can_be_probed = true;
  bool has_been_read = true;
  core::Instant settles{};

  std::vector<std::string> unread;  ///< messages that the client has not got yet
  std::vector<std::string> events;  ///< what the relay did, in order

  void send(std::string_view text) {
    unread.emplace_back(text);
    events.push_back("send " + std::string(text));
  }
  void close(core::End reason) { events.push_back("close: " + std::string(to_string(reason))); }
  bool probe() {
    events.emplace_back("probe");
    return can_be_probed;
  }
  std::vector<std::string> take_unsent() { return std::exchange(unread, {}); }
  bool makes_way() {
    events.emplace_back("make way");
    return has_been_read;
  }
  void hold(core::Instant until) {
    events.push_back("hold until " + std::to_string(until.time_since_epoch().count()));
  }
};

/// The line as the relay sees it.
class LineTransport final : public core::Transport {
 public:
  explicit LineTransport(Line at) : line(std::move(at)) {}

  void send(std::string_view text) override { line.send(text); }
  bool has_room_for(std::size_t bytes) const override { return bytes <= line.room; }
  void settled(core::Admission) override {}
  void grant_waited() override {}
  void close(core::End reason) override { line.close(reason); }
  bool probe() override { return line.probe(); }
  std::vector<std::string> take_unsent() override { return line.take_unsent(); }
  core::Instant settles_at() const override { return line.settles; }
  bool makes_way(core::Transport&) override { return line.makes_way(); }
  void hold(core::Instant until) override { line.hold(until); }
  core::Carrier carrier() const override { return line.carrier; }

  Line line;
};

}  // namespace peerjsd::fuzz
