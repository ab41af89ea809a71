#include "peerjsd/cluster/redis_node.hpp"

#include "peerjsd/outbound/random_name.hpp"

#include <chrono>
#include <utility>

namespace peerjsd::cluster {
namespace {

/// For a page to come back to after its server has stopped.
constexpr std::string_view kWillMilliseconds = "60000";

}  // namespace

RedisNode::RedisNode(boost::asio::io_context& io, const RedisUrl& url, RedisLink::Events events)
    : name_(outbound::random_name<8>()), link_(io, url, channel_of(name_), std::move(events)) {}

void RedisNode::run(Script script, std::size_t bucket, std::string_view key,
                    std::span<const std::string_view> arguments, RedisLink::OnReply on_reply) {
  const std::string prefix = bucket_prefix(bucket);
  std::vector<std::string_view> all = {prefix};
  all.insert(all.end(), arguments.begin(), arguments.end());
  ++counters_.commands;
  link_.run(script, ids_key(bucket, key), all, std::move(on_reply));
}

void RedisNode::publish(std::string_view node, const std::string& envelope) {
  ++counters_.commands;
  link_.send({"PUBLISH", channel_of(node), envelope});
}

void RedisNode::count_listeners(const std::string& node, std::function<void(long long)> on_count) {
  ++counters_.commands;
  link_.send({"PUBSUB", "NUMSUB", channel_of(node)},
             [on_count = std::move(on_count)](const redisReply& reply) {
               const bool is_count = reply.type == REDIS_REPLY_ARRAY && reply.elements == 2 &&
                                     reply.element[1]->type == REDIS_REPLY_INTEGER;
               if (is_count) on_count(reply.element[1]->integer);
             });
}

void RedisNode::free_id(std::string_view key, std::string_view id) {
  if (held_.contains({std::string(key), std::string(id)})) return;
  run(Script::Release, bucket_of(id), key, {key, name_, id, "", "", "", ""}, {});
}

std::string RedisNode::to_time(core::Instant instant) {
  const auto time = std::chrono::system_clock::now() - (now() - instant);
  return std::to_string(
      std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count());
}

void RedisNode::bequeath(Bequest bequest, OnAbsent on_absent) {
  const std::string all = to_text(bequest, now());
  const std::vector<core::Inheritance::Kept> waiting = bequest.inheritance.take_messages();
  const std::string will = to_time(now()) + to_text(bequest, now());
  run(Script::Release, bucket_of(bequest.id), bequest.key,
      {bequest.key, name_, bequest.id, bequest.token, all, will, kWillMilliseconds},
      [waiting, on_absent = std::move(on_absent)](const redisReply& reply) {
        const bool was_told = reply.type == REDIS_REPLY_INTEGER && reply.integer == 1;
        if (!was_told && !waiting.empty()) on_absent(waiting);
      });
}

}  // namespace peerjsd::cluster
