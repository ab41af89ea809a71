#pragma once

#include "peerjsd/core/keyed_hash.hpp"
#include "peerjsd/core/outstanding.hpp"
#include "peerjsd/core/peer.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace peerjsd::core {

/// The peers of one key: who is registered, who has been talking with whom, what waits for whom.
/// Nothing crosses from one realm to another.
class Realm {
 public:
  Realm(std::string of_key, Outstanding::Limits limits, Duration expire_timeout,
        const HashKey& hash_key)
      : key(std::move(of_key)),
        outstanding(limits, expire_timeout, hash_key),
        peers_(0, KeyedHash(hash_key)) {}

  const std::string key;

  /// How many peers have a place, lost ones included, or will have it if their claims are granted.
  struct Places {
    std::size_t taken = 0;
    std::size_t pending = 0;  ///< of these
  };

  Peer* find(std::string_view id) const;

  /// The same, but nullptr if it is another peer that has the id now.
  Peer* find(std::string_view id, Registration registration) const;

  std::size_t size() const { return peers_.size(); }
  Places places() const { return {peers_.size(), pending_}; }

  /// In no order.
  template <class Visit>
  void for_each_peer(Visit visit) const {
    for (const auto& [id, peer] : peers_) visit(*peer);
  }

  /// How many peers of that group are connected; 0 for Local.
  std::size_t connected(AddressGroup group) const;

  /// Counts one more, or one less, as connected.
  void count_in(AddressGroup group);
  void count_out(AddressGroup group);

  /// Of the peers with one token, those that are counted: who is let in with an owner_limit.
  struct Owned {
    Places places;
    std::set<Peer*> peers;
  };
  const Owned& owned_by(std::string_view token) const;

  /// Ids of the peers that can be reached now.
  std::vector<std::string_view> connected_ids() const;

  /// The first `most` peers whose ids come after `id` in the order of bytes, in that order. Costs
  /// time for every peer.
  std::vector<const Peer*> peers_after(std::string_view id, std::size_t most) const;

  /// `id` must be free.
  Peer& add(std::string id, std::string token, const Client& client, Registration registration);

  /// Destroys `peer`, who must have no partners left.
  void remove(Peer& peer);

  void set_pending(Peer& peer, bool is_pending);

  /// A closed one takes in no new peers, but lets those it has come back.
  bool is_open() const { return is_open_; }
  void set_open(bool open) { is_open_ = open; }

  Outstanding outstanding;

  /// Pages whose connection was lost and that may come back, longest lost first.
  DeadlineQueue<Peer, LivenessTag> lost;

 private:
  bool is_open_ = true;
  // Keyed by a view of the peer's own id.
  std::unordered_map<std::string_view, std::unique_ptr<Peer>, KeyedHash> peers_;
  std::unordered_map<AddressGroup, std::size_t> connected_;  // without Local
  std::size_t pending_ = 0;
  std::map<std::string, Owned, std::less<>> owned_;  // by token
};

/// a and b have exchanged a message. A peer is no partner of itself.
void make_partners(Peer& a, Peer& b);

bool are_partners(const Peer& a, const Peer& b);

/// False: they were none.
bool part(Peer& a, Peer& b);

/// The same where the other one is, or was, on another node. `mark`: of its registration, by which
/// it is told from another peer that has its id by now; 0: it is not known, and any will do.
void make_partner(Peer& peer, std::string_view elsewhere, std::uint32_t mark = 0);
bool are_partners(const Peer& peer, std::string_view elsewhere, std::uint32_t mark = 0);
bool part(Peer& peer, std::string_view elsewhere, std::uint32_t mark = 0);

/// 0: it is not known, or there is no such partner.
std::uint32_t mark_of_partner(const Peer& peer, std::string_view elsewhere);

/// The same where `other`, whose id is given, may be here; nullptr: it is not.
void make_partner(Peer& peer, Peer* other, std::string_view id, std::uint32_t mark = 0);
bool part(Peer& peer, Peer* other, std::string_view id, std::uint32_t mark);

/// What is meant for who has that mark; 0: for whoever has the id.
bool is_for(std::uint32_t mark, const Peer& peer);

/// The same, but 0 says nothing.
bool is_known_to_be_for(std::uint32_t mark, const Peer& peer);

}  // namespace peerjsd::core
