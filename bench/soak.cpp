// The well-behaved of a soak: pairs of peers that signal each other, as calls do, and heartbeat.
// Every message must come: in order, unchanged, once. bench/soak.mjs tells them what to do, a word
// a line on standard input, and each word is answered by a line of JSON:
//   come   all connect, again with the same ids, and signal from then on; of several nodes, to the
//          next, and partners to two of them
//   tell   the latencies since the last time
//   lose   from now on the servers may vanish
//   part   from now on the first of them may: pairs with one there go then, the others go on
//   go     nobody sends any more; what is under way comes; all leave

#include "support/histogram.hpp"
#include "support/program.hpp"
#include "support/traffic.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <deque>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <unistd.h>

using namespace peerjsd::bench;

namespace {

struct Load {
  std::size_t pairs = 1000;
  std::size_t rate = 4;
  std::size_t heartbeat = 5;
};

constexpr std::size_t kTurn = 11;  // OFFER or ANSWER, and ten CANDIDATEs
constexpr std::size_t kMostConnecting = 64;
constexpr auto kAfterlife = std::chrono::seconds(10);

std::string payload(std::size_t n) {
  static const std::string filler = [] {
    std::string text;
    while (text.size() < 4096) text += "a=candidate:1467250027 1 udp 2122260223 192.0.2.1 46243 ";
    return text;
  }();
  const std::size_t size = n % kTurn == 0 ? 2800 : 250;
  return R"({"n":)" + std::to_string(n) + R"(,"sdp":")" + filler.substr(n % 56, size) + R"("})";
}

/// One of a pair, and what is known of its messages to the other.
class Caller {
 public:
  /// `opening`: the type of the first message of its turns.
  Caller(std::string id, std::string partner, const char* opening)
      : id_(std::move(id)), partner_(std::move(partner)), opening_(opening) {}

  /// `on_text`: see Client.
  void come(EventLoop& loop, const Target& target, Client::OnText on_text) {
    first_ = sent_;
    came_ = Clock::now();
    target_ = &target;
    client_ = std::make_unique<Client>(loop, target, id_, std::move(on_text));
  }

  bool is_here() const { return client_->is_open(); }

  bool is_at(const Target& target) const { return target_ == &target; }

  bool has(const Connection& connection) const { return client_.get() == &connection; }

  void heartbeat() {
    if (client_ != nullptr) client_->send(R"({"type":"HEARTBEAT"})");
  }

  void take_turn() {
    if (client_ == nullptr) return;
    for (std::size_t i = 0; i < kTurn; ++i, ++sent_) {
      under_way_.push_back(Clock::now());
      client_->send(R"({"type":")" + type(sent_) + R"(","payload":)" + payload(sent_) +
                    R"(,"dst":")" + partner_ + R"("})");
    }
  }

