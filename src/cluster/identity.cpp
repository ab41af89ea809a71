#include "peerjsd/cluster/identity.hpp"

#include "peerjsd/core/hex.hpp"

#include <array>
#include <span>

#include <openssl/sha.h>

namespace peerjsd::cluster {

std::string digest_of(const core::Peer& peer) {
  const std::string text = peer.realm.key + '\0' + peer.id + '\0' + peer.token;
  std::array<unsigned char, SHA256_DIGEST_LENGTH> hash{};
  ::SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), hash.data());
  return core::to_hex(std::as_bytes(std::span(hash).first<16>()));
}

const core::Peer* find(const core::Relay& relay, std::string_view key, std::string_view id,
                       std::string_view token) {
  const core::Peer* const peer = relay.find(key, id);
  return peer != nullptr && digest_of(*peer) == token ? peer : nullptr;
}

}  // namespace peerjsd::cluster
