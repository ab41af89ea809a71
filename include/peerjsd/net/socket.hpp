#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <span>
#include <utility>

#include <boost/system/error_code.hpp>

namespace peerjsd::net {

/// Owns a connected TCP socket that does not block. It is no more than its descriptor: of idle
/// peers there are many, and Asio's own costs each of them 270 bytes.
class Socket {
 public:
  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  Socket(Socket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Socket& operator=(Socket&&) = delete;
  ~Socket() { close(); }

  bool is_open() const { return descriptor_ >= 0; }
  int descriptor() const { return descriptor_; }

  // These return how many bytes were read or written, and set `error` if that is none:
  // boost::asio::error::would_block, eof, or whatever the system says.
  std::size_t read(std::span<char> buffer, boost::system::error_code& error) const;
  std::size_t write(std::span<const iovec> buffers, boost::system::error_code& error) const;

  /// The other side reads to the end of what was written, and then sees an end.
  void end_writing() const;

  void close();

 private:
  int descriptor_;
};

}  // namespace peerjsd::net