  /// The partner got this; returns how long it took. Throws Fault if it is not what must come next.
  Clock::duration heard(std::string_view text) {
    const std::size_t n = sent_ - under_way_.size();
    if (text != R"({"type":")" + type(n) + R"(","src":")" + id_ + R"(","dst":")" + partner_ +
                    R"(","payload":)" + payload(n) + "}") {
      throw Fault("message " + std::to_string(n) + " from " + id_ + " to " + partner_ +
                  " came as " + std::string(text.substr(0, 120)));
    }
    if (under_way_.empty()) throw Fault("message " + std::to_string(n) + " came unsent");
    const auto took = Clock::now() - under_way_.front();
    under_way_.pop_front();
    return took;
  }

  /// Whether the partner got what this one, or the server for it, had sent before it came anew: it
  /// comes before all else, or is told to have expired or left. Each once, in order.
  bool is_left_over(std::string_view text) {
    if (Clock::now() > came_ + kAfterlife) return false;
    const std::string parties = R"("src":")" + id_ + R"(","dst":")" + partner_ + R"(")";
    if (text == R"({"type":"EXPIRE",)" + parties + "}") return true;
    if (text == R"({"type":"LEAVE",)" + parties + "}") return true;
    const bool is_first = sent_ - under_way_.size() == first_;
    const std::string_view mark = R"(,"payload":{"n":)";
    const std::size_t at = text.find(mark);
    if (!is_first || at == text.npos) return false;
    std::size_t n = 0;
    std::from_chars(text.data() + at + mark.size(), text.data() + text.size(), n);
    if (n < left_over_ || n >= first_) return false;
    left_over_ = n + 1;
    return true;
  }

  bool is_all_heard() const { return under_way_.empty(); }

  /// What is under way is forgotten; the partner, if it is back before this one, may still get it.
  void vanish() {
    client_.reset();
    under_way_.clear();
    first_ = sent_;
    came_ = Clock::now();
  }

 private:
  std::string type(std::size_t n) const { return n % kTurn == 0 ? opening_ : "CANDIDATE"; }

  std::string id_;
  std::string partner_;
  const char* opening_;
  std::size_t sent_ = 0;
  std::size_t first_ = 0;                    // since it came
  std::size_t left_over_ = 0;                // the first that may come of what was sent before
  Clock::time_point came_{};                 // or went
  std::deque<Clock::time_point> under_way_;  // when they were sent
  const Target* target_ = nullptr;
  std::unique_ptr<Client> client_;
};

/// Words on standard input.
class Orders final : private Pollable {
 public:
  explicit Orders(EventLoop& loop) { loop.add(STDIN_FILENO, *this, EPOLLIN); }

  bool is_over() const { return over_; }

  /// The next one, or nothing.
  std::string take() {
    const std::size_t end = text_.find('\n');
    if (end == std::string::npos) return {};
    const std::string order = text_.substr(0, end);
    text_.erase(0, end + 1);
    return order;
  }

 private:
  void on_event(std::uint32_t) override {
    std::array<char, 256> buffer;
    const ssize_t size = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (size <= 0) {
      over_ = true;
    } else {
      text_.append(buffer.data(), static_cast<std::size_t>(size));
    }
  }

  std::string text_;
  bool over_ = false;
};

class Crowd {
 public:
  using Result = Program::Result;

  Crowd(EventLoop& loop, const std::vector<Target>& targets, const Load& load)
      : loop_(loop), targets_(targets), load_(load) {
    for (std::size_t i = 0; i < load.pairs; ++i) {
      const std::string name = "call" + std::to_string(i);
      callers_.emplace_back(name + "-a", name + "-b", "OFFER");
      callers_.emplace_back(name + "-b", name + "-a", "ANSWER");
    }
  }

  /// Whatever is due; returns soon.
  void go_on() {
    try {
      if (signaling_) signal();
      loop_.poll(std::chrono::milliseconds(1));
    } catch (const Lost& lost) {
      if (loss_ == Loss::None) throw;
      if (loss_ == Loss::All) return vanish();
      if (!is_at_first(lost.connection())) throw;
      part();
    } catch (const Fault&) {
      if (loss_ != Loss::All) throw;
      vanish();
    }
  }

  Result obey(const std::string& order) {
    if (order == "come") return come();
    if (order == "tell") return tell();
    if (order == "lose") return expect(Loss::All);
    if (order == "part") return expect(Loss::First);
    if (order == "go") return go();
    throw Fault("not an order: " + order);
  }

 private:
  enum class Loss : std::uint8_t { None, First, All };

