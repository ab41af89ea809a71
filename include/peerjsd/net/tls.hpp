#pragma once

#include <sys/uio.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include <boost/system/error_code.hpp>
#include <openssl/ssl.h>

namespace peerjsd::net {

/// PEM files: the certificate with its chain, leaf first, and its key, unencrypted.
struct TlsFiles {
  std::string certificate;
  std::string key;
};

/// What the server shows to those who connect by TLS. TLS 1.2 and 1.3, HTTP/1.1 alone by ALPN;
/// sessions are resumed by tickets, of which the server keeps nothing.
class TlsContext {
 public:
  /// Reads and checks the files. On failure: what is wrong with which of them, and the remedy, in
  /// one line.
  static std::variant<TlsContext, std::string> load(const TlsFiles& files);

  SSL_CTX* handle() const { return context_.get(); }

  /// When its certificate expires.
  std::chrono::system_clock::time_point expiry() const;

 private:
  struct Free {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };

  explicit TlsContext(SSL_CTX* context) : context_(context) {}

  std::unique_ptr<SSL_CTX, Free> context_;
};

/// The server's side of TLS on one connection, without I/O: what is received goes in by read(),
/// what is to be sent comes out by output().
class TlsChannel {
 public:
  /// `context` may go before the channel does.
  explicit TlsChannel(const TlsContext& context);
  TlsChannel(const TlsChannel&) = delete;
  TlsChannel& operator=(const TlsChannel&) = delete;
  ~TlsChannel();

  /// A TLS record is never larger, header and all.
  static constexpr std::size_t kMostRecord = 16 * 1024 + 2048 + 5;

  /// Takes all of `received`, and returns how much of `plain` it deciphered to; `plain` has to be
  /// larger by kMostRecord. `error`: eof where the other side said goodbye, no_buffer_space where
  /// it asks for more answers than it takes, or one of OpenSSL's.
  std::size_t read(std::span<const char> received, std::span<char> plain,
                   boost::system::error_code& error);

  /// Enciphers up to a record of `buffers`, and returns how much of them that was; 0 before the
  /// handshake is complete.
  std::size_t write(std::span<const iovec> buffers, boost::system::error_code& error);

  /// Says goodbye; nothing may be written after it. Idempotent.
  void end_writing();

  /// To be sent; grows by each of the calls above.
  std::string_view output() const { return std::string_view(output_).substr(sent_); }
  void consume_output(std::size_t size);

 private:
  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  friend struct TlsBio;

  std::unique_ptr<SSL, Free> ssl_;
  std::span<const char> input_;
  std::string output_;
  std::size_t sent_ = 0;  // of output_
};

}  // namespace peerjsd::net
