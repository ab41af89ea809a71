#pragma once

#include "peerjsd/cluster/redis_node.hpp"
#include "peerjsd/core/backend.hpp"

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/io_context.hpp>

namespace peerjsd::cluster {

/// Questions about the peers of all nodes. Only to be asked while the link is up; each is answered
/// once, later, with nothing if Redis went away meanwhile.
///
/// A list takes Redis time for each peer, and this node for each who gets it. So it is asked for
/// bucket by bucket, and once for all who want it meanwhile, and each of them is told in a turn of
/// his own, that others get theirs in between.
class Directory {
 public:
  Directory(boost::asio::io_context& io, RedisNode& node) : io_(io), node_(node) {}

  void list(std::string_view key, core::Backend::OnList on_list);

  /// Which node has the peer; empty: none.
  void find(std::string_view key, std::string_view id,
            std::function<void(std::optional<std::string>)> on_node);

  /// Has the peer of another node ended; says whether there is one.
  void dismiss(std::string_view key, std::string_view id,
               std::function<void(std::optional<bool>)> on_answer);

  void on_down();

 private:
  /// Of one key.
  struct Listing {
    std::size_t bucket = 0;  // that is asked
    std::vector<core::Whereabouts> found;
    std::vector<core::Backend::OnList> askers;
    std::vector<core::Backend::OnList> next;  // whom what is found before they asked is no answer
  };

  /// To be told.
  struct Answer {
    core::Backend::OnList on_list;
    std::shared_ptr<const std::vector<core::Whereabouts>> found;
  };

  void ask(const std::string& key, Listing& listing);
  void tell_next();
  void on_bucket(const std::string& key, const redisReply& reply);

  /// Has `give_up` called if Redis goes away before forget().
  std::size_t remember(std::function<void()> give_up);
  /// False: that was called.
  bool forget(std::size_t question) { return questions_.erase(question) > 0; }

  boost::asio::io_context& io_;
  RedisNode& node_;
  std::map<std::string, Listing, std::less<>> listings_;  // by key
  std::map<std::size_t, std::function<void()>> questions_;
  std::size_t last_question_ = 0;
  std::deque<Answer> answers_;
  bool is_telling_ = false;
  std::shared_ptr<int> alive_ = std::make_shared<int>();  // for what comes late
};

}  // namespace peerjsd::cluster
