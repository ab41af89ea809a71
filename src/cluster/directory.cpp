#include "peerjsd/cluster/directory.hpp"

#include <memory>
#include <utility>

#include <boost/asio/post.hpp>

namespace peerjsd::cluster {

std::size_t Directory::remember(std::function<void()> give_up) {
  questions_.emplace(++last_question_, std::move(give_up));
  return last_question_;
}

void Directory::list(std::string_view key, core::Backend::OnList on_list) {
  const auto [place, is_new] = listings_.try_emplace(std::string(key));
  Listing& listing = place->second;
  (is_new ? listing.askers : listing.next).push_back(std::move(on_list));
  if (is_new) ask(place->first, listing);
}

void Directory::ask(const std::string& key, Listing& listing) {
  node_.run(Script::List, listing.bucket, key, {},
            [this, key](const redisReply& reply) { on_bucket(key, reply); });
}

void Directory::on_bucket(const std::string& key, const redisReply& reply) {
  const auto place = listings_.find(key);
  if (place == listings_.end()) return;
  Listing& listing = place->second;
  const std::size_t size = reply.type == REDIS_REPLY_ARRAY ? reply.elements : 0;
  for (std::size_t i = 0; i + 1 < size; i += 2) {
    listing.found.push_back(
        {std::string(text_of(*reply.element[i])), std::string(text_of(*reply.element[i + 1]))});
  }
  if (++listing.bucket < kBuckets) return ask(key, listing);
  Listing done = std::exchange(listing, {});
  listing.askers = done.next;
  if (listing.askers.empty()) {
    listings_.erase(place);
  } else {
    ask(key, listing);
  }
  const auto found = std::make_shared<const std::vector<core::Whereabouts>>(std::move(done.found));
  for (auto& on_list : done.askers) answers_.push_back({std::move(on_list), found});
  if (!std::exchange(is_telling_, true)) tell_next();
}

/// What is posted together is done before anything that has come meanwhile.
void Directory::tell_next() {
  is_telling_ = !answers_.empty();
  if (!is_telling_) return;
  const Answer answer = std::move(answers_.front());
  answers_.pop_front();
  boost::asio::post(io_, [this, alive = std::weak_ptr(alive_)] {
    if (!alive.expired()) tell_next();
  });
  answer.on_list(answer.found.get());
}

void Directory::find(std::string_view key, std::string_view id,
                     std::function<void(std::optional<std::string>)> on_node) {
  const std::size_t question = remember([on_node] { on_node(std::nullopt); });
  node_.run(Script::Find, bucket_of(id), key, {id},
            [this, question, on_node = std::move(on_node)](const redisReply& reply) {
              if (!forget(question)) return;
              on_node(std::string(text_of(reply)));
            });
}

void Directory::dismiss(std::string_view key, std::string_view id,
                        std::function<void(std::optional<bool>)> on_answer) {
  const std::size_t question = remember([on_answer] { on_answer(std::nullopt); });
  node_.run(Script::Route, bucket_of(id), key,
            {key, node_.name(), id, to_text(Dismissed{key, id}), "0", ""},
            [this, question, on_answer = std::move(on_answer)](const redisReply& reply) {
              if (!forget(question)) return;
              on_answer(reply.type == REDIS_REPLY_STRING);
            });
}

void Directory::on_down() {
  for (const auto& [question, give_up] : std::exchange(questions_, {})) give_up();
  for (const auto& [key, listing] : std::exchange(listings_, {})) {
    for (const auto& on_list : listing.askers) on_list(nullptr);
    for (const auto& on_list : listing.next) on_list(nullptr);
  }
}

}  // namespace peerjsd::cluster
