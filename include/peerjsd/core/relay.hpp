#pragma once

#include "peerjsd/core/backend.hpp"
#include "peerjsd/core/count_by.hpp"
#include "peerjsd/core/expiries.hpp"
#include "peerjsd/core/leave_policy.hpp"
#include "peerjsd/core/message.hpp"
#include "peerjsd/core/observer.hpp"
#include "peerjsd/core/realm.hpp"
#include "peerjsd/core/transport.hpp"
#include "peerjsd/core/verdict.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
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
  std::vector<std::string> allow_types;              ///< of messages of apps' own; none of PeerJS's
};

/// What a client says of itself when it connects. Its token may have been verified, and stand for
/// the one who owns it.
struct Credentials {
  std::string_view key;
  std::string_view id;
  std::string_view token;
  Term term{};  ///< at its end it is disconnected
};

/// A peer of this node, which may have gone meanwhile.
struct Claim {
  std::string key;
  std::string id;
  Registration registration;

  bool operator==(const Claim&) const = default;
};

/// What a relay has done since it was made.
struct RelayCounters {
  CountBy<MessageType, MessageType::Unknown> messages;  ///< that clients sent, if they were any
  CountBy<Receipt, Receipt::NoDestination> receipts;    ///< what became of all they sent
  CountBy<Admission, Admission::Unavailable> admissions;
  CountBy<End, End::Displaced> ends;  ///< of connections, not of peers
  std::uint64_t expires = 0;          ///< EXPIREs told to senders
  std::uint64_t leaves = 0;           ///< LEAVEs told to partners by the relay
};

/// What PeerJS signaling means: who may register, where a message goes, what waits, what expires,
/// who is told that a peer left.
class Relay {
 public:
  /// Of a node that is alone.
  explicit Relay(RelayOptions options);

  /// `backend` must outlive the relay.
  Relay(RelayOptions options, Backend& backend);

  /// From now on, for all peers; but its hash_key is not used. The realm of a key that is not among
  /// them any more is closed. Silence counts from now on if it may not be as long as before: nobody
  /// has been asked so often.
  void set_options(RelayOptions options, Instant now);

  /// Registers, or resumes, the peer that `transport` carries from now on, and sends OPEN and what
  /// has waited. On refusal nothing is sent and the transport stays unattached. A peer resumes by
  /// coming with its id and its token, even where a limit is reached; the transport it had is
  /// closed. Where other nodes have to be asked whether the id is free (Pending), the transport is
  /// attached, but its peer neither reached nor heard until settle(). While that goes for somebody
  /// else who wants the id, nothing is decided (Contested).
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
  /// Where the text names no type, `verb` is its type. `shown`: with which rights the peer could
  /// connect now; if it has more, somebody else may speak in its name.
  Receipt receive(const Credentials& from, MessageType verb, std::string_view text, Instant now,
                  const Rights& shown = {});

  /// Whether a message that comes so would not be Unauthorized now. If it is it may not be soon: it
  /// can overtake what its sender connects by.
  bool knows(const Credentials& from, const Rights& shown) const;

  /// Anything at all came from the other side of `from`.
  void sign_of_life(Transport& from, Instant now);

  /// `transport` has ended. No effect if the relay has let go of it before.
  void detach(Transport& transport, End end, Instant now);

  /// Ends the peer and its connection, and tells its partners unless the policy is Never; false if
  /// there is none of that id.
  bool dismiss(std::string_view key, std::string_view id, Instant now);

  /// Backend::list().
  bool list_everywhere(std::string_view key, Backend::OnList on_list) {
    return backend_.list(key, std::move(on_list));
  }

  /// Does what is due. To be called often; costs what is due, not what exists.
  void expire(Instant now);

  /// The server stops: peers that have lost their connection go on to other nodes. Where there are
  /// none they stay until their grace is over.
  void bequeath_lost(Instant now);

  /// It ends: what waits will not be delivered, and whoever has sent it hears of that.
  void give_up_waiting(Instant now);

  // What the backend has to say.

  /// The answer to a claim: Opened (if there still is a place for it), Resumed (on another node the
  /// peer was connected, and inherits from there), IdTaken or Unavailable. No effect if the peer
  /// has ended meanwhile; one that has lost its connection only may still come back to what it has
  /// inherited.
  void settle(const Claim& claim, Admission answer, const Inheritance& inheritance, Instant now);

  /// A parcel from another node, whose registration has nothing but a mark. Nothing: its
  /// destination is not here. Else the mark of the peer to which it was handed; 0: to none, it
  /// waits, or is refused.
  std::optional<std::uint32_t> deliver(const Parcel& parcel, Instant now);

  /// The destination of parcels that were forwarded is absent: they wait here, before what their
  /// senders have sent there since.
  void on_returned(const std::vector<Parcel>& parcels, Instant now);

