#pragma once

#include "peerjsd/auth/base64.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>

namespace peerjsd::test {

inline std::string base64url(std::string_view bytes) {
  std::string text = auth::encode_base64(bytes);
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  text.erase(std::min(text.find('='), text.size()));
  return text;
}

/// Signs as those do who give tokens to clients.
class SigningKey {
 public:
  static SigningKey rsa(unsigned bits = 2048) {
    return SigningKey(::EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", static_cast<std::size_t>(bits)));
  }
  static SigningKey ec(const char* curve = "P-256") {
    return SigningKey(::EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", curve));
  }
  static SigningKey ed25519() {
    return SigningKey(::EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  }

  /// The public half.
  std::string pem() const {
    const std::unique_ptr<BIO, decltype(&::BIO_free)> bio(::BIO_new(::BIO_s_mem()), &::BIO_free);
    ::PEM_write_bio_PUBKEY(bio.get(), key_.get());
    char* data = nullptr;
    const long size = ::BIO_get_mem_data(bio.get(), &data);
    return {data, static_cast<std::size_t>(size)};
  }

  /// The public half of an Ed25519 key, as a member of a JWK set.
  std::string jwk(const std::string& kid) const {
    std::string bytes(32, '\0');
    std::size_t size = bytes.size();
    ::EVP_PKEY_get_raw_public_key(key_.get(), SigningKey::bytes(bytes), &size);
    return R"({"kty":"OKP","crv":"Ed25519","kid":")" + kid + R"(","x":")" + base64url(bytes) +
           R"("})";
  }

  std::string sign(std::string_view text) const {
    const bool hashes = ::EVP_PKEY_get_base_id(key_.get()) != EVP_PKEY_ED25519;
    const std::unique_ptr<EVP_MD_CTX, decltype(&::EVP_MD_CTX_free)> context(::EVP_MD_CTX_new(),
                                                                            &::EVP_MD_CTX_free);
    ::EVP_DigestSignInit(context.get(), nullptr, hashes ? ::EVP_sha256() : nullptr, nullptr,
                         key_.get());
    std::string signature(1024, '\0');
    std::size_t size = signature.size();
    ::EVP_DigestSign(context.get(), bytes(signature), &size,
                     reinterpret_cast<const unsigned char*>(text.data()), text.size());
    signature.resize(size);
    return ::EVP_PKEY_get_base_id(key_.get()) == EVP_PKEY_EC ? from_der(signature) : signature;
  }

 private:
  explicit SigningKey(EVP_PKEY* key) : key_(key, &::EVP_PKEY_free) {}

  static unsigned char* bytes(std::string& text) {
    return reinterpret_cast<unsigned char*>(text.data());
  }

  static std::string from_der(std::string& der) {
    const auto* at = reinterpret_cast<const unsigned char*>(der.data());
    const std::unique_ptr<ECDSA_SIG, decltype(&::ECDSA_SIG_free)> pair(
        ::d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())), &::ECDSA_SIG_free);
    std::string signature(64, '\0');
    ::BN_bn2binpad(::ECDSA_SIG_get0_r(pair.get()), bytes(signature), 32);
    ::BN_bn2binpad(::ECDSA_SIG_get0_s(pair.get()), bytes(signature) + 32, 32);
    return signature;
  }

  std::unique_ptr<EVP_PKEY, decltype(&::EVP_PKEY_free)> key_;
};

inline std::string hmac_sha256(std::string_view secret, std::string_view text) {
  std::array<unsigned char, 32> mac{};
  ::HMAC(::EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
         reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac.data(), nullptr);
  return {reinterpret_cast<const char*>(mac.data()), mac.size()};
}

/// `sign`: from the text to be signed to its signature.
template <class Sign>
std::string jwt(std::string_view header, std::string_view payload, Sign sign) {
  const std::string text = base64url(header) + "." + base64url(payload);
  return text + "." + base64url(sign(text));
}

inline std::string hs256(std::string_view secret, std::string_view payload,
                         std::string_view header = R"({"alg":"HS256","typ":"JWT"})") {
  return jwt(header, payload, [&](std::string_view text) { return hmac_sha256(secret, text); });
}

}  // namespace peerjsd::test
