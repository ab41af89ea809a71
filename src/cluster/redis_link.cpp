#include "peerjsd/cluster/redis_link.hpp"

#include "peerjsd/outbound/tls.hpp"

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include <boost/asio/post.hpp>

namespace peerjsd::cluster {
namespace {

constexpr core::Duration kLongestLookUp = std::chrono::seconds(10);
constexpr core::Duration kShortestPause = std::chrono::milliseconds(100);
constexpr core::Duration kLongestPause = std::chrono::milliseconds(500);
/// After so long it counts as up, and the next failure as the first.
constexpr core::Duration kUpForGood = std::chrono::seconds(3);
constexpr core::Duration kPingInterval = std::chrono::milliseconds(500);

/// A key that is written to see whether that can be done.
constexpr std::string_view kProbe = "peerjsd1:probe";

/// Of the reply to ROLE.
bool is_master(const redisReply& reply) {
  return reply.type == REDIS_REPLY_ARRAY && reply.elements > 0 &&
         text_of(*reply.element[0]) == "master";
}

}  // namespace

RedisLink::RedisLink(boost::asio::io_context& io, RedisUrl url, std::string channel, Events events)
    : io_(io),
      url_(std::move(url)),
      channel_(std::move(channel)),
      events_(std::move(events)),
      pause_(kShortestPause, kLongestPause) {
  if (url_.has_tls) tls_.emplace(outbound::trusting_context());
}

RedisLink::~RedisLink() {
  stop();
}

std::string RedisLink::address() const {
  return outbound::to_string(current());
}

const outbound::Address& RedisLink::current() const {
  return url_.addresses[(std::max<std::size_t>(attempts_, 1) - 1) % url_.addresses.size()];
}

void RedisLink::tick(core::Instant now) {
  patience_.tick(now);
  switch (state_) {
    case State::Down:
      if (now >= retry_at_) attempt();
      break;
    case State::Resolving:
      if (now > since_ + kLongestLookUp) fail("its name is not found");
      break;
    case State::Greeting:
    case State::Up:
      check_patience();
      break;
    case State::Stopped:
      break;
  }
}

void RedisLink::attempt() {
  state_ = State::Resolving;
  since_ = now();
  ++attempts_;
  look_up_ = outbound::resolve(io_, current(), [this](const auto& endpoints) {
    if (endpoints.empty()) return fail("its name is not found");
    connect(endpoints);
  });
}

void RedisLink::connect(const std::vector<outbound::Endpoint>& endpoints) {
  state_ = State::Greeting;
  since_ = now();
  awaited_ = 0;
  commands_ = make_connection();
  subscription_ = make_connection();
  subscription_->set_on_message(events_.on_message);
  const outbound::Endpoint& endpoint =
      endpoints[(attempts_ - 1) / url_.addresses.size() % endpoints.size()];
  for (const auto& connection : {commands_, subscription_}) {
    if (tls_) connection->secure(*tls_, current().host);
    connection->connect(endpoint);
    greet(*connection);
  }
  prepare();
  awaited_ += 1;
  subscription_->send({"SUBSCRIBE", channel_}, [this](const redisReply&) { on_ready(); });
}

std::shared_ptr<RedisConnection> RedisLink::make_connection() {
  return std::make_shared<RedisConnection>(io_, patience_,
                                           [this](const std::string& why) { fail(why); });
}

void RedisLink::greet(RedisConnection& connection) {
  if (!url_.password.empty()) {
    if (url_.user.empty()) {
      connection.send_secret({"AUTH", url_.password});
    } else {
      connection.send_secret({"AUTH", url_.user, url_.password});
    }
  }
  if (url_.database != 0) connection.send({"SELECT", std::to_string(url_.database)}, {});
}

void RedisLink::prepare() {
  ++awaited_;
  commands_->send({"ROLE"}, [this](const redisReply& reply) {
    // The connection is in the middle of something.
    if (!is_master(reply)) {
      return boost::asio::post(io_, [this, connection = commands_, alive = std::weak_ptr(alive_)] {
        const bool is_current = !alive.expired() && connection == commands_;
        if (is_current && state_ == State::Greeting) fail("it is a replica");
      });
    }
    on_ready();
  });
  // An error, where there is no room or one may not write, ends the connection before it is up.
  ++awaited_;
  commands_->send({"SET", kProbe, "", "PX", "1000"}, [this](const redisReply&) { on_ready(); });
  for (std::size_t i = 0; i < kScripts; ++i) {
    ++awaited_;
    commands_->send({"SCRIPT", "LOAD", text_of(static_cast<Script>(i))},
                    [this, i](const redisReply& reply) {
                      digests_[i] = text_of(reply);
                      on_ready();
                    });
  }
}

void RedisLink::on_ready() {
  if (--awaited_ > 0) return;
  state_ = State::Up;
  since_ = now();
  pinged_ = patience_.now();
  events_.on_up();
}

void RedisLink::check_patience() {
  for (const auto& connection : {commands_, subscription_}) {
    connection->watch_way();
    if (connection->silence() <= kPatience) continue;
    return fail("no " + std::string(connection->waits_for()) + " for " +
                std::to_string(kPatience / std::chrono::seconds(1)) + " s");
  }
  if (commands_->debt() > kLongPatience) {
    return fail("no answer for " + std::to_string(kLongPatience / std::chrono::seconds(1)) +
                " s, it takes less than there is to send");
  }
  if (patience_.now() < pinged_ + kPingInterval) return;
  pinged_ = patience_.now();
  subscription_->send({"PING"}, {});
  commands_->send({"PING"}, {});
}

void RedisLink::run(Script script, std::string_view key,
                    std::span<const std::string_view> arguments, OnReply on_reply) {
  std::vector<std::string_view> command = {"EVALSHA", digests_[static_cast<std::size_t>(script)],
                                           "1", key};
  command.insert(command.end(), arguments.begin(), arguments.end());
  commands_->send(command, std::move(on_reply));
}

void RedisLink::send(std::initializer_list<std::string_view> command, OnReply on_reply) {
  commands_->send(command, std::move(on_reply));
}

void RedisLink::fail(const std::string& why) {
  look_up_.reset();
  if (commands_ != nullptr) commands_->close();
  if (subscription_ != nullptr) subscription_->close();
  if (state_ == State::Up && now() > since_ + kUpForGood) failures_ = 0;
  state_ = State::Down;
  since_ = now();
  retry_at_ = since_ + pause_.after(failures_++ / url_.addresses.size());
  events_.on_down(why);
}

void RedisLink::stop() {
  look_up_.reset();
  if (commands_ != nullptr) commands_->close();
  if (subscription_ != nullptr) subscription_->close();
  state_ = State::Stopped;
}

}  // namespace peerjsd::cluster
