// What an observer of a relay is told. It is asked for only where there is one.

#include "peerjsd/core/json.hpp"
#include "peerjsd/core/relay.hpp"

#include <utility>

namespace peerjsd::core {

/// Nothing where one transport took the place of another.
void Relay::show_connected(Peer& peer) {
  peer.was_seen = true;
  if (!std::exchange(peer.is_seen, true)) observer_->connected(peer);
}

void Relay::show_disconnected(Peer& peer, End end) {
  if (std::exchange(peer.is_seen, false)) observer_->disconnected(peer, end);
}

void Relay::show_left(const Peer& peer) {
  if (peer.was_seen) observer_->left(peer);
}

/// What a message was sent to need not be a text.
void Relay::show_expired(const Realm& realm, std::string_view src, std::string_view dst_json) {
  const auto dst = json::unquote(dst_json);
  observer_->expired(realm.key, src, dst ? std::string_view(*dst) : dst_json);
}

}  // namespace peerjsd::core
