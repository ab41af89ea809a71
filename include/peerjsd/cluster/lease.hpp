#pragma once

#include "peerjsd/cluster/redis_node.hpp"

#include <cstddef>
#include <functional>
#include <string>

namespace peerjsd::cluster {

/// That this node lives, which Redis is to be told again and again, bucket after bucket; and that
/// ids of nodes that do not are freed in the end.
class Lease {
 public:
  /// `on_forgotten`: Redis does not know this node, or what it has, in that bucket any longer.
  Lease(RedisNode& node, std::function<void(std::size_t bucket)> on_forgotten)
      : node_(node), on_forgotten_(std::move(on_forgotten)) {}

  /// Redis may know nothing.
  void begin();

  void tick(core::Instant now);

  /// All that this node has is free.
  void end();

 private:
  void renew(std::size_t bucket, RedisLink::OnReply on_reply);
  void sweep();
  void on_swept(const std::string& key, const redisReply& reply);
  void go_on(const std::string& cursor);

  RedisNode& node_;
  std::function<void(std::size_t)> on_forgotten_;
  std::size_t next_bucket_ = 0;
  core::Instant renewed_{};
  bool is_sweeping_ = false;
  std::size_t swept_bucket_ = 0;
  std::string swept_key_;
  std::string cursor_ = "0";
};

}  // namespace peerjsd::cluster
