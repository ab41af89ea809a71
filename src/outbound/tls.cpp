#include "peerjsd/outbound/tls.hpp"

#include <openssl/x509_vfy.h>

namespace peerjsd::outbound {

boost::asio::ssl::context trusting_context() {
  boost::asio::ssl::context context(boost::asio::ssl::context::tls_client);
  ::SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
  context.set_verify_mode(boost::asio::ssl::verify_peer);
  context.set_default_verify_paths();
  return context;
}

void expect_certificate_of(SSL* ssl, const std::string& host) {
  if (::X509_VERIFY_PARAM_set1_ip_asc(::SSL_get0_param(ssl), host.c_str()) == 1) return;
  ::SSL_set1_host(ssl, host.c_str());
  // SSL_set_tlsext_host_name is a macro with a cast of C's.
  std::string name = host;
  ::SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data());
}

std::string problem_of(SSL* ssl, const boost::system::error_code& error) {
  const long verdict = ::SSL_get_verify_result(ssl);
  if (verdict == X509_V_OK) return "TLS: " + error.message();
  return std::string("its certificate is not trusted: ") + ::X509_verify_cert_error_string(verdict);
}

}  // namespace peerjsd::outbound
