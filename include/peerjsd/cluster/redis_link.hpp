#pragma once

#include "peerjsd/cluster/redis_connection.hpp"
#include "peerjsd/cluster/redis_url.hpp"
#include "peerjsd/cluster/scripts.hpp"
#include "peerjsd/core/time.hpp"
#include "peerjsd/outbound/random_pause.hpp"
#include "peerjsd/outbound/resolver.hpp"

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <boost/asio/io_context.hpp>

namespace peerjsd::cluster {

/// The way to a Redis: a connection for commands and one that listens on a channel, which are there
/// together or not at all. When one of them fails, or has not answered for kPatience (for
/// kLongPatience, while bytes pass: then it takes less than there is to send), both are made anew,
/// for ever, with growing pauses of random length; of several addresses each is tried in turn until
/// one is that of a master.
class RedisLink {
 public:
  struct Events {
    std::function<void()> on_up;
    std::function<void(const std::string& why)> on_down;  ///< or still down
    std::function<void(std::string_view)> on_message;
  };

  static constexpr core::Duration kPatience = std::chrono::seconds(1);
  static constexpr core::Duration kLongPatience = std::chrono::seconds(3);

  RedisLink(boost::asio::io_context& io, RedisUrl url, std::string channel, Events events);
  ~RedisLink();

  /// To be called often. The first call begins to connect.
  void tick(core::Instant now);

  bool is_up() const { return state_ == State::Up; }

  /// For how long others have had to answer, Redis and other nodes.
  const PatienceClock& patience() const { return patience_; }

  /// What has been sent to it, and the system has not taken yet. More than kMostUnsent: who can
  /// wait should.
  std::size_t unsent_bytes() const { return commands_ == nullptr ? 0 : commands_->unsent_bytes(); }
  static constexpr std::size_t kMostUnsent = std::size_t{1024} * 1024;

  /// The one that is, or was, connected or tried last.
  std::string address() const;

  using OnReply = RedisConnection::OnReply;

  // Only while it is up. When it goes down, replies that are owed do not come.

  void run(Script script, std::string_view key, std::span<const std::string_view> arguments,
           OnReply on_reply);
  void run(Script script, std::string_view key, std::initializer_list<std::string_view> arguments,
           OnReply on_reply) {
    run(script, key, std::span(arguments.begin(), arguments.size()), std::move(on_reply));
  }
  void send(std::initializer_list<std::string_view> command, OnReply on_reply = {});

  /// For good, without on_down.
  void stop();

 private:
  enum class State : std::uint8_t { Down, Resolving, Greeting, Up, Stopped };

  static core::Instant now() { return RedisConnection::now(); }

  void attempt();
  void connect(const std::vector<outbound::Endpoint>& endpoints);
  std::shared_ptr<RedisConnection> make_connection();
  const outbound::Address& current() const;
  void greet(RedisConnection& connection);
  void prepare();
  void on_ready();
  void check_patience();
  void fail(const std::string& why);

  boost::asio::io_context& io_;
  const RedisUrl url_;
  const std::string channel_;
  Events events_;
  std::optional<boost::asio::ssl::context> tls_;
  State state_ = State::Down;
  outbound::LookUp look_up_;
  core::Instant since_{};     // the state
  core::Instant retry_at_{};  // when down
  PatienceClock patience_;
  core::Instant pinged_{};  // by that
  std::size_t attempts_ = 0;
  std::size_t failures_ = 0;  // since it was up for long
  std::size_t awaited_ = 0;   // replies to the greeting
  std::shared_ptr<RedisConnection> commands_;
  std::shared_ptr<RedisConnection> subscription_;
  std::array<std::string, kScripts> digests_;
  outbound::RandomPause pause_;
  std::shared_ptr<int> alive_ = std::make_shared<int>();  // for what comes late
};

}  // namespace peerjsd::cluster
