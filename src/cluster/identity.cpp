#include "peerjsd/cluster/identity.hpp"

#include <array>

#include <openssl/sha.h>

namespace peerjsd::cluster {

std::string digest_of(const core::Peer& peer) {
  constexpr std::string_view digits = "0123456789abcdef";
  const std::string text = peer.realm.key + '\0' + peer.id + '\0' + peer.token;
  std::array<unsigned char, SHA256_DIGEST_LENGTH> hash{};
  ::SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), hash.data());
  std::string digest;
  for (std::size_t i = 0; digest.size() < 32; ++i) {
    digest += digits[hash[i] >> 4U];
    digest += digits[hash[i] & 15U];
  }
  return digest;
}

const core::Peer* find(const core::Relay& relay, std::string_view key, std::string_view id,
                       std::string_view token) {
  const core::Peer* const peer = relay.find(key, id);
  return peer != nullptr && digest_of(*peer) == token ? peer : nullptr;
}

}  // namespace peerjsd::cluster
