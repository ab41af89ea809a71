#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// What Redis holds, and the scripts that change it; each is one step there. docs/cluster.md says
// what it means.
//
// Ids are spread over kBuckets buckets. All keys of a bucket have the same hash tag, and a script
// stays within one bucket:
//
//   peerjsd1:{B}:ids:KEY        hash, id -> NODE TOKEN HEARD: who has it, a digest of its token,
//                               and when its client was last heard as the id was claimed
//                               (ms since 1970)
//   peerjsd1:{B}:node:NODE      exists while the node lives; an id of a node that does not, is free
//   peerjsd1:{B}:waiting:PLACE  set of the nodes that have something waiting for an id
//   peerjsd1:{B}:wills:PLACE    list of TOKEN TIME BEQUEST, without blanks between: what each node
//                               that the peer has left keeps for when it comes back (TIME as
//                               HEARD, of 13 digits)
//
// PLACE is the key's length, a colon, the key, a colon, the id. A node listens on the channel
// peerjsd1:NODE.
namespace peerjsd::cluster {

inline constexpr std::size_t kBuckets = 64;

/// Where all nodes look for an id.
std::size_t bucket_of(std::string_view id);

std::string ids_key(std::size_t bucket, std::string_view key);
std::string node_key(std::size_t bucket, std::string_view node);
std::string bucket_prefix(std::size_t bucket);
std::string channel_of(std::string_view node);

enum class Script : std::uint8_t {
  /// Claims ids of one key and bucket. KEYS: the ids. ARGV: prefix, key, node, then for each id:
  /// id, token, heard, and "1" if its client has just come, "0" if the node had it already. Says
  /// for each id: 1 it is the node's; 0 another token has it; -1 the same token has it elsewhere,
  /// heard later; then the node on which it was (or ""), 1 if that listens and has been told so,
  /// and the list of its wills, each from TIME on.
  Claim,
  /// Frees an id, if the node has it (with that token; "": with any). KEYS: the ids. ARGV: prefix,
  /// key, node, id, token, what to publish to the node that has the id with the same token (or ""),
  /// and where there is none, what to keep for it, and for how many ms. Says 1 if it was published,
  /// else 0; if another token has the id, nothing is kept.
  Release,
  /// Publishes to the node that has an id, or else notes that something waits here. KEYS: the ids.
  /// ARGV: prefix, key, node, id, what to publish, ms for which it waits (0: it does not), the node
  /// to which it went before ("": it did not). Says to which node it was published; 0; or "moved",
  /// if another node has the id than before: then it is not published.
  Route,
  /// Says that the node lives. KEYS: the node's. ARGV: ms for which this holds. Says whether it was
  /// known.
  Renew,
  /// Looks through some ids, frees those whose nodes do not live. KEYS: the ids. ARGV: prefix,
  /// cursor, node. Says the next cursor, and which of them are the node's own.
  Sweep,
  /// KEYS: the ids. ARGV: prefix, id. Says the node that has it and lives, or "".
  Find,
  /// KEYS: the ids. ARGV: prefix. Says all ids whose nodes live, each with its node.
  List,
};
inline constexpr std::size_t kScripts = 7;

/// In Lua.
std::string_view text_of(Script script);

}  // namespace peerjsd::cluster
