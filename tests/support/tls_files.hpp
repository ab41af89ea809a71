#pragma once

#include "peerjsd/net/tls.hpp"

#include <filesystem>
#include <memory>
#include <string>

#include <openssl/evp.h>
#include <openssl/x509.h>

namespace peerjsd::test {

struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct FreeCertificate {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
using Key = std::unique_ptr<EVP_PKEY, FreeKey>;
using Certificate = std::unique_ptr<X509, FreeCertificate>;

Key make_key();

/// Of `name`, valid from that many seconds from now until that many, and signed by `issuer` in the
/// name `issued_by`.
Certificate make_certificate(const std::string& name, EVP_PKEY* key, const std::string& issued_by,
                             EVP_PKEY* issuer, long from = -3600, long until = 3600);

std::string pem(const X509* certificate);

/// Encrypted if there is a passphrase.
std::string pem(const EVP_PKEY* key, const std::string& passphrase = {});

/// With a certificate of its own.
net::TlsContext make_tls_context();

/// A directory that goes with it.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory();

  /// Writes a file, and returns its path.
  std::string write(const std::string& name, const std::string& text) const;

  std::string path(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

}  // namespace peerjsd::test
