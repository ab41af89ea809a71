#pragma once

#include "peerjsd/core/leave_policy.hpp"
#include "peerjsd/core/time.hpp"
#include "peerjsd/core/verdict.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace peerjsd::core {

struct Peer;

enum class Carrier : std::uint8_t {
  WebSocket,
  Stream,         ///< an XHR stream
  RenewedStream,  ///< an XHR stream that its client asked for in place of the one it has
};

/// One way to carry messages to a peer: a WebSocket, an open XHR stream. Sessions implement it; the
/// relay calls it.
///
/// None of these calls may call back into the relay. A transport whose socket ends, for whatever
/// reason, says so later, from the event loop, by Relay::detach.
class Transport {
 public:
  Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;
  virtual ~Transport() = default;

  /// Queues one message (a JSON text) for the peer. A transport that cannot take it closes itself.
  virtual void send(std::string_view text) = 0;

  /// False where another message from a client would wait too long, however fast its reader: it is
  /// to be refused to its sender. What the server itself has to say may be sent all the same.
  virtual bool has_room_for(std::size_t bytes) const = 0;

  /// The answer to an attach() that was Pending: as after any attach(), what has waited for the
  /// peer has been sent. Unless it is an admission, the relay lets go of this transport. Called
  /// while peer() is still set.
  virtual void settled(Admission admission) = 0;

  /// The relay lets go of this transport: no send() follows. Called while peer() is still set.
  virtual void close(End reason) = 0;

  /// What has been sent last had waited for the peer elsewhere, and came after settled(): it is to
  /// have as much room as what comes before.
  virtual void grant_waited() = 0;

  /// Asks the other side for a sign of life; false where the transport knows no such thing.
  virtual bool probe() = 0;

  /// Takes back, in order, the messages queued by send() of which the other side cannot have
  /// received all. No send() follows.
  virtual std::vector<std::string> take_unsent() = 0;

  /// When the other side will have read what it was sent. Before that, nothing that is sent by
  /// another transport may reach it.
  virtual Instant settles_at() const = 0;

  /// Its client asks for `successor` in its place, and can wait for the answer. False: not yet, for
  /// the client may not have read all it was sent; `successor` will attach once more when it has.
  virtual bool makes_way(Transport& successor) = 0;

  /// Keeps all that is sent back until then.
  virtual void hold(Instant until) = 0;

  virtual Carrier carrier() const = 0;

  /// The peer this transport carries; nullptr before Relay::attach has admitted it, and from the
  /// moment the relay has let go of it.
  const Peer* peer() const { return peer_; }

 private:
  friend class Relay;
  Peer* peer_ = nullptr;
};

}  // namespace peerjsd::core
