#include "peerjsd/outbound/stream.hpp"

#include "peerjsd/outbound/tls.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <utility>

#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

namespace peerjsd::outbound {

using boost::system::error_code;

void Stream::secure(boost::asio::ssl::context& context, const std::string& host) {
  tls_.emplace(socket_, context);
  expect_certificate_of(tls_->native_handle(), host);
}

void Stream::connect(const Endpoint& endpoint, std::function<void(error_code)> on_connected) {
  error_code ignored;
  socket_.close(ignored);
  socket_.async_connect(endpoint, [this, done = std::move(on_connected)](error_code error) {
    const int on = 1;  // a Unix socket does not know it, and does not need it
    if (!error) ::setsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    done(error);
  });
}

void Stream::shake_hands(std::function<void(const std::string&)> on_done) {
  if (!tls_) return on_done("");
  tls_->async_handshake(boost::asio::ssl::stream_base::client,
                        [this, done = std::move(on_done)](error_code error) {
                          done(error ? problem_of(tls_->native_handle(), error) : "");
                        });
}

bool Stream::is_untrusted() {
  return tls_ && ::SSL_get_verify_result(tls_->native_handle()) != X509_V_OK;
}

void Stream::close() {
  error_code ignored;
  socket_.close(ignored);
}

}  // namespace peerjsd::outbound
