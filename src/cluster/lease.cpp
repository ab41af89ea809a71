#include "peerjsd/cluster/lease.hpp"

#include <chrono>
#include <utility>

namespace peerjsd::cluster {
namespace {

/// After that without a renewal a node is held for dead.
constexpr std::string_view kLeaseMilliseconds = "15000";

/// From one bucket to the next: each has its turn every 6.4 s.
constexpr core::Duration kStep = std::chrono::milliseconds(100);

}  // namespace

void Lease::begin() {
  is_sweeping_ = false;
  for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) renew(bucket, {});
}

void Lease::tick(core::Instant now) {
  if (now < renewed_ + kStep) return;
  renewed_ = now;
  const std::size_t bucket = std::exchange(next_bucket_, (next_bucket_ + 1) % kBuckets);
  renew(bucket, [this, bucket](const redisReply& known) {
    if (known.integer == 0) on_forgotten_(bucket);
  });
  if (!std::exchange(is_sweeping_, true)) sweep();
}

void Lease::renew(std::size_t bucket, RedisLink::OnReply on_reply) {
  ++node_.counters().commands;
  node_.link().run(Script::Renew, node_key(bucket, node_.name()), {kLeaseMilliseconds},
                   std::move(on_reply));
}

void Lease::end() {
  for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
    node_.link().send({"DEL", node_key(bucket, node_.name())});
  }
}

void Lease::sweep() {
  const auto& realms = node_.relay().realms();
  if (!realms.contains(swept_key_)) go_on("0");
  const std::string key = swept_key_;
  node_.run(Script::Sweep, swept_bucket_, key, {cursor_, node_.name()},
            [this, key](const redisReply& reply) { on_swept(key, reply); });
}

/// What Redis holds for this node, but nobody here has, was left over when Redis was away.
void Lease::on_swept(const std::string& key, const redisReply& reply) {
  is_sweeping_ = false;
  if (reply.type != REDIS_REPLY_ARRAY || reply.elements != 2) return;
  const redisReply& own = *reply.element[1];
  const core::Realm* const realm = node_.relay().realm(key);
  for (std::size_t i = 0; i < own.elements; ++i) {
    const std::string_view id = text_of(*own.element[i]);
    if (realm == nullptr || realm->find(id) == nullptr) node_.free_id(key, id);
  }
  go_on(std::string(text_of(*reply.element[0])));
}

void Lease::go_on(const std::string& cursor) {
  cursor_ = cursor;
  if (cursor_ != "0") return;
  swept_bucket_ = (swept_bucket_ + 1) % kBuckets;
  if (swept_bucket_ != 0 && !swept_key_.empty()) return;
  const auto& realms = node_.relay().realms();
  const auto next = realms.upper_bound(swept_key_);
  swept_key_ = next == realms.end() ? realms.begin()->first : next->first;
}

}  // namespace peerjsd::cluster
