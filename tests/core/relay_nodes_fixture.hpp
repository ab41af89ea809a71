#pragma once

#include "peerjsd/core/relay.hpp"
#include "support/print.hpp"
#include "support/recording_backend.hpp"
#include "support/recording_transport.hpp"
#include "support/relay_setup.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace peerjsd::core {

using namespace std::chrono_literals;
using Keepsakes = std::vector<Inheritance::Kept>;
using test::kOpen;
using test::RecordingBackend;
using test::RecordingTransport;
using test::sent_to;
using test::text;
using test::Texts;

inline RelayOptions relay_nodes_options() {
  RelayOptions options = test::relay_options();
  options.ip_limit = 100;
  return options;
}

/// A relay that is one node of several, and three clients of it.
class RelayNodesFixture : public testing::Test {
 protected:
  Admission attach(RecordingTransport& transport, std::string_view id,
                   std::string_view token = "token") {
    return relay_.attach(transport, {"peerjs", id, token},
                         {.kind = PeerKind::Page, .group = kGroup}, now_);
  }

  /// One of `owner`, who may have `limit` peers.
  Admission attach_of(RecordingTransport& transport, std::string_view id, std::string_view owner,
                      std::uint32_t limit) {
    return relay_.attach(transport, {"peerjs", id, owner},
                         {.kind = PeerKind::Page, .owner_limit = limit}, now_);
  }

  static Claim claim_of(const RecordingTransport& transport) {
    return {"peerjs", transport.peer()->id, transport.peer()->registration};
  }

  void settle(RecordingTransport& transport, Admission answer,
              const Inheritance& inheritance = {}) {
    relay_.settle(claim_of(transport), answer, inheritance, now_);
  }

  /// A peer that has its id.
  void join(RecordingTransport& transport, std::string_view id) {
    ASSERT_EQ(attach(transport, id), Admission::Pending);
    settle(transport, Admission::Opened);
    ASSERT_EQ(transport.take(), Texts{kOpen});
  }

  /// A claim without its peer's connection.
  Claim lose_before_answer(RecordingTransport& transport, std::string_view id) {
    EXPECT_EQ(attach(transport, id), Admission::Pending);
    const Claim claim = claim_of(transport);
    lose(transport);
    return claim;
  }

  Receipt receive(RecordingTransport& from, std::string_view what) {
    return relay_.receive(from, what, now_);
  }

  /// It goes, and may come back.
  void lose(RecordingTransport& transport) { relay_.detach(transport, End::Lost, now_); }

  /// It goes for good.
  void leave(RecordingTransport& transport) { relay_.detach(transport, End::GoingAway, now_); }

  /// As a parcel, whose texts live as long as the test.
  Parcel parcel_of(RecordingBackend::Forwarded forwarded) {
    const auto& it = kept_.emplace_back(std::move(forwarded));
    return {"peerjs", it.src,   it.registration, it.dst,           it.type,
            it.text,  it.since, it.dst_mark,     it.makes_partners};
  }

  /// What was forwarded last.
  Parcel forwarded() { return parcel_of(backend_.forwarded.back()); }

  /// A message that was forwarded, of `registration`.
  Parcel forwarded_as(Registration registration, const std::string& src, const std::string& dst) {
    return parcel_of({src, registration, dst, MessageType::Offer, text("OFFER", src, dst), now_});
  }
  Parcel forwarded_as(const RecordingTransport& src, const std::string& dst) {
    return forwarded_as(src.peer()->registration, src.peer()->id, dst);
  }

  /// To somebody who is on no node.
  void send_in_vain(RecordingTransport& from, const std::string& dst,
                    const std::string& type = "OFFER") {
    receive(from, sent_to(dst, type));
    relay_.on_returned({forwarded()}, now_);
  }

  /// Of another node.
  std::optional<std::uint32_t> handed(const Parcel& parcel) { return relay_.deliver(parcel, now_); }

  /// A message of another node's peer.
  bool deliver(const std::string& src, const std::string& dst, MessageType type,
               const std::string& what, std::string_view token = "token",
               std::uint32_t dst_mark = 0) {
    const Registration registration{.mark = mark(src, token)};
    return handed({"peerjs", src, registration, dst, type, what, now_, dst_mark}).has_value();
  }
  bool deliver_offer(const std::string& src, const std::string& dst) {
    return deliver(src, dst, MessageType::Offer, text("OFFER", src, dst));
  }

  /// An EXPIRE of another node, for who has sent something as `dst`, with that token.
  bool deliver_expire(const std::string& absent, const std::string& dst,
                      std::string_view token = "token") {
    const Registration told{.mark = mark(dst, token)};
    const std::string expire = text("EXPIRE", absent, dst);
    return handed({"peerjs", {}, told, dst, MessageType::Expire, expire, now_, told.mark})
        .has_value();
  }

  /// What `src`, of another node, has sent to somebody for whom it waits.
  static Inheritance::Kept kept(const std::string& src, MessageType type, const std::string& what,
                                Instant since) {
    return {src, type, what, since, mark(src)};
  }
  static Inheritance::Kept kept_offer(const std::string& src, const std::string& dst,
                                      Instant since) {
    return kept(src, MessageType::Offer, text("OFFER", src, dst), since);
  }

  /// What a peer is to get as it is.
  Inheritance::Kept own(const std::string& what, std::string_view id = "a",
                        std::string_view token = "token") const {
    return {{}, MessageType::Expire, what, now_, mark(id, token), mark(id, token)};
  }

  /// A LEAVE for "a".
  Inheritance::Kept leave_of(const std::string& id) const {
    return {id, MessageType::Leave, id + " has left", now_, mark(id), mark("a")};
  }

  /// Of another node.
  static PartnerElsewhere partner(const std::string& id) { return {id, mark(id)}; }

  static std::uint32_t mark(std::string_view id, std::string_view token = "token") {
    return mark_of("peerjs", id, token);
  }

  /// From now on there may be so many.
  void limit_to(std::size_t peers) {
    RelayOptions options = relay_nodes_options();
    options.concurrent_limit = peers;
    relay_.set_options(options, now_);
  }

  void pass(Duration time) {
    now_ += time;
    relay_.expire(now_);
  }

  const Peer* find(std::string_view id) const { return relay_.realm("peerjs")->find(id); }

  static constexpr AddressGroup kGroup{7};

  Instant now_{1h};
  RecordingBackend backend_;
  std::list<RecordingBackend::Forwarded> kept_;
  RecordingTransport a_;
  RecordingTransport b_;
  RecordingTransport c_;
  Relay relay_{relay_nodes_options(), backend_};
};

}  // namespace peerjsd::core
