#include "peerjsd/cluster/redis_backend.hpp"

#include <chrono>
#include <utility>

#include <spdlog/spdlog.h>

namespace peerjsd::cluster {
namespace {

constexpr core::Duration kFarewell = std::chrono::milliseconds(500);

std::string_view text_of(const redisReply& reply) {
  return {reply.str, static_cast<std::size_t>(reply.len)};
}

/// One that is asked for in each bucket.
struct Listing {
  std::size_t owed = kBuckets;
  RedisBackend::Ids ids;
  std::function<void(RedisBackend::Ids)> on_ids;
};

void add(Listing& listing, const redisReply& reply) {
  if (reply.type == REDIS_REPLY_ARRAY) {
    for (std::size_t i = 0; i + 1 < reply.elements; i += 2) {
      listing.ids.emplace_back(text_of(*reply.element[i]), text_of(*reply.element[i + 1]));
    }
  }
  if (--listing.owed == 0) listing.on_ids(std::move(listing.ids));
}

}  // namespace

RedisBackend::RedisBackend(boost::asio::io_context& io, const RedisUrl& url, Options options,
                           const core::HashKey& hash_key)
    : node_(io, url,
            {[this] { on_up(); }, [this](const std::string& why) { on_down(why); },
             [this](std::string_view text) { on_message(text); }}),
      options_(options),
      claims_(node_),
      courier_(io, node_, options.limits, hash_key),
      lease_(node_, [this](std::size_t bucket) { claims_.reclaim(bucket); }),
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
  claims_.tick(now);
  courier_.tick(now);
  if (is_up()) lease_.tick(now);
}

void RedisBackend::stop() {
  if (std::exchange(is_stopping_, true)) return;
  if (!is_up()) return node_.link().stop();
  lease_.end();
  node_.link().send({"PING"}, [this](const redisReply&) { farewell_.cancel(); });
  farewell_.expires_after(kFarewell);
  farewell_.async_wait([this](boost::system::error_code) { node_.link().stop(); });
}

void RedisBackend::on_up() {
  spdlog::info("Cluster: Redis at {} reached, this is node {}", node_.link().address(), node());
  is_away_ = false;
  lease_.begin();
  courier_.on_up();
  claims_.reclaim(std::nullopt);
  node_.relay().on_reconnect(RedisNode::now());
}

void RedisBackend::on_down(const std::string& why) {
  if (is_stopping_) return farewell_.cancel(), void();
  if (!std::exchange(is_away_, true)) {
    away_since_ = RedisNode::now();
    ++node_.counters().outages;
    spdlog::error("Cluster: Redis at {} cannot be reached: {}; {}", node_.link().address(), why,
                  options_.accepts_while_down ? "new peers are accepted on this node alone"
                                              : "new peers are refused");
  } else {
    spdlog::debug("Cluster: Redis at {} cannot be reached: {}", node_.link().address(), why);
  }
  claims_.on_down(options_.accepts_while_down ? core::Admission::Opened
                                              : core::Admission::Unavailable);
  courier_.on_down();
}

void RedisBackend::on_message(std::string_view text) {
  std::visit([this](const auto& said) { on(said); }, parse_envelope(text));
}

void RedisBackend::on(std::monostate) const {
  spdlog::warn("Cluster: something was published to this node that it does not understand");
}

void RedisBackend::on(const Challenged& challenged) {
  const core::Realm* const realm = node_.relay().realm(challenged.key);
  if (realm != nullptr && realm->find(challenged.id) != nullptr) {
    node_.relay().challenge(challenged.key, challenged.id, RedisNode::now());
  } else if (is_up()) {
    node_.free_id(challenged.key, challenged.id, {});  // left over when Redis was away
  }
}

void RedisBackend::on(const Dismissed& dismissed) {
  node_.relay().dismiss(dismissed.key, dismissed.id, RedisNode::now());
}

RedisBackend::Answer RedisBackend::claim(const core::Peer& peer) {
  if (!is_up()) return options_.accepts_while_down ? Answer::Yes : Answer::No;
  claims_.claim(peer);
  return Answer::Later;
}

void RedisBackend::release(const core::Peer& peer) {
  claims_.withdraw(peer);
  if (is_up()) node_.free_id(peer.realm.key, peer.id, {});
}

void RedisBackend::bequeath(const core::Peer& peer, const core::Inheritance& inheritance) {
  if (!is_up()) return;
  node_.free_id(peer.realm.key, peer.id, to_text(Bequest{peer.realm.key, peer.id, inheritance}));
}

RedisBackend::Forwarding RedisBackend::forward(const core::Parcel& parcel) {
  if (!is_up()) return Forwarding::Nobody;
  return courier_.forward(parcel) ? Forwarding::Taken : Forwarding::NoRoom;
}

bool RedisBackend::list(const std::string& key, std::function<void(Ids)> on_ids) {
  if (!is_up()) return false;
  const auto listing = std::make_shared<Listing>();
  listing->on_ids = std::move(on_ids);
  for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
    node_.run(Script::List, bucket, key, {},
              [listing](const redisReply& reply) { add(*listing, reply); });
  }
  return true;
}

bool RedisBackend::dismiss(std::string_view key, std::string_view id,
                           std::function<void(bool)> on_answer) {
  if (!is_up()) return false;
  node_.run(Script::Route, bucket_of(id), key, {key, node(), id, to_text(Dismissed{key, id}), "0"},
            [on_answer = std::move(on_answer)](const redisReply& reply) {
              on_answer(reply.type == REDIS_REPLY_INTEGER && reply.integer > 0);
            });
  return true;
}

}  // namespace peerjsd::cluster
