#include "peerjsd/cluster/redis_backend.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include <spdlog/spdlog.h>

namespace peerjsd::cluster {
namespace {

/// To begin with nobody is told that it is away; so long clients may be left waiting.
constexpr core::Duration kFirstPatience = std::chrono::seconds(1);
constexpr core::Duration kFarewell = std::chrono::milliseconds(500);

/// By what the error of Redis begins with: of a user, its password and rights, or a database.
bool is_refusal(const std::string& why) {
  constexpr std::array errors = {
      "WRONGPASS", "NOAUTH", "NOPERM", "ERR AUTH", "ERR invalid password", "ERR DB index"};
  return std::ranges::any_of(errors, [&](const char* error) { return why.starts_with(error); });
}

}  // namespace

RedisBackend::RedisBackend(boost::asio::io_context& io, const RedisUrl& url, Options options,
                           const core::HashKey& hash_key)
    : node_(io, url,
            {[this] { on_up(); }, [this](const std::string& why) { on_down(why); },
             [this](std::string_view text) { on_message(text); }}),
      courier_(io, node_, options.limits, hash_key),
      claims_(node_, courier_),
      lease_(node_, [this](std::size_t bucket) { claims_.reclaim(bucket); }),
      directory_(io, node_),
      farewell_(io) {
  set_options(options);
}

void RedisBackend::set_options(const Options& options) {
  options_ = options;
  courier_.set_limits(options.limits);
  courier_.set_expire_timeout(options.expire_timeout);
}

void RedisBackend::tick(core::Instant now) {
  if (is_stopping_) return;
  node_.link().tick(now);
  if (!begun_) begun_ = now;
  if (!is_up() && !is_away_ && now > *begun_ + kFirstPatience) {
    on_down("no answer yet");
    is_cause_told_ = false;
  }
  claims_.tick(now);
  courier_.tick(now);
  if (is_up()) lease_.tick(now);
}

bool RedisBackend::is_quiet() {
  if (is_up() && fence_ == FenceState::None) {
    fence_ = FenceState::Sent;
    node_.publish(node(), to_text(Fence{}));
  }
  const bool hears_nothing = !is_up() || fence_ == FenceState::Passed;
  return hears_nothing && courier_.bytes() == 0 && claims_.is_quiet() &&
         !node_.relay().keeps_messages();
}

void RedisBackend::stop() {
  if (is_stopping_) return;
  directory_.on_down();
  const bool was_up = is_up();
  if (was_up) {
    claims_.send_departures();
    courier_.give_up();  // before is_stopping_: the EXPIREs still go out
  }
  is_stopping_ = true;
  if (!was_up) return node_.link().stop();
  lease_.end();
  node_.link().send({"PING"}, [this](const redisReply&) { give_up_returned(); });
  farewell_.expires_after(kFarewell);
  farewell_.async_wait([this](boost::system::error_code) { node_.link().stop(); });
}

/// Whatever has come back meanwhile: there is nowhere to wait any more.
void RedisBackend::give_up_returned() {
  node_.relay().give_up_waiting(RedisNode::now());
  courier_.give_up();
  node_.link().send({"PING"}, [this](const redisReply&) { farewell_.cancel(); });
}

void RedisBackend::on_up() {
  spdlog::info("Cluster: Redis at {} reached, this is node {}", node_.link().address(), node());
  has_been_up_ = true;
  is_misconfigured_ = false;
  is_away_ = is_cause_told_ = false;
  fence_ = FenceState::None;
  lease_.begin();
  courier_.on_up();
  claims_.on_up();
  claims_.reclaim(std::nullopt);
  node_.relay().on_reconnect();
}

void RedisBackend::on_down(const std::string& why) {
  if (!has_been_up_) is_misconfigured_ = is_refusal(why);
  if (is_stopping_) {
    farewell_.cancel();
    return;
  }
  if (!std::exchange(is_away_, true)) ++node_.counters().outages;
  if (!std::exchange(is_cause_told_, true)) {
    spdlog::error("Cluster: Redis at {} cannot be reached: {}; {}", node_.link().address(), why,
                  options_.accepts_while_down ? "new peers are accepted on this node alone"
                                              : "new peers are refused");
  } else {
    spdlog::debug("Cluster: Redis at {} cannot be reached: {}", node_.link().address(), why);
  }
  claims_.on_down(options_.accepts_while_down ? core::Admission::Opened
                                              : core::Admission::Unavailable);
  courier_.on_down();
  directory_.on_down();
}

void RedisBackend::on_message(std::string_view text) {
  std::visit([this](const auto& said) { on(said); }, parse_envelope(text, RedisNode::now()));
}

void RedisBackend::on(std::monostate) const {
  spdlog::warn("Cluster: something was published to this node that it does not understand");
}

void RedisBackend::on(const Challenged& challenged) {
  if (node_.relay().find(challenged.key, challenged.id) != nullptr) {
    node_.relay().challenge(challenged.key, challenged.id, RedisNode::now());
  } else if (is_up()) {
    node_.free_id(challenged.key, challenged.id);  // left over when Redis was away
  }
}

void RedisBackend::on(const Dismissed& dismissed) {
  node_.relay().dismiss(dismissed.key, dismissed.id, RedisNode::now());
}

RedisBackend::Answer RedisBackend::claim(const core::Peer& peer) {
  if (is_away_) return options_.accepts_while_down ? Answer::Yes : Answer::No;
  claims_.claim(peer);
  return Answer::Later;
}

void RedisBackend::on_return(const core::Peer& peer) {
  claims_.on_return(peer);
}

void RedisBackend::release(const core::Peer& peer) {
  claims_.withdraw(peer);
  if (is_up()) node_.free_id(peer.realm.key, peer.id);
}

bool RedisBackend::bequeath(const core::Peer& peer, const TakeInheritance& take) {
  claims_.bequeath(peer, take());
  return true;
}

RedisBackend::Forwarding RedisBackend::forward(const core::Parcel& parcel) {
  const bool can_wait_for_receipt = !is_stopping_ || core::is_notice(parcel.type);
  if (!node_.link().is_up() || !can_wait_for_receipt) return Forwarding::Apart;
  return courier_.forward(parcel) ? Forwarding::Taken : Forwarding::NoRoom;
}

bool RedisBackend::list(std::string_view key, OnList on_list) {
  if (!is_up()) return false;
  directory_.list(key, std::move(on_list));
  return true;
}

}  // namespace peerjsd::cluster
