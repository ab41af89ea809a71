#pragma once

#include "peerjsd/net/tls.hpp"

#include <sys/uio.h>

#include <cstddef>
#include <memory>
#include <span>
#include <utility>

#include <boost/system/error_code.hpp>

namespace peerjsd::net {

/// Owns a connected TCP socket that does not block, and the TLS on it if there is any. It is no
/// more than its descriptor: of idle peers there are many, and Asio's own costs each of them 270
/// bytes.
class Socket {
 public:
  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  Socket(Socket&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)), tls_(std::move(other.tls_)) {}
  Socket& operator=(Socket&&) = delete;
  ~Socket() { close(); }

  bool is_open() const { return descriptor_ >= 0; }
  int descriptor() const { return descriptor_; }

  /// From now on what is read and written is TLS.
  void secure(std::unique_ptr<TlsChannel> tls) { tls_ = std::move(tls); }

  // These return how many bytes were read or written, and set `error` if that is none:
  // boost::asio::error::would_block, eof, or whatever the system or OpenSSL says. With TLS,
  // `buffer` has to be kLeastReadBuffer, and write() of nothing sends what is unsent.
  std::size_t read(std::span<char> buffer, boost::system::error_code& error);
  std::size_t write(std::span<const iovec> buffers, boost::system::error_code& error);

  static constexpr std::size_t kLeastReadBuffer = std::size_t{64} * 1024;

  /// TLS has something to say, or has enciphered more than the system took: write() when it takes
  /// more.
  bool has_unsent() const { return tls_ != nullptr && !tls_->output().empty(); }

  /// The other side has said that it sends nothing more, whether all it sent is read or not; or the
  /// connection has broken.
  bool has_hung_up() const;

  /// The other side's system has not confirmed all that this one took.
  bool has_unconfirmed() const;

  /// The other side reads to the end of what was written, and then sees an end. `error`:
  /// would_block if TLS has not said goodbye yet, for the system did not take it; to be called
  /// again.
  void end_writing(boost::system::error_code& error);

  void close();

 private:
  std::size_t receive(std::span<char> buffer, boost::system::error_code& error) const;
  std::size_t read_tls(std::span<char> buffer, boost::system::error_code& error);
  std::size_t write_tls(std::span<const iovec> buffers, boost::system::error_code& error);
  void send_output(boost::system::error_code& error);

  int descriptor_;
  std::unique_ptr<TlsChannel> tls_;
};

}  // namespace peerjsd::net
