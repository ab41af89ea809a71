#include "peerjsd/net/tls.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <new>
#include <system_error>
#include <vector>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace peerjsd::net {
namespace {

/// OpenSSL's word for what has just failed: its first, the later ones say where.
std::string reason() {
  const unsigned long code = ::ERR_peek_error();
  const char* const text = ::ERR_reason_error_string(code);
  ::ERR_clear_error();
  return text == nullptr ? "unknown error" : text;
}

std::string unreadable(const std::string& file) {
  errno = 0;
  std::ifstream in(file, std::ios::binary);
  if (in.is_open() && in.peek() != std::ifstream::traits_type::eof()) return {};
  return errno == 0 ? "is empty" : "cannot be read: " + std::generic_category().message(errno);
}

std::string certificate_problem(SSL_CTX* context, const std::string& file) {
  std::string obstacle = unreadable(file);
  if (!obstacle.empty()) return obstacle;
  if (SSL_CTX_use_certificate_chain_file(context, file.c_str()) == 1) return {};
  return "holds no certificate in PEM form that can be used (" + reason() + ")";
}

int refuse_to_decrypt(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

std::string key_problem(SSL_CTX* context, const std::string& file) {
  std::string obstacle = unreadable(file);
  if (!obstacle.empty()) return obstacle;
  bool is_encrypted = false;
  SSL_CTX_set_default_passwd_cb(context, refuse_to_decrypt);
  SSL_CTX_set_default_passwd_cb_userdata(context, &is_encrypted);
  const bool loaded = SSL_CTX_use_PrivateKey_file(context, file.c_str(), SSL_FILETYPE_PEM) == 1;
  SSL_CTX_set_default_passwd_cb_userdata(context, nullptr);
  // The former compares them only if they are of one type.
  if (loaded && SSL_CTX_check_private_key(context) == 1) return {};
  const std::string why = reason();
  if (is_encrypted) return "is encrypted; decrypt it with: openssl pkey -in KEY -out PLAIN_KEY";
  if (loaded || why == "key values mismatch") {
    return "is not the key of the certificate; give the two that were made together";
  }
  return "holds no private key in PEM form that can be used (" + why + ")";
}

std::string printed(const ASN1_TIME* time) {
  BIO* const bio = BIO_new(BIO_s_mem());
  ASN1_TIME_print(bio, time);
  std::array<char, 64> text{};
  BIO_read(bio, text.data(), text.size() - 1);
  BIO_free(bio);
  return text.data();
}

std::string time_problem(const X509* certificate) {
  const ASN1_TIME* const end = X509_get0_notAfter(certificate);
  if (X509_cmp_current_time(end) < 0) return "has expired (" + printed(end) + "); renew it";
  const ASN1_TIME* const start = X509_get0_notBefore(certificate);
  if (X509_cmp_current_time(start) > 0) {
    return "is not valid before " + printed(start) + "; check the clock";
  }
  return {};
}

/// Clients know the root and need every certificate in between.
std::string chain_problem(SSL_CTX* context) {
  std::vector<X509*> before = {SSL_CTX_get0_certificate(context)};
  STACK_OF(X509)* chain = nullptr;
  SSL_CTX_get0_chain_certs(context, &chain);
  for (int i = 0; i < sk_X509_num(chain); ++i) {
    X509* const issuer = sk_X509_value(chain, i);
    const bool belongs = std::ranges::any_of(before, [issuer](X509* certificate) {
      return X509_check_issued(issuer, certificate) == X509_V_OK;
    });
    if (!belongs) {
      return "is out of order: its certificate number " + std::to_string(i + 2) +
             " issued none of those before it; put the server's first, then each one's issuer";
    }
    before.push_back(issuer);
  }
  return {};
}

int choose_http11(SSL*, const unsigned char** chosen, unsigned char* chosen_size,
                  const unsigned char* offered, unsigned offered_size, void*) {
  static constexpr std::array<unsigned char, 9> http11 = {8,   'h', 't', 't', 'p',
                                                          '/', '1', '.', '1'};
  unsigned char* selected = nullptr;
  const int result = SSL_select_next_proto(&selected, chosen_size, http11.data(), http11.size(),
                                           offered, offered_size);
  *chosen = selected;
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

void set_up(SSL_CTX* context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20");
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 1);
  SSL_CTX_set_alpn_select_cb(context, choose_http11, nullptr);
}

}  // namespace

std::variant<TlsContext, std::string> TlsContext::load(const TlsFiles& files) {
  ::ERR_clear_error();
  TlsContext made(SSL_CTX_new(TLS_server_method()));
  SSL_CTX* const context = made.handle();
  if (context == nullptr) throw std::bad_alloc();
  set_up(context);
  const auto failed = [](const char* option, const std::string& file, const std::string& problem) {
    return std::string(option) + ": '" + file + "' " + problem;
  };
  std::string problem = certificate_problem(context, files.certificate);
  if (problem.empty()) problem = time_problem(SSL_CTX_get0_certificate(context));
  if (problem.empty()) problem = chain_problem(context);
  if (!problem.empty()) return failed("--sslcert", files.certificate, problem);
  problem = key_problem(context, files.key);
  if (!problem.empty()) return failed("--sslkey", files.key, problem);
  return made;
}

std::chrono::system_clock::time_point TlsContext::expiry() const {
  std::tm time{};
  ASN1_TIME_to_tm(X509_get0_notAfter(SSL_CTX_get0_certificate(handle())), &time);
  return std::chrono::system_clock::from_time_t(::timegm(&time));
}

}  // namespace peerjsd::net
