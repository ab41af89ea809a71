#pragma once

#include "peerjsd/cluster/patience_clock.hpp"
#include "peerjsd/core/time.hpp"
#include "peerjsd/outbound/resolver.hpp"
#include "peerjsd/outbound/stream.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/system/error_code.hpp>
#include <hiredis/hiredis.h>

namespace peerjsd::cluster {

/// What a reply says, if it is a text; else "".
std::string_view text_of(const redisReply& reply);

/// One connection to a Redis: commands go out in order, and their replies come in that order. What
/// is sent in one turn of the loop goes out in one system call.
///
/// Lives as a shared pointer until close(), and till its handlers have ended. The function that it
/// was given for its end is called once, from the loop, unless close() was called before.
class RedisConnection : public std::enable_shared_from_this<RedisConnection> {
 public:
  using OnReply = std::function<void(const redisReply&)>;
  using OnEnd = std::function<void(const std::string& why)>;

  /// `clock`: by which it tells how long the other side has had to answer. Outlives it until
  /// close().
  RedisConnection(boost::asio::io_context& io, const PatienceClock& clock, OnEnd on_end);

  static core::Instant now() {
    return std::chrono::time_point_cast<core::Duration>(std::chrono::steady_clock::now());
  }

  /// For a connection that subscribes: gets the messages published.
  void set_on_message(std::function<void(std::string_view)> on_message) {
    on_message_ = std::move(on_message);
  }

  /// See outbound::Stream::secure().
  void secure(boost::asio::ssl::context& context, const std::string& host) {
    stream_.secure(context, host);
  }

  /// Commands may be sent at once.
  void connect(const outbound::Endpoint& endpoint);

  /// `on_reply`, which may be empty, gets no errors: an error as a reply ends the connection.
  void send(std::span<const std::string_view> command, OnReply on_reply);
  void send(std::initializer_list<std::string_view> command, OnReply on_reply) {
    send(std::span(command.begin(), command.size()), std::move(on_reply));
  }

  /// The same of one that has a secret in it, which an error may repeat in quotes: so of that only
  /// what comes before is told.
  void send_secret(std::initializer_list<std::string_view> command);

  /// To be called often: looks whether what was sent passes.
  void watch_way();

  /// For how long the other side has owed a reply, or the connection, without a sign of life.
  core::Duration silence() const;

  /// The same, whatever signs of life there have been; of replies only.
  core::Duration debt() const;

  /// What has been sent, and the system has not taken yet.
  std::size_t unsent_bytes() const { return unsent_.size() + sending_.size() - sent_; }

  /// For what.
  std::string_view waits_for() const;

  /// Idempotent; no function is called any more.
  void close();

 private:
  struct Owed {
    core::Instant since;
    OnReply on_reply;
    bool is_secret = false;
  };
  struct FreeReader {
    void operator()(redisReader* reader) const { ::redisReaderFree(reader); }
  };

  void shake_hands();
  void begin();
  void flush_soon();
  void flush();
  void write();
  void on_written(boost::system::error_code error, std::size_t size);
  void read();
  void on_read(boost::system::error_code error, std::size_t size);
  void take_replies();
  void take(const redisReply& reply);
  std::string problem_of(const redisReply& error) const;
  void end(const std::string& why);

  boost::asio::io_context& io_;
  const PatienceClock& clock_;
  outbound::Stream stream_;
  OnEnd on_end_;
  std::function<void(std::string_view)> on_message_;
  std::unique_ptr<redisReader, FreeReader> reader_;
  std::deque<Owed> owed_;
  core::Instant progress_{};  // the last sign of life, or when it was asked for one
  outbound::Passage passage_;
  std::string unsent_;
  std::string sending_;
  std::size_t sent_ = 0;  // of it
  bool is_connected_ = false;
  bool flush_posted_ = false;
  bool ended_ = false;
  std::array<char, std::size_t{16} * 1024> buffer_;
};

}  // namespace peerjsd::cluster
