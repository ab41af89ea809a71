#include "peerjsd/net/tls.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <new>

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/sslerr.h>

namespace peerjsd::net {

/// OpenSSL's way to the bytes of a channel.
struct TlsBio {
  static TlsChannel& channel(BIO* bio) { return *static_cast<TlsChannel*>(BIO_get_data(bio)); }

  static int read(BIO* bio, char* out, int size) {
    BIO_clear_retry_flags(bio);
    std::span<const char>& input = channel(bio).input_;
    if (input.empty()) {
      BIO_set_retry_read(bio);
      return -1;
    }
    const std::size_t taken = std::min(input.size(), static_cast<std::size_t>(size));
    std::memcpy(out, input.data(), taken);
    input = input.subspan(taken);
    return static_cast<int>(taken);
  }

  static int write(BIO* bio, const char* data, int size) {
    channel(bio).output_.append(data, static_cast<std::size_t>(size));
    return size;
  }

  static long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

  static BIO_METHOD* method() {
    static BIO_METHOD* const made = [] {
      BIO_METHOD* const it = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "peerjsd");
      BIO_meth_set_read(it, read);
      BIO_meth_set_write(it, write);
      BIO_meth_set_ctrl(it, control);
      return it;
    }();
    return made;
  }
};

namespace {

using boost::system::error_code;

/// Far more than any handshake: OpenSSL answers each attempt to renegotiate.
constexpr std::size_t kMostAnswers = std::size_t{64} * 1024;

constexpr std::string_view kPlainAnswer =
    "HTTP/1.1 400 Bad Request\r\n"
    "Access-Control-Allow-Origin: *\r\n"
    "Connection: close\r\n"
    "Content-Type: text/plain; charset=utf-8\r\n"
    "Content-Length: 64\r\n\r\n"
    "This port speaks TLS: use https://, or secure: true in PeerJS.\r\n";

/// The first error is the cause of those that follow it.
error_code openssl_error() {
  const error_code error(static_cast<int>(::ERR_get_error()),
                         boost::asio::error::get_ssl_category());
  ::ERR_clear_error();
  return error ? error : boost::asio::ssl::error::unspecified_system_error;
}

bool is_plain_http(const error_code& error) {
  return ERR_GET_REASON(static_cast<unsigned long>(error.value())) == SSL_R_HTTP_REQUEST;
}

/// As much of `buffers` as goes into one record.
std::size_t gather(std::span<const iovec> buffers, std::span<char> record) {
  std::size_t size = 0;
  for (const iovec& buffer : buffers) {
    const std::size_t part = std::min(buffer.iov_len, record.size() - size);
    std::memcpy(record.data() + size, buffer.iov_base, part);
    size += part;
    if (size == record.size()) break;
  }
  return size;
}

}  // namespace

TlsChannel::TlsChannel(const TlsContext& context) : ssl_(SSL_new(context.handle())) {
  BIO* const bio = BIO_new(TlsBio::method());
  if (ssl_ == nullptr || bio == nullptr) {
    BIO_free(bio);
    throw std::bad_alloc();
  }
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_accept_state(ssl_.get());
}

TlsChannel::~TlsChannel() = default;

std::size_t TlsChannel::read(std::span<const char> received, std::span<char> plain,
                             error_code& error) {
  input_ = received;
  ::ERR_clear_error();  // SSL_get_error() looks at what is there
  std::size_t size = 0;
  for (;;) {
    std::size_t part = 0;
    const int result = SSL_read_ex(ssl_.get(), plain.data() + size, plain.size() - size, &part);
    size += part;
    if (result == 1) continue;
    const int status = SSL_get_error(ssl_.get(), result);
    if (status == SSL_ERROR_WANT_READ) {
      if (output().size() > kMostAnswers) error = boost::asio::error::no_buffer_space;
      return size;
    }
    error = status == SSL_ERROR_ZERO_RETURN ? boost::asio::error::eof : openssl_error();
    if (is_plain_http(error)) output_ = kPlainAnswer;
    return size;
  }
}

std::size_t TlsChannel::write(std::span<const iovec> buffers, error_code& error) {
  std::array<char, SSL3_RT_MAX_PLAIN_LENGTH> record;
  const std::size_t size = gather(buffers, record);
  if (size == 0 || SSL_is_init_finished(ssl_.get()) == 0) return 0;
  ::ERR_clear_error();
  std::size_t written = 0;
  if (SSL_write_ex(ssl_.get(), record.data(), size, &written) != 1) error = openssl_error();
  return written;
}

void TlsChannel::end_writing() {
  const bool is_said = (SSL_get_shutdown(ssl_.get()) & SSL_SENT_SHUTDOWN) != 0;
  if (!is_said && SSL_is_init_finished(ssl_.get()) != 0) SSL_shutdown(ssl_.get());
}

void TlsChannel::consume_output(std::size_t size) {
  sent_ += size;
  if (sent_ < output_.size()) return;
  std::string().swap(output_);  // to assign would keep its memory
  sent_ = 0;
}

}  // namespace peerjsd::net