  Result come() {
    vanish();
    loss_ = Loss::None;
    ++comings_;
    const auto begin = Clock::now();
    std::size_t here = 0;  // all before this one are
    const auto look = [&](std::size_t called) {
      while (here < called && callers_[here].is_here()) ++here;
      return here;
    };
    for (std::size_t i = 0; i < callers_.size(); ++i) {
      loop_.run_until([&] { return look(i) + kMostConnecting > i; }, "OPEN");
      Caller& partner = callers_[i ^ 1];
      callers_[i].come(loop_, targets_[(comings_ + i) % targets_.size()],
                       [this, &partner](std::string_view text) {
                         // A server that is alone forgets all when it ends; of several, others have
                         // some of it.
                         if (targets_.size() > 1 && partner.is_left_over(text)) return;
                         latencies_.add(partner.heard(text));
                       });
    }
    loop_.run_until([&] { return look(callers_.size()) == callers_.size(); }, "OPEN");
    begin_ = Clock::now();
    turns_ = heartbeats_ = 0;
    signaling_ = true;
    return {{"peers", here}, {"seconds", std::chrono::duration<double>(begin_ - begin).count()}};
  }

  Result tell() {
    const Histogram told = std::exchange(latencies_, {});
    return {{"messages", told.count()},
            {"p50_ms", told.quantile(0.5).count()},
            {"p99_ms", told.quantile(0.99).count()},
            {"max_ms", told.max().count()}};
  }

  /// Which servers may go.
  Result expect(Loss loss) {
    loss_ = loss;
    return Result::object();
  }

  Result go() {
    signaling_ = false;
    for (const Caller& caller : callers_) {
      loop_.run_until([&] { return caller.is_all_heard(); }, "the last messages",
                      std::chrono::seconds(20));
    }
    vanish();
    return Result::object();
  }

  void vanish() {
    signaling_ = false;
    for (Caller& caller : callers_) caller.vanish();
  }

  bool is_at_first(const Connection& connection) const {
    const auto its =
        std::ranges::find_if(callers_, [&](const Caller& each) { return each.has(connection); });
    return its != callers_.end() && its->is_at(targets_.front());
  }

  /// The first server has gone.
  void part() {
    const Target& first = targets_.front();
    for (std::size_t i = 0; i < callers_.size(); i += 2) {
      if (!callers_[i].is_at(first) && !callers_[i + 1].is_at(first)) continue;
      callers_[i].vanish();
      callers_[i + 1].vanish();
    }
  }

  /// Everybody in turn, evenly over time.
  void signal() {
    const double seconds = std::chrono::duration<double>(Clock::now() - begin_).count();
    const auto due = [&](double per_second) {
      return static_cast<std::size_t>(seconds * per_second * static_cast<double>(callers_.size()));
    };
    const double turns_per_second = static_cast<double>(load_.rate) / static_cast<double>(kTurn);
    for (; turns_ < due(turns_per_second); ++turns_) callers_[turns_ % callers_.size()].take_turn();
    for (; heartbeats_ < due(1.0 / static_cast<double>(load_.heartbeat)); ++heartbeats_) {
      callers_[heartbeats_ % callers_.size()].heartbeat();
    }
  }

  EventLoop& loop_;
  std::vector<Target> targets_;
  std::size_t comings_ = 0;
  Load load_;
  std::deque<Caller> callers_;
  Histogram latencies_;
  bool signaling_ = false;
  Loss loss_ = Loss::None;
  Clock::time_point begin_;
  std::size_t turns_ = 0;
  std::size_t heartbeats_ = 0;
};

Program::Result soak(const Server& server, const Load& load) {
  EventLoop loop;
  Orders orders(loop);
  Crowd crowd(loop, server.targets(), load);
  while (!orders.is_over()) {
    crowd.go_on();
    const std::string order = orders.take();
    if (!order.empty()) std::cout << crowd.obey(order).dump() << std::endl;
  }
  return Program::Result::object();
}

}  // namespace

int main(int argc, char** argv) {
  Program program(
      "Peers that behave well, told on standard input what to do: come, tell, lose, part, go");
  Load load;
  program.option("pairs", load.pairs, "pairs of peers");
  program.option("rate", load.rate, "messages that a peer sends in a second");
  program.option("heartbeat", load.heartbeat, "seconds between two heartbeats of a peer");
  return program.run(argc, argv, [&] { return soak(program.server(), load); });
}
