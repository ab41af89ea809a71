#pragma once

#include "peerjsd/core/message.hpp"
#include "peerjsd/core/peer.hpp"
#include "peerjsd/core/time.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace peerjsd::core {

/// What a peer takes along to another node. The words for its way:
///
/// - handed over: taken of a peer that is connected elsewhere by now;
/// - bequeathed: taken of one whose node stops, and that may come back anywhere;
/// - a departure: the peer has gone, and its inheritance waits for what it had sent to arrive;
/// - a bequest: the message with which it goes to the node where the peer is;
/// - a will: what Redis keeps of it where the peer is on no node.
struct Inheritance {
  /// A message of the peer that waits for its destination.
  struct Sent {
    std::string dst;
    MessageType type;
    std::string text;
    Instant since;               ///< it has been waiting
    std::uint32_t dst_mark = 0;  ///< see Parcel

    bool operator==(const Sent&) const = default;
  };

  /// A message that waits for the peer; or what it is to get as it is, which has no src and is as
  /// an EXPIRE.
  struct Kept {
    std::string src;
    MessageType type;
    std::string text;
    Instant since;               ///< it has been waiting
    std::uint32_t mark = 0;      ///< see Registration, and Parcel on whose
    std::uint32_t dst_mark = 0;  ///< see Parcel

    bool operator==(const Kept&) const = default;
  };

  /// `more`: what the peer had there after this.
  void append(const Inheritance& more);

  /// Takes out of `kept` what its senders are to hear of: all but LEAVE and EXPIRE, which are a
  /// part of what the peer is to be told. But what follows a message of its sender stays behind
  /// that.
  std::vector<Kept> take_messages();

  std::vector<PartnerElsewhere> partners{};  ///< see Peer::partners
  std::vector<Kept> kept{};                  ///< in order
  std::vector<Sent> sent{};                  ///< in order

  bool operator==(const Inheritance&) const = default;
};

}  // namespace peerjsd::core
