#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include <openssl/ssl.h>

namespace peerjsd::test {

/// OpenSSL's own client, between two memories.
class TlsClient {
 public:
  explicit TlsClient(int version = TLS1_3_VERSION, SSL_SESSION* session = nullptr)
      : context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free) {
    SSL_CTX_set_max_proto_version(context_.get(), version);
    ssl_.reset(SSL_new(context_.get()));
    in_ = BIO_new(BIO_s_mem());
    out_ = BIO_new(BIO_s_mem());
    SSL_set_bio(ssl_.get(), in_, out_);
    SSL_set_connect_state(ssl_.get());
    if (session != nullptr) SSL_set_session(ssl_.get(), session);
  }

  SSL* ssl() { return ssl_.get(); }

  /// What the client wants to send.
  std::string output() {
    std::array<char, 100'000> data;
    const int size = BIO_read(out_, data.data(), data.size());
    return size > 0 ? std::string(data.data(), static_cast<std::size_t>(size)) : std::string();
  }

  /// What it makes of what it receives.
  std::string read(std::string_view received) {
    BIO_write(in_, received.data(), static_cast<int>(received.size()));
    std::string plain;
    std::array<char, 4096> part;
    for (int size = 1; size > 0;) {
      size = SSL_read(ssl_.get(), part.data(), part.size());
      if (size > 0) plain.append(part.data(), static_cast<std::size_t>(size));
    }
    return plain;
  }

  void write(const std::string& text) {
    SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size()));
  }

 private:
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_{nullptr, SSL_free};
  BIO* in_ = nullptr;
  BIO* out_ = nullptr;
};

}  // namespace peerjsd::test