  /// A parcel that was forwarded was handed to a peer with that mark.
  void on_delivered(const Parcel& parcel, std::uint32_t dst_mark);

  /// It was not delivered, as far as is known: its sender is told so with an EXPIRE.
  void on_abandoned(const Parcel& parcel, Instant now);

  /// Somebody has this id now, perhaps on another node: forwards what waits for it here.
  void on_arrival(std::string_view key, std::string_view id);

  /// There is room again for what waits for that destination.
  void try_again(std::string_view key, std::string_view dst);

  /// What waited for a peer that has come and gone, or not come, goes on waiting for whoever has
  /// its id next.
  void wait_for(std::string_view key, std::string_view dst,
                const std::vector<Inheritance::Kept>& messages, Instant now);

  /// Other nodes can be reached again: forwards all that waits.
  void on_reconnect();

  /// The peer has resumed on another node: it ends here, without a LEAVE. Nothing if it is not
  /// here. What it had sent stays, for take_sent().
  std::optional<Inheritance> hand_over(std::string_view key, std::string_view id, Instant now);

  /// What waits of a peer that is not here any more, in the order in which it was sent.
  std::vector<Inheritance::Sent> take_sent(std::string_view key, Registration registration);

  /// The id has become another peer's.
  void displace(const Claim& claim, Instant now);

  /// On another node another token wants the id.
  void challenge(std::string_view key, std::string_view id, Instant now);

  /// Whether anything waits here for a peer that may come elsewhere.
  bool keeps_messages() const;

  /// When the peer's client last gave a sign of life, or was lost.
  static Instant last_heard(const Peer& peer) { return Liveness::since(peer); }

  /// Whether anybody may have that id: Opened, IdTooLong or IdNotAllowed.
  Admission verdict_on_id(std::string_view id) const;

  /// Also one that is pending or lost. nullptr: there is none.
  Peer* find(std::string_view key, std::string_view id) const;
  Peer* find(const Claim& claim) const;

  /// nullptr: there has never been such a key.
  const Realm* realm(std::string_view key) const;

  const std::map<std::string, Realm, std::less<>>& realms() const { return realms_; }

  const RelayCounters& counters() const { return counters_; }

  /// What attach() would say to them, whoever else is there and has the id: Opened, or Incomplete,
  /// InvalidKey, IdTooLong, TokenTooLong or IdNotAllowed.
  Admission verdict_on(const Credentials& who) const;

  /// The peer of that key, id and token, connected or lost; nullptr: there is none, or it is
  /// pending.
  const Peer* peer_of(const Credentials& who) const;

  /// Whoever was asked about that peer has refused it since. It stays, but what was ruled about it
  /// counts no longer, until it is let in once more.
  void withdraw_ruling(const Credentials& who);

  /// Until when it is let in; a time that is over, if it is lost, or what was ruled is withdrawn.
  Term term_of(const Peer& peer) const { return expiries_.of(peer); }

  /// To be called before anybody comes, and with nullptr before the observer goes.
  void observe_by(Observer* observer) { observer_ = observer; }

 private:
  using Liveness = DeadlineQueue<Peer, LivenessTag>;

  /// What partners are told of a peer that ends.
  enum class Farewell : std::uint8_t {
    Leave,
    Silent,  ///< nothing; the nodes where they are, that it is their partner no longer
  };

  /// What waits for a peer: all of it, or only what nobody is told of if it does not come.
  enum class Inherited : std::uint8_t { All, Notices };

  Admission admit(Realm& realm, Transport& transport, const Credentials& who, const Client& client,
                  Instant now);
  void open_realms();
  Admission counted(Admission admission);
  Receipt counted(Receipt receipt);
  Admission decide(Transport& transport, const Credentials& who, const Client& client, Instant now);
  Receipt hear(Transport& from, std::string_view text, Instant now);
  Receipt hear(const Credentials& from, MessageType verb, std::string_view text, Instant now,
               const Rights& shown);
  Peer* authenticate(const Credentials& who) const;
  Admission resume(Peer& peer, Transport& transport, const Client& client, Instant now);
  void open(Peer& peer, bool opens, Instant now);
  void settle_lost(Peer& peer, Admission answer, Instant now);
  void refuse(Peer& peer, Admission answer);
  void forget(Peer& peer);
  void challenge(Peer& holder, Instant now);
  bool has_place(const Realm& realm) const;
  static bool has_place_for(std::string_view owner, const Realm& realm, std::size_t limit);
  Admission verdict_on_place(const Peer& newcomer) const;
  void yield_to(const Peer& newcomer, Instant now);
  void bind(Peer& peer, Transport& transport, Instant now);
  void deliver_waiting(Peer& peer, bool opens, Instant now);
  void deliver_kept(const Outstanding::Message& message, Peer& peer, Instant now);

