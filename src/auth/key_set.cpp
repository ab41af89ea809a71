#include "peerjsd/auth/key_set.hpp"

#include "peerjsd/auth/hmac.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "jwk.hpp"
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/pem.h>

namespace peerjsd::auth {
namespace {

constexpr std::size_t kFewestSecretBytes = 32;  // RFC 7518 3.2: as many as the hash has
constexpr int kFewestRsaBits = 2048;            // RFC 7518 3.3
constexpr std::size_t kHalf = 32;               // of an ES256 signature: r, then s

/// Otherwise OpenSSL asks for one on the terminal.
int no_password(char*, int, int, void*) {
  return 0;
}

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

bool is_hmac(std::string_view secret, std::string_view text, std::string_view signature) {
  const std::string mac = hmac_sha256(secret, text);
  return signature.size() == mac.size() &&
         ::CRYPTO_memcmp(mac.data(), signature.data(), mac.size()) == 0;
}

/// As OpenSSL wants it: JOSE has the two numbers one after the other. Empty if it is none.
std::string to_der(std::string_view signature) {
  if (signature.size() != 2 * kHalf) return {};
  const std::unique_ptr<ECDSA_SIG, decltype(&::ECDSA_SIG_free)> pair(::ECDSA_SIG_new(),
                                                                     &::ECDSA_SIG_free);
  BIGNUM* const r = ::BN_bin2bn(bytes_of(signature), kHalf, nullptr);
  BIGNUM* const s = ::BN_bin2bn(bytes_of(signature) + kHalf, kHalf, nullptr);
  ::ECDSA_SIG_set0(pair.get(), r, s);
  unsigned char* der = nullptr;
  const int size = ::i2d_ECDSA_SIG(pair.get(), &der);
  if (size < 0) return {};
  std::string text(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  ::OPENSSL_free(der);
  return text;
}

bool is_sound(EVP_PKEY* key) {
  const std::unique_ptr<EVP_PKEY_CTX, decltype(&::EVP_PKEY_CTX_free)> context(
      ::EVP_PKEY_CTX_new(key, nullptr), &::EVP_PKEY_CTX_free);
  return context != nullptr && ::EVP_PKEY_public_check(context.get()) == 1;
}

/// Nothing: there is no algorithm for such a key, or it is no good.
std::optional<Algorithm> algorithm_of(EVP_PKEY* key) {
  if (!is_sound(key)) return std::nullopt;
  switch (::EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
      if (::EVP_PKEY_get_bits(key) < kFewestRsaBits) return std::nullopt;
      return Algorithm::Rs256;
    case EVP_PKEY_EC: {
      std::array<char, 32> group{};
      std::size_t size = 0;
      if (::EVP_PKEY_get_group_name(key, group.data(), group.size(), &size) != 1) {
        return std::nullopt;
      }
      if (std::string_view(group.data(), size) != SN_X9_62_prime256v1) return std::nullopt;
      return Algorithm::Es256;
    }
    case EVP_PKEY_ED25519:
      return Algorithm::EdDsa;
    default:
      return std::nullopt;
  }
}

/// Keys, or what is none.
std::size_t count_blocks(std::string_view text) {
  constexpr std::string_view begin = "-----BEGIN ";
  std::size_t count = 0;
  for (std::size_t at = text.find(begin); at != text.npos; at = text.find(begin, at + 1)) ++count;
  return count;
}

}  // namespace

std::string_view to_string(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::Hs256:
      return "HS256";
    case Algorithm::Rs256:
      return "RS256";
    case Algorithm::Es256:
      return "ES256";
    case Algorithm::EdDsa:
      return "EdDSA";
  }
  return {};
}

void Key::Free::operator()(EVP_PKEY* key) const {
  ::EVP_PKEY_free(key);
}

Key::Key(std::string secret) : algorithm_(Algorithm::Hs256), secret_(std::move(secret)) {}

Key::Key(Algorithm algorithm, Handle handle, std::string id)
    : algorithm_(algorithm), handle_(std::move(handle)), id_(std::move(id)) {}

bool Key::verifies(std::string_view text, std::string_view signature) const {
  if (algorithm_ == Algorithm::Hs256) return is_hmac(secret_, text, signature);
  std::string der;
  if (algorithm_ == Algorithm::Es256) {
    der = to_der(signature);
    if (der.empty()) return false;
    signature = der;
  }
  const std::unique_ptr<EVP_MD_CTX, decltype(&::EVP_MD_CTX_free)> context(::EVP_MD_CTX_new(),
                                                                          &::EVP_MD_CTX_free);
  const EVP_MD* const hash = algorithm_ == Algorithm::EdDsa ? nullptr : ::EVP_sha256();
  return ::EVP_DigestVerifyInit(context.get(), nullptr, hash, nullptr, handle_.get()) == 1 &&
         ::EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(text),
                            text.size()) == 1;
}

std::string KeySet::add_secret(std::string secret) {
  if (secret.size() < kFewestSecretBytes) {
    return "a secret must have " + std::to_string(kFewestSecretBytes) +
           " characters or more; make one with: openssl rand -hex 32";
  }
  keys_.emplace_back(std::move(secret));
  return {};
}

std::string KeySet::add_pem(const std::string& text) {
  const std::unique_ptr<BIO, decltype(&::BIO_free)> bio(
      ::BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), &::BIO_free);
  // What is no public key is passed over, so that it is missed at the end.
  const std::size_t blocks = std::max(count_blocks(text), std::size_t{1});
  std::vector<Key> found;
  while (found.size() < blocks) {
    Key::Handle handle(::PEM_read_bio_PUBKEY(bio.get(), nullptr, &no_password, nullptr));
    if (handle == nullptr) {
      if (!found.empty()) return "it has something else besides public keys in PEM";
      return "it has no public key in PEM; one is made of a private key by: openssl pkey -pubout";
    }
    const auto algorithm = algorithm_of(handle.get());
    if (!algorithm) {
      return "its key must be RSA of " + std::to_string(kFewestRsaBits) +
             " bits or more, EC of P-256, or Ed25519";
    }
    found.emplace_back(*algorithm, std::move(handle), std::string());
  }
  for (Key& key : found) keys_.push_back(std::move(key));
  return {};
}

std::string KeySet::add_jwks(std::string_view text) {
  auto jwks = parse_jwks(text);
  if (!jwks) return "it is no JSON object with a list of keys, {\"keys\":[...]}";
  std::vector<Key> found;
  for (Jwk& jwk : *jwks) {
    const auto algorithm = algorithm_of(jwk.handle.get());
    if (!algorithm) continue;
    if (!jwk.algorithm.empty() && jwk.algorithm != to_string(*algorithm)) continue;
    found.emplace_back(*algorithm, std::move(jwk.handle), std::move(jwk.id));
  }
  if (found.empty()) {
    return "none of its keys is for RS256, ES256 or EdDSA (and RSA ones have 2048 bits or more)";
  }
  for (Key& key : found) keys_.push_back(std::move(key));
  return {};
}

std::vector<const Key*> KeySet::find(std::string_view algorithm,
                                     const std::optional<std::string>& id) const {
  std::vector<const Key*> found;
  for (const Key& key : keys_) {
    if (to_string(key.algorithm()) != algorithm) continue;
    if (id && !key.id().empty() && key.id() != *id) continue;
    found.push_back(&key);
  }
  return found;
}

}  // namespace peerjsd::auth
