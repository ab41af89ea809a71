#pragma once

#include "peerjsd/core/transport.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace peerjsd::test {

/// Keeps what the relay gives it.
class RecordingTransport final : public core::Transport {
 public:
  void send(std::string_view text) override { sent.emplace_back(text); }
  void settled(core::Admission admission) override { answer = admission; }
  void grant_waited() override { ++grants; }
  void close(core::End reason) override { closed = reason; }
  bool has_room_for(std::size_t bytes) const override { return bytes <= room; }
  bool probe() override {
    ++probes;
    return can_be_probed;
  }
  std::vector<std::string> take_unsent() override { return std::exchange(unsent, {}); }

  core::Instant settles_at() const override { return settles; }
  bool makes_way(core::Transport& successor) override {
    asked_by = &successor;
    return has_been_read;
  }
  void hold(core::Instant until) override { held_until = until; }
  core::Carrier carrier() const override { return carried_by; }

  /// What was sent since the last call.
  std::vector<std::string> take() { return std::exchange(sent, {}); }

  std::vector<std::string> sent;
  std::optional<core::End> closed;
  std::optional<core::Admission> answer;
  std::vector<std::string> unsent;
  bool can_be_probed = true;
  std::size_t room = std::string::npos;
  bool has_been_read = true;
  core::Transport* asked_by = nullptr;
  core::Instant settles{};
  core::Instant held_until{};
  core::Carrier carried_by = core::Carrier::WebSocket;
  int probes = 0;
  int grants = 0;
};

}  // namespace peerjsd::test
