#include "support/traffic.hpp"

#include "support/process.hpp"

#include <numeric>
#include <utility>

namespace peerjsd::bench {
namespace {

constexpr std::size_t kMostConnecting = 64;

std::string payload(std::size_t n, std::size_t size) {
  std::string text = R"({"sdp":{"type":"offer","sdp":"v=0\r\n)" + std::to_string(n) + R"(\r\n)";
  while (text.size() < size)
    text += R"(a=rtpmap:111 opus/48000/2\r\na=rtcp-fb:111 transport-cc\r\n)";
  return text + R"("},"type":"data","connectionId":"dc_8v7ja3k9d2f"})";
}

struct Kind {
  const char* type;
  std::size_t size;
};

Kind kind(std::size_t n) {
  if (n == 0) return {"OFFER", 3300};
  if (n == 11) return {"ANSWER", 2300};
  return {"CANDIDATE", 250};
}

}  // namespace

Script::Script(const std::string& src, const std::string& dst) {
  for (std::size_t n = 0; n < kMessages; ++n) {
    const auto [type, size] = kind(n);
    const std::string body = payload(n, size);
    const std::string head = std::string(R"({"type":")") + type + '"';
    const std::string to = R"(,"dst":")" + dst + '"';
    const std::string from = R"(,"src":")" + src + '"';
    const std::string what = R"(,"payload":)" + body;
    steps_.push_back(
        {head + what + to + "}", head + from + to + what + "}", head + what + to + from + "}"});
  }
}

bool Script::is(std::size_t n, std::string_view got) const {
  const Step& step = steps_[n % kMessages];
  return got == step.relayed || got == step.relayed_by_npm;
}

Pair::Pair(EventLoop& loop, const Target& from, const Target& to, const std::string& name,
           std::size_t in_flight)
    : script_(name + "-a", name + "-b"), in_flight_(in_flight) {
  const std::size_t messages = std::lcm(Script::kMessages, in_flight);
  for (std::size_t n = 0; n < messages; ++n) {
    if (n % in_flight == 0) batches_.emplace_back();
    batches_.back() += masked_frame(script_.text(n));
  }
  receiver_ = std::make_unique<Client>(loop, to, name + "-b",
                                       [this](std::string_view text) { on_text(text); });
  sender_ = std::make_unique<Client>(loop, from, name + "-a");
}

void Pair::send_batch() {
  const std::string& batch = batches_[sent_ / in_flight_ % batches_.size()];
  sent_ += in_flight_;
  sender_->write(batch);
}

void Pair::on_text(std::string_view text) {
  if (!script_.is(received_, text)) {
    throw Fault("message " + std::to_string(received_) + " came as " + std::string(text));
  }
  if (++received_ > sent_) throw Fault("a message came twice");
  if (is_idle() && !stopped_) send_batch();
}

Clients connect_all(EventLoop& loop, const Target& target, const std::string& prefix,
                    std::size_t count) {
  Clients clients;
  std::size_t open = 0;  // all before this one are
  const auto look = [&] {
    while (open < clients.size() && clients[open]->is_open()) ++open;
    return open;
  };
  while (clients.size() < count) {
    loop.run_until([&] { return look() + kMostConnecting > clients.size(); }, "OPEN");
    clients.push_back(
        std::make_unique<Client>(loop, target, prefix + std::to_string(clients.size())));
  }
  loop.run_until([&] { return look() == count; }, "OPEN");
  return clients;
}

void wait_for_quiet(EventLoop& loop, pid_t server) {
  constexpr auto watch = std::chrono::milliseconds(1200);
  constexpr auto hardly_any = std::chrono::milliseconds(24);
  const auto give_up = Clock::now() + std::chrono::seconds(60);
  for (auto before = cpu_time(server);; before = cpu_time(server)) {
    const auto end = Clock::now() + watch;
    while (Clock::now() < end) loop.poll(std::chrono::milliseconds(10));
    if (cpu_time(server) - before < hardly_any) return;
    if (Clock::now() > give_up) throw Fault("the server does not come to rest");
  }
}

}  // namespace peerjsd::bench
