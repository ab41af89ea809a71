#pragma once

#include "peerjsd/core/backend.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace peerjsd::test {

/// Keeps what the relay gives it, and answers as it is told to.
class RecordingBackend final : public core::Backend {
 public:
  struct Forwarded {
    std::string src;
    core::Registration registration;
    std::string dst;
    core::MessageType type;
    std::string text;
    core::Instant since;
    bool makes_partners = false;
    std::uint32_t dst_mark = 0;
  };

  Answer claim(const core::Peer& peer) override {
    claimed.push_back(peer.id);
    return answer;
  }
  void on_return(const core::Peer& peer) override { returned.push_back(peer.id); }
  void release(const core::Peer& peer) override { released.push_back(peer.id); }
  bool bequeath(const core::Peer& peer, const TakeInheritance& take) override {
    bequeathed.emplace_back(peer.id, take());
    return true;
  }
  Forwarding forward(const core::Parcel& parcel) override {
    if (forwarding == Forwarding::Taken) {
      forwarded.push_back({std::string(parcel.src), parcel.registration, std::string(parcel.dst),
                           parcel.type, std::string(parcel.text), parcel.since,
                           parcel.makes_partners, parcel.dst_mark});
    }
    return forwarding;
  }

  bool has_under_way(std::string_view, std::string_view dst) const override {
    return dst == under_way;
  }
  bool has_under_way_from(core::Registration src) const override { return src == under_way_from; }
  void adopt(core::Registration from, core::Registration to) override {
    adopted.emplace_back(from, to);
  }
  bool list(std::string_view, OnList) override { return false; }

  /// The texts of what was forwarded since the last call.
  std::vector<std::string> take() {
    std::vector<std::string> texts;
    for (Forwarded& each : std::exchange(forwarded, {})) texts.push_back(std::move(each.text));
    return texts;
  }

  Answer answer = Answer::Later;
  Forwarding forwarding = Forwarding::Taken;
  std::string under_way;  ///< the id for which something is
  std::optional<core::Registration> under_way_from;
  std::vector<std::pair<core::Registration, core::Registration>> adopted;
  std::vector<std::string> returned;
  std::vector<std::string> claimed;
  std::vector<std::string> released;
  std::vector<std::pair<std::string, core::Inheritance>> bequeathed;
  std::vector<Forwarded> forwarded;
};

}  // namespace peerjsd::test
