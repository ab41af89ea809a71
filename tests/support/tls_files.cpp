#include "support/tls_files.hpp"

#include <cstdlib>
#include <fstream>
#include <stdexcept>

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/pem.h>

namespace peerjsd::test {
namespace {

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using Memory = std::unique_ptr<BIO, FreeBio>;

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

void set_name(X509_NAME* name, const std::string& text) {
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(text.c_str()), -1, -1, 0);
}

}  // namespace

Key make_key() {
  return Key(EVP_EC_gen("P-256"));
}

Certificate make_certificate(const std::string& name, EVP_PKEY* key, const std::string& issued_by,
                             EVP_PKEY* issuer, long from, long until) {
  Certificate certificate(X509_new());
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), from);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), until);
  set_name(X509_get_subject_name(certificate.get()), name);
  set_name(X509_get_issuer_name(certificate.get()), issued_by);
  X509_set_pubkey(certificate.get(), key);
  X509_sign(certificate.get(), issuer, EVP_sha256());
  return certificate;
}

std::string pem(const X509* certificate) {
  const Memory bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), certificate);
  return text_of(bio.get());
}

std::string pem(const EVP_PKEY* key, const std::string& passphrase) {
  const Memory bio(BIO_new(BIO_s_mem()));
  const EVP_CIPHER* const cipher = passphrase.empty() ? nullptr : EVP_aes_128_cbc();
  PEM_write_bio_PrivateKey(bio.get(), key, cipher,
                           reinterpret_cast<const unsigned char*>(passphrase.data()),
                           static_cast<int>(passphrase.size()), nullptr, nullptr);
  return text_of(bio.get());
}

TemporaryDirectory::TemporaryDirectory() {
  std::string path = std::filesystem::temp_directory_path() / "peerjsd-XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) throw std::runtime_error("mkdtemp: " + path);
  path_ = path;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TemporaryDirectory::write(const std::string& name, const std::string& text) const {
  std::ofstream(path_ / name, std::ios::binary) << text;
  return path_ / name;
}

net::TlsContext make_tls_context() {
  const TemporaryDirectory directory;
  const Key key = make_key();
  const Certificate certificate = make_certificate("localhost", key.get(), "localhost", key.get());
  auto loaded = net::TlsContext::load({directory.write("cert.pem", pem(certificate.get())),
                                       directory.write("key.pem", pem(key.get()))});
  return std::move(std::get<net::TlsContext>(loaded));
}

}  // namespace peerjsd::test
