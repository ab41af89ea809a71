#pragma once

#include "peerjsd/core/outstanding.hpp"

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <vector>

namespace peerjsd::fuzz {

/// The rules of core::Outstanding once more, for all realms together. Whatever is asked is counted
/// anew.
class OutstandingModel {
 public:
  struct Sender {
    std::string key;
    std::string id;
    std::uint64_t registration;
    bool operator==(const Sender&) const = default;
  };

  struct Message {
    core::MessageType type;
    std::string text;
    std::uint64_t order;
  };

  /// What one sender has sent to one destination.
  struct Attempt {
    Sender sender;
    std::string dst_json;
    core::Instant since;  ///< its first message, or when it ran out
    bool ran_out = false;
    std::vector<Message> messages{};
  };

  struct Taken {
    Message message;
    std::uint64_t sender;
  };

  OutstandingModel(core::Outstanding::Limits limits, core::Duration expire_timeout)
      : limits_(limits), expire_timeout_(expire_timeout) {}

  core::Outstanding::Verdict keep(const Sender& sender, const std::string& dst_json,
                                  core::MessageType type, const std::string& text,
                                  core::Instant now);

  /// In the order in which they came.
  std::vector<Taken> take(std::string_view key, std::string_view dst_json);

  /// The attempts that have run out by now, oldest first.
  std::vector<Attempt> expire(core::Instant now);

  std::size_t bytes(std::string_view key) const;

  /// Of the message that was kept last.
  std::uint64_t last_order() const { return count_; }

 private:
  using Place = std::list<Attempt>::iterator;

  core::Duration tail() const;
  static std::size_t cost(const Attempt& attempt);
  bool has_room(const Attempt& attempt, std::size_t bytes) const;
  static void run_out(Attempt& attempt, core::Instant now);

  core::Outstanding::Limits limits_;
  core::Duration expire_timeout_;
  std::list<Attempt> attempts_;  // in the order in which they began
  std::uint64_t count_ = 0;      // of messages
};

}  // namespace peerjsd::fuzz
