#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <openssl/types.h>

namespace peerjsd::auth {

/// How a token is signed: RFC 7518 3.1 and RFC 8037 3.1.
enum class Algorithm : std::uint8_t { Hs256, Rs256, Es256, EdDsa };

/// As in a token's header: "RS256".
std::string_view to_string(Algorithm algorithm);

/// A key and the one algorithm that it is for. What a token says of its algorithm never decides how
/// a key is used.
class Key {
 public:
  struct Free {
    void operator()(EVP_PKEY* key) const;
  };
  using Handle = std::unique_ptr<EVP_PKEY, Free>;

  /// `id`: of a key in a JWK set, empty if it has none.
  Key(std::string secret);
  Key(Algorithm algorithm, Handle handle, std::string id);

  Algorithm algorithm() const { return algorithm_; }
  const std::string& id() const { return id_; }

  /// Whether `signature`, as JOSE has it, is this key's of `text`.
  bool verifies(std::string_view text, std::string_view signature) const;

 private:
  Algorithm algorithm_;
  std::string secret_;
  Handle handle_;
  std::string id_;
};

/// The keys whose signatures count.
class KeySet {
 public:
  // What is wrong, in words that go on after the name of the option or file, is returned; then
  // nothing has been added.

  /// For HS256.
  std::string add_secret(std::string secret);

  /// Public keys (PEM, SubjectPublicKeyInfo): RSA of 2048 bits or more, EC of P-256, or Ed25519.
  std::string add_pem(const std::string& text);

  /// A JWK set (RFC 7517 5). Keys of it that are for something else, or of a kind that is not known
  /// here, are passed over, as the standard asks.
  std::string add_jwks(std::string_view text);

  /// Those for an algorithm of that name, and of that id, if the token has one and they do.
  std::vector<const Key*> find(std::string_view algorithm,
                               const std::optional<std::string>& id) const;

  bool empty() const { return keys_.empty(); }
  std::size_t size() const { return keys_.size(); }

 private:
  std::vector<Key> keys_;
};

}  // namespace peerjsd::auth
