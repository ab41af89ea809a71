#pragma once

#include "peerjsd/auth/token.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace peerjsd::auth {

/// A TURN server that shares a secret with this one: coturn's use-auth-secret.
struct TurnOptions {
  std::string secret;             ///< empty: there is none
  std::vector<std::string> urls;  ///< turn:, turns: or stun:
  std::chrono::milliseconds ttl{};
};

/// {"iceServers":[...],"ttl":SECONDS}: `iceServers` as RTCPeerConnection takes it, with credentials
/// for `user` that hold for `ttl` from `now` on (draft-uberti-behave-turn-rest-00). STUN URLs get
/// none, for they need none. Of a user whose name is too long for TURN a digest stands in its
/// place.
std::string ice_servers(const TurnOptions& options, std::string_view user, Time now);

}  // namespace peerjsd::auth
