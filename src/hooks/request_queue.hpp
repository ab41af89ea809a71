#pragma once

#include "peerjsd/core/time.hpp"
#include "peerjsd/hooks/web_client.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace peerjsd::hooks {

struct WebRequest {
  std::string body;
  WebClient::Headers headers;
  WebClient::Sender sender;
  core::Instant deadline;
  WebClient::OnOutcome on_outcome;
  WebClient::IsWanted is_wanted;
  bool was_stale = false;  ///< tried on a kept connection that was dead
  bool has_moved = false;  ///< tried at an address that failed
};

/// Requests that wait for a connection: those of one sender in order, and all senders by turns, so
/// that nobody waits for more than one request of each of the others.
class RequestQueue {
 public:
  struct Limits {
    std::size_t waiting;    ///< in all
    std::size_t bytes;      ///< of their bodies
    std::size_t of_one;     ///< waiting, of one sender, which has that share of the bytes too
    std::size_t under_way;  ///< of one sender at a time
  };

  explicit RequestQueue(Limits limits) : limits_(limits) {}

  enum class Room : std::uint8_t { Found, NoneLeft, NoneForSender };

  /// Nothing but Found takes it.
  Room push(WebRequest request);

  bool empty() const { return waiting_ == 0; }

  /// The next one, which is under way from now on. Those that are not wanted any more are dropped.
  std::optional<WebRequest> begin();

  /// One of the sender's that was under way is not any more.
  void end(WebClient::Sender sender);

  /// Those that have waited too long.
  std::vector<WebRequest> take_late(core::Instant now);

 private:
  struct Line {
    std::deque<WebRequest> waiting;
    std::size_t bytes = 0;  // of their bodies
    std::size_t under_way = 0;
  };
  using Lines = std::map<WebClient::Sender, Line>;

  bool has_turn(Lines::const_reference line) const;
  void drop_unwanted(Line& line);
  WebRequest take_first(Line& line);
  void forget_if_idle(Lines::iterator line);

  const Limits limits_;
  Lines lines_;
  WebClient::Sender last_ = WebClient::Sender::Anybody;  // who had a turn
  std::size_t waiting_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace peerjsd::hooks
