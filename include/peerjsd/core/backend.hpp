#pragma once

#include "peerjsd/core/inheritance.hpp"
#include "peerjsd/core/message.hpp"
#include "peerjsd/core/outstanding.hpp"
#include "peerjsd/core/peer.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace peerjsd::core {

/// A message that passes from one node to another, with what its text does not say. Views.
struct Parcel {
  std::string_view key;
  std::string_view src;
  Registration registration;  ///< of src; of an EXPIRE, of the one who is told
  std::string_view dst;
  MessageType type;
  std::string_view text;  ///< as the destination gets it; empty: a LEAVE of which it is not told
  Instant since;          ///< it has been waiting to arrive
  std::uint32_t dst_mark = 0;   ///< of the only one who is meant; 0: whoever has dst
  bool makes_partners = false;  ///< src and dst count as such because of it
};

/// A message that has waited, as one.
inline Parcel parcel_of(const Outstanding::Message& message, std::string_view key,
                        std::string_view dst) {
  return {key,          message.src,  message.registration, dst,
          message.type, message.text, message.since,        message.dst_mark};
}

/// Which node has an id.
struct Whereabouts {
  std::string id;
  std::string node;  ///< as nodes are called in logs
};

/// What there is beyond this node: others that may have an id, and be sent messages for it. The
/// relay calls it; none of these calls may call back into the relay, but for take_sent() and what
/// bequeath() is given.
class Backend {
 public:
  enum class Answer : std::uint8_t { Yes, No, Later };

  enum class Forwarding : std::uint8_t {
    Taken,
    NoRoom,  ///< too much is under way already
    Apart,   ///< the other nodes cannot be reached now
    Nobody,  ///< there are none
  };

  Backend() = default;
  Backend(const Backend&) = delete;
  Backend& operator=(const Backend&) = delete;
  virtual ~Backend() = default;

  /// May `peer`, which is new in its realm, have its id? No: it cannot be found out. Later:
  /// Relay::settle() follows, unless the peer is released before.
  virtual Answer claim(const Peer& peer) = 0;

  /// The client of a peer that has no answer yet has come once more; it may have been on another
  /// node meanwhile.
  virtual void on_return(const Peer& peer) = 0;

  /// The peer has ended, or given its claim up.
  virtual void release(const Peer& peer) = 0;

  /// The peer ends because the server stops. True: it may come back elsewhere, and shall have there
  /// what `take` gives, which is called once, before this returns. False: there is no other node,
  /// and it was not called.
  using TakeInheritance = std::function<Inheritance()>;
  virtual bool bequeath(const Peer& peer, const TakeInheritance& take) = 0;

  /// Takes a message for a peer that is not here. If it is not delivered, Relay::on_returned() or
  /// on_abandoned() follows; on_delivered() where it is known who has got it. Parcels of one sender
  /// for one destination arrive, or return, in order.
  virtual Forwarding forward(const Parcel& parcel) = 0;

  /// Whether it has taken something for that peer of which it has not told yet what became of it.
  virtual bool has_under_way(std::string_view key, std::string_view dst) const = 0;

  /// The same for what that peer of this node has sent.
  virtual bool has_under_way_from(Registration src) const = 0;

  /// What it has of one registration counts as that of another, under which its peer is known now.
  virtual void adopt(Registration from, Registration to) = 0;

  /// Asks which ids of a key there are, on all nodes. The answer comes later, in no order, good for
  /// the time of the call; nullptr if the other nodes are out of reach by then. False: there are
  /// none to be asked.
  using OnList = std::function<void(const std::vector<Whereabouts>*)>;
  virtual bool list(std::string_view key, OnList on_list) = 0;
};

/// This node is alone.
class LocalOnly final : public Backend {
 public:
  Answer claim(const Peer&) override { return Answer::Yes; }
  void on_return(const Peer&) override {}
  void release(const Peer&) override {}
  bool bequeath(const Peer&, const TakeInheritance&) override { return false; }
  Forwarding forward(const Parcel&) override { return Forwarding::Nobody; }
  bool has_under_way(std::string_view, std::string_view) const override { return false; }
  bool has_under_way_from(Registration) const override { return false; }
  void adopt(Registration, Registration) override {}
  bool list(std::string_view, OnList) override { return false; }
};

}  // namespace peerjsd::core
