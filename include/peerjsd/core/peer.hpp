#pragma once

#include "peerjsd/core/client.hpp"
#include "peerjsd/core/deadline_queue.hpp"
#include "peerjsd/core/registration.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace peerjsd::core {

class Realm;
class Transport;

struct LivenessTag;
struct ProbeTag;

/// Of a peer of another node.
struct PartnerElsewhere {
  std::string id;
  std::uint32_t mark = 0;  ///< of its registration, as far as known; 0: it is not

  bool operator==(const PartnerElsewhere&) const = default;
};

/// A registered id. It lives from its admission until its end, across resumes.
///
/// Liveness: with a transport it waits among the living, by its last sign of life; without one it
/// waits among the lost. Probe: linked while another token wants the id.
struct Peer : Deadline<LivenessTag>, Deadline<ProbeTag> {
  Peer(Realm& in, std::string with_id, std::string with_token, const Client& of, Registration as)
      : realm(in),
        id(std::move(with_id)),
        token(std::move(with_token)),
        registration(as),
        client(of) {}

  Realm& realm;
  const std::string id;
  const std::string token;
  const Registration registration;
  Client client;  ///< as it came last
  /// Whether it may have its id is not known yet: its client waits for OPEN, and nobody reaches it.
  /// Changed by its realm.
  bool is_pending = false;
  bool is_counted = false;         ///< see Realm::owned_by()
  bool is_seen = false;            ///< an Observer has been told that it is connected
  bool was_seen = false;           ///< or has been
  Transport* transport = nullptr;  ///< nullptr while the connection is lost and may come back

  /// While it is lost: what it gets when it comes back besides the messages that wait in its realm,
  /// of the server or sent to it before and not received. By order.
  struct Told {
    std::uint64_t order;  ///< as Outstanding::arrived() said then
    std::string text;
    std::string left{};  ///< whose LEAVE it is, if it is one
    Registration left_as{};
  };
  std::vector<Told> backlog;

  /// Peers with which an OFFER, ANSWER or CANDIDATE was delivered in either direction, sorted.
  /// Symmetric: if b stands here, this stands in b->partners.
  std::vector<Peer*> partners;

  /// Those that were on another node then, sorted by id. Whether they are still there is not known.
  std::vector<PartnerElsewhere> partners_elsewhere;

  bool is_reachable() const { return transport != nullptr && !is_pending; }
};

}  // namespace peerjsd::core
