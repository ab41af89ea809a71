#pragma once

#include "support/client.hpp"

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace peerjsd::bench {

/// The signaling of one call as one side sends it, over and over: OFFER (3.3 KB), ten CANDIDATEs of
/// 300 B, ANSWER (2.3 KB), ten more. Every text differs from the others of a round.
class Script {
 public:
  static constexpr std::size_t kMessages = 22;

  Script(const std::string& src, const std::string& dst);

  /// What src sends.
  const std::string& text(std::size_t n) const { return steps_[n % kMessages].text; }

  /// Whether dst got the n-th message, with `src` where peerjsd or npm peer writes it.
  bool is(std::size_t n, std::string_view got) const;

 private:
  struct Step {
    std::string text;
    std::string relayed;         // as peerjsd orders the members
    std::string relayed_by_npm;  // as npm peer does
  };

  std::vector<Step> steps_;
};

/// One peer sending its Script to another, a batch at a time: the next one is sent, in one piece,
/// when all of the last has come. Throws Fault for a message lost, changed, doubled or out of
/// order.
class Pair {
 public:
  Pair(EventLoop& loop, const Target& from, const Target& to, const std::string& name,
       std::size_t in_flight);

  bool is_open() const { return sender_->is_open() && receiver_->is_open(); }

  /// Messages that have come.
  std::size_t received() const { return received_; }

  void start() { send_batch(); }

  /// No batch follows the one under way.
  void stop() { stopped_ = true; }

  bool is_idle() const { return received_ == sent_; }

 private:
  void send_batch();
  void on_text(std::string_view text);

  Script script_;
  std::size_t in_flight_;
  std::vector<std::string> batches_;  // as frames, over and over
  std::size_t sent_ = 0;
  std::size_t received_ = 0;
  bool stopped_ = false;
  std::unique_ptr<Client> receiver_;
  std::unique_ptr<Client> sender_;
};

using Clients = std::vector<std::unique_ptr<Client>>;

/// Connects that many peers with ids "<prefix>0", ...; few at a time, as a listen queue is finite.
Clients connect_all(EventLoop& loop, const Target& target, const std::string& prefix,
                    std::size_t count);

/// Until the server has used hardly any CPU time for longer than a second: by then it has given
/// back what memory was free.
void wait_for_quiet(EventLoop& loop, pid_t server);

}  // namespace peerjsd::bench
