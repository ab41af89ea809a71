#pragma once

#include "peerjsd/core/relay.hpp"

#include <string>
#include <string_view>

namespace peerjsd::cluster {

/// 32 hexadecimal digits by which nodes know a peer's token, but do not find it out.
std::string digest_of(const core::Peer& peer);

/// The peer of this node of which another one speaks. nullptr if there is none; or if the id is, by
/// now, one of another token than that with the digest `token`.
const core::Peer* find(const core::Relay& relay, std::string_view key, std::string_view id,
                       std::string_view token);

}  // namespace peerjsd::cluster
