#include "peerjsd/cluster/directory.hpp"

#include <memory>
#include <utility>

namespace peerjsd::cluster {
namespace {

constexpr std::size_t kNodeName = 16;

}  // namespace

std::size_t Directory::remember(std::function<void()> give_up) {
  questions_.emplace(++last_question_, std::move(give_up));
  return last_question_;
}

void Directory::list(std::string_view key, core::Backend::OnList on_list) {
  const auto listing = std::make_shared<Listing>();
  listing->on_list = std::move(on_list);
  const std::size_t question = remember([listing] { listing->on_list(std::nullopt); });
  for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
    node_.run(Script::List, bucket, key, {}, [this, question, listing](const redisReply& reply) {
      if (reply.type == REDIS_REPLY_ARRAY) {
        for (std::size_t i = 0; i + 1 < reply.elements; i += 2) {
          listing->found.push_back({std::string(text_of(*reply.element[i])),
                                    std::string(text_of(*reply.element[i + 1]))});
        }
      }
      if (--listing->owed > 0) return;
      forget(question);
      listing->on_list(std::move(listing->found));
    });
  }
}

void Directory::find(std::string_view key, std::string_view id,
                     std::function<void(std::optional<std::string>)> on_node) {
  const std::size_t question = remember([on_node] { on_node(std::nullopt); });
  node_.link().send({"HGET", ids_key(bucket_of(id), key), id},
                    [this, question, on_node = std::move(on_node)](const redisReply& reply) {
                      forget(question);
                      const bool is_known = reply.type == REDIS_REPLY_STRING;
                      on_node(std::string(is_known ? text_of(reply).substr(0, kNodeName) : ""));
                    });
}

void Directory::dismiss(std::string_view key, std::string_view id,
                        std::function<void(std::optional<bool>)> on_answer) {
  const std::size_t question = remember([on_answer] { on_answer(std::nullopt); });
  node_.run(Script::Route, bucket_of(id), key,
            {key, node_.name(), id, to_text(Dismissed{key, id}), "0"},
            [this, question, on_answer = std::move(on_answer)](const redisReply& reply) {
              forget(question);
              on_answer(reply.type == REDIS_REPLY_STRING);
            });
}

void Directory::on_down() {
  for (const auto& [question, give_up] : std::exchange(questions_, {})) give_up();
}

}  // namespace peerjsd::cluster
