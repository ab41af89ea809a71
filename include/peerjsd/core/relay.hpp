#pragma once

#include "peerjsd/core/count_by.hpp"
#include "peerjsd/core/leave_policy.hpp"
#include "peerjsd/core/message.hpp"
#include "peerjsd/core/realm.hpp"
#include "peerjsd/core/transport.hpp"
#include "peerjsd/core/verdict.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace peerjsd::core {

struct RelayOptions {
  std::vector<std::string> keys;
  Duration expire_timeout{};  ///< 0: an absent peer is reported at once
  Duration alive_timeout{};   ///< 0: silence ends nobody
  Duration leave_grace{};
  Duration takeover_probe{};  ///< 0: holders of an id are not probed
  LeavePolicy leave = LeavePolicy::Auto;
  std::size_t concurrent_limit = 0;  ///< peers per key
  std::size_t ip_limit = 0;          ///< connected ones per AddressGroup of a key; 0: any
  std::size_t max_id_bytes = 256;
  std::size_t max_token_bytes = 4096;
  Outstanding::Limits outstanding{};
  HashKey hash_key{};
  std::function<bool(std::string_view)> accepts_id;  ///< for an id that a client wants; none: any
};

/// What a client says of itself when it connects.
struct Credentials {
  std::string_view key;
  std::string_view id;
  std::string_view token;
};

/// What a relay has done since it was made.
struct RelayCounters {
  CountBy<MessageType, MessageType::Unknown> messages;  ///< that clients sent, if they were any
  CountBy<Receipt, Receipt::NoDestination> receipts;    ///< what became of all they sent
  CountBy<Admission, Admission::AddressLimitReached> admissions;
  CountBy<End, End::Dismissed> ends;  ///< of connections, not of peers
  std::uint64_t expires = 0;          ///< EXPIREs told to senders
  std::uint64_t leaves = 0;           ///< LEAVEs told to partners by the relay
};

/// What PeerJS signaling means: who may register, where a message goes, what waits, what expires,
/// who is told that a peer left.
class Relay {
 public:
  explicit Relay(RelayOptions options);

  /// From now on, for all peers; but its hash_key is not used. The realm of a key that is not among
  /// them any more is closed.
  void set_options(RelayOptions options);

  /// Registers, or resumes, the peer that `transport` carries from now on, and sends OPEN and what
  /// has waited. On refusal nothing is sent and the transport stays unattached. A peer resumes by
  /// coming with its id and its token, even where a limit is reached; the transport it had is
  /// closed.
  ///
  /// PeerJS 0.3.x opens a stream and a WebSocket at once and wants one OPEN over both; a WebSocket
  /// goes before a stream whichever comes first. So there is no OPEN on a WebSocket that follows a
  /// stream, nor on a renewed stream, and a stream beside a WebSocket is not attached (Standby). A
  /// renewed stream is not attached before its client has read all of the one that it lets go of
  /// then (Later).
  Admission attach(Transport& transport, const Credentials& who, const Client& client, Instant now);

  /// Takes one message from the peer behind `from`. `text` is what the client sent, untouched.
  Receipt receive(Transport& from, std::string_view text, Instant now);

  /// Takes one message that came outside of the peer's transport, by a POST to the URL of `verb`.
  /// Where the text names no type, `verb` is its type.
  Receipt receive(const Credentials& from, MessageType verb, std::string_view text, Instant now);

  /// Anything at all came from the other side of `from`.
  void sign_of_life(Transport& from, Instant now);

  /// `transport` has ended. No effect if the relay has let go of it before.
  void detach(Transport& transport, End end, Instant now);

  /// Ends the peer and its connection, and tells its partners unless the policy is Never; false if
  /// there is none of that id.
  bool dismiss(std::string_view key, std::string_view id, Instant now);

  /// Does what is due. To be called often; costs what is due, not what exists.
  void expire(Instant now);

  /// nullptr: there has never been such a key.
  const Realm* realm(std::string_view key) const;

  const RelayCounters& counters() const { return counters_; }

 private:
  Admission admit(Realm& realm, Transport& transport, const Credentials& who, const Client& client,
                  Instant now);
  void open_realms();
  Admission counted(Admission admission);
  Receipt counted(Receipt receipt);
  Admission decide(Transport& transport, const Credentials& who, const Client& client, Instant now);
  Receipt hear(Transport& from, std::string_view text, Instant now);
  Receipt hear(const Credentials& from, MessageType verb, std::string_view text, Instant now);
  Peer* authenticate(const Credentials& who) const;
  Admission resume(Peer& peer, Transport& transport, const Client& client, Instant now);
  void challenge(Peer& holder, Instant now);
  bool make_room(Realm& realm);
  void bind(Peer& peer, Transport& transport, Instant now);
  void deliver_outstanding(Peer& peer);

  Receipt take(Peer& src, const ClientMessage& message, Instant now);
  Receipt transmit(Peer& src, const ClientMessage& message, Instant now);
  void deliver(Peer& src, Peer& dst, MessageType type, std::string_view text);
  Receipt keep(Peer& src, const ClientMessage& message, Instant now);
  void send_expire(const Realm& realm, std::string_view src, Registration registration,
                   std::string_view dst_json);

  static void tell(Peer& peer, std::string text);
  void unbind(Peer& peer, End end);
  void let_go(Peer& peer, End reason);
  void end_connection(Peer& peer, End end, Instant now);
  void conclude(Peer& peer, LeaveTiming timing, Instant now);
  void end_peer(Peer& peer, bool tell_partners);

  RelayOptions options_;
  std::map<std::string, Realm, std::less<>> realms_;
  DeadlineQueue<Peer, LivenessTag> alive_;  // by last sign of life
  DeadlineQueue<Peer, ProbeTag> probed_;
  std::uint64_t registrations_ = 0;
  RelayCounters counters_;
  MessageParser parser_;
  std::string src_json_;  // scratch
  std::string text_;      // scratch
};

}  // namespace peerjsd::core
