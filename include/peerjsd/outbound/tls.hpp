#pragma once

#include <string>

#include <boost/asio/ssl/context.hpp>
#include <boost/system/error_code.hpp>
#include <openssl/ssl.h>

namespace peerjsd::outbound {

/// For connections that trust whom the system trusts; SSL_CERT_FILE and SSL_CERT_DIR say otherwise.
boost::asio::ssl::context trusting_context();

/// Of a connection, before its handshake: the certificate has to be for `host`, a name or an
/// address.
void expect_certificate_of(SSL* ssl, const std::string& host);

/// Why a handshake failed with `error`.
std::string problem_of(SSL* ssl, const boost::system::error_code& error);

}  // namespace peerjsd::outbound
