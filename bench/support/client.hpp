#pragma once

#include "support/event_loop.hpp"
#include "support/wire.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace peerjsd::bench {

/// A text frame as a client sends it, masked.
std::string masked_frame(std::string_view text);

/// One TCP connection to the server. Does not block; what the system does not take at once waits.
class Connection : public Pollable {
 public:
  Connection(EventLoop& loop, const Target& target);

  void write(std::string_view bytes);

  /// For a goodbye: whether it can be written does not matter.
  void try_write(std::string_view bytes) noexcept;

  /// Ends it without a word, as when a process dies.
  void close() { wire_.close(); }

  bool is_closed() const { return wire_.is_closed(); }

 protected:
  /// `bytes` are all that has come and not been taken; returns how many of them to take.
  virtual std::size_t on_bytes(std::string_view bytes) = 0;

 private:
  void on_event(std::uint32_t events) override;
  void read();
  void take(std::string_view bytes);
  void write_waiting();

  EventLoop& loop_;
  Wire wire_;
  bool connected_ = false;
  std::string to_write_;
  std::string unread_;  // the beginning of something
};

/// The server, or the way to it, has ended a connection without a word.
class Lost : public Fault {
 public:
  Lost(const Connection& connection, const std::string& why)
      : Fault(why), connection_(connection) {}

  const Connection& connection() const { return connection_; }

 private:
  const Connection& connection_;
};

/// A peer on a WebSocket.
class Client final : public Connection {
 public:
  using OnText = std::function<void(std::string_view text)>;

  /// Asks for the WebSocket; OPEN is awaited and not told of.
  Client(EventLoop& loop, const Target& target, const std::string& id, OnText on_text = {});

  /// Goes as a page whose tab is closed.
  ~Client() override;

  /// OPEN has come.
  bool is_open() const { return open_; }

  void send(std::string_view text) { write(masked_frame(text)); }

 private:
  std::size_t on_bytes(std::string_view bytes) override;
  std::size_t take_answer(std::string_view bytes);
  std::size_t take_frame(std::string_view bytes);
  void on_frame(unsigned opcode, std::string_view payload);

  OnText on_text_;
  bool upgraded_ = false;
  bool open_ = false;
};

}  // namespace peerjsd::bench
