#pragma once

#include "peerjsd/core/client.hpp"
#include "peerjsd/core/deadline_queue.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace peerjsd::core {

class Realm;
class Transport;

struct LivenessTag;
struct ProbeTag;

/// Tells registrations apart: an id that is registered anew is another peer.
enum class Registration : std::uint64_t {};

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
  Client client;                   ///< as it came last
  Transport* transport = nullptr;  ///< nullptr while the connection is lost and may come back

  /// While it is lost: what it will get before anything else when it comes back.
  std::vector<std::string> backlog;

  /// Peers with which an OFFER, ANSWER or CANDIDATE was delivered in either direction, sorted.
  /// Symmetric: if b stands here, this stands in b->partners.
  std::vector<Peer*> partners;
};

}  // namespace peerjsd::core