  bool allows(std::string_view type) const;
  Receipt take(Peer& src, ClientMessage& message, Instant now);
  Receipt transmit(Peer& src, const ClientMessage& message, Instant now);
  static bool is_open_to(const Peer& dst, const Peer* src, std::string_view id, std::uint32_t mark);
  bool may_have(const Peer& dst, const Parcel& parcel) const;
  bool deliver_leave(const Outstanding::Message& message, Peer& peer);
  Receipt forbid(Peer& src, const ClientMessage& message, Instant now);
  Receipt refuse(Peer& src, const ClientMessage& message, Instant now);
  void deliver(Peer& src, Peer& dst, MessageType type, std::string_view text);
  Receipt send_away(Peer& src, const ClientMessage& message, std::uint32_t dst_mark, Instant now);
  Receipt keep(Peer& src, const ClientMessage& message, std::uint32_t dst_mark, Instant now);
  Backend::Forwarding forward(Parcel parcel);
  bool try_forward(const Parcel& parcel);
  Peer* sender_of(const Parcel& parcel) const;
  std::optional<std::uint32_t> accept(const Parcel& parcel, Instant now);
  void accept_leave(const Parcel& parcel, Peer& dst, Instant now);
  void keep_behind_messages(const Parcel& leave, const Peer& dst, Instant now);
  std::uint32_t give(const Parcel& parcel, Peer& dst, Instant now);
  void keep(const Parcel& parcel, Instant now);
  void forward_waiting(Realm& realm, const std::string& dst_json);
  /// What waits for a destination, and what it is to be told if it is lost.
  struct Waiting {
    std::uint64_t order;  ///< of all that comes after it
    std::size_t told;
  };
  std::optional<Waiting> overtaken_by(const std::vector<Parcel>& parcels) const;
  static Waiting waiting_for(const Realm& realm, std::string_view dst);
  static void put_behind(Realm& realm, std::string_view dst, Waiting waiting);
  std::vector<Parcel> parcels_of(const Realm& realm, std::string_view dst,
                                 const std::vector<Inheritance::Kept>& messages) const;
  bool inherit(Peer& peer, const Parcel& kept, Instant now);
  static void make_partner_of(Peer& peer, const PartnerElsewhere& partner);
  std::vector<Peer::Told> inherit(Peer& peer, const Inheritance& inheritance, Instant now);
  bool send_on(const Parcel& parcel, Instant now);
  Registration registration_elsewhere(std::string_view id, std::uint32_t mark) const;
  Registration registration_of(const Realm& realm, std::string_view id, std::uint32_t mark) const;
  void adopt_waiting_from(Peer& peer);
  static void keep_leaves_behind_waiting(Peer& peer, Instant now);
  static Inheritance take_inheritance(Peer& peer, Inherited which, Instant now);
  bool bequeath(Peer& peer, Instant now);
  void move_away(Peer& peer);
  void send_expire(const Realm& realm, std::string_view src, Registration registration,
                   std::string_view dst_json, Instant now);

  static void tell(Peer& peer, std::string text, std::string_view left = {},
                   Registration left_as = {});
  void show_connected(Peer& peer);
  void show_disconnected(Peer& peer, End end);
  void show_left(const Peer& peer);
  void show_expired(const Realm& realm, std::string_view src, std::string_view dst_json);
  static void save_unsent(Peer& peer);
  void unbind(Peer& peer, End end);
  void let_go(Peer& peer, End reason);
  void end_connection(Peer& peer, End end, Instant now);
  void conclude(Peer& peer, LeaveTiming timing, Instant now);
  void end_expired(const Expiries::Due& due, Instant now);
  bool has_sent(const Realm& realm, Registration registration) const;
  void note_end(const Peer& peer);
  void forget_ended(Instant now);
  void tell_expired(Realm& realm, Instant until, Instant now);
  LeaveTiming leave_timing_of(const Peer& peer, End end) const;
  void end_peer(Peer& peer, Farewell farewell, Instant now);
  void part_from_all(Peer& peer, Farewell farewell, Instant now);
  void say_farewell(const Peer& peer, const PartnerElsewhere& to, Farewell farewell, Instant now);

  RelayOptions options_;
  Backend& backend_;
  Observer* observer_ = nullptr;
  std::map<std::string, Realm, std::less<>> realms_;
  Liveness alive_;  // by last sign of life
  Instant silence_counts_from_ = Instant::min();
  DeadlineQueue<Peer, ProbeTag> probed_;
  Expiries expiries_;
  // Peers that have ended, or lost their ids, of which messages wait or are under way, and where.
  // Nobody is told what becomes of those, for another peer may have the id.
  std::unordered_map<Registration, const Realm*> ended_;
  Instant ended_looked_at_{};
  std::uint64_t registrations_ = 0;
  RelayCounters counters_;
  MessageParser parser_;
  std::string src_json_;  // scratch
  std::string text_;      // scratch
};

}  // namespace peerjsd::core
