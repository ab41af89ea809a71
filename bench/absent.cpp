// What calling peers that are not there costs: CPU time and memory of the server, and when the
// callers are told.

#include "support/process.hpp"
#include "support/program.hpp"
#include "support/traffic.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

using namespace peerjsd::bench;

namespace {

constexpr std::size_t kMessages = 11;  // OFFER and ten CANDIDATEs

/// A caller of somebody who never comes.
class Caller {
 public:
  Caller(EventLoop& loop, const Target& target, const std::string& name)
      : script_(name, "absent-" + name),
        client_(loop, target, name, [this](std::string_view text) { on_text(text); }) {}

  bool is_open() const { return client_.is_open(); }
  bool is_told() const { return told_; }
  double seconds() const { return std::chrono::duration<double>(told_at_ - called_at_).count(); }

  void call() {
    called_at_ = Clock::now();
    std::string frames;
    for (std::size_t n = 0; n < kMessages; ++n) frames += masked_frame(script_.text(n));
    client_.write(frames);
  }

 private:
  void on_text(std::string_view text) {
    if (text.find(R"("type":"EXPIRE")") == std::string_view::npos) {
      throw Fault("not EXPIRE but " + std::string(text));
    }
    if (told_) throw Fault("EXPIRE came twice");
    told_ = true;
    told_at_ = Clock::now();
  }

  Script script_;
  bool told_ = false;
  Clock::time_point called_at_;
  Clock::time_point told_at_;
  Client client_;
};

Program::Result measure(const Server& server, std::size_t count) {
  EventLoop loop;
  std::vector<std::unique_ptr<Caller>> callers;
  for (std::size_t i = 0; i < count; ++i) {
    callers.push_back(std::make_unique<Caller>(loop, server.target, "caller" + std::to_string(i)));
    loop.run_until([&] { return callers.back()->is_open(); }, "OPEN");
  }
  const std::size_t before = resident_bytes(server.process);
  const auto cpu = cpu_time(server.process);
  for (const auto& caller : callers) {
    caller->call();
    loop.poll(std::chrono::milliseconds(0));
  }
  wait_for_quiet(loop, server.process);
  const auto messages = static_cast<double>(count * kMessages);
  const std::size_t kept = resident_bytes(server.process);
  loop.run_until(
      [&] { return std::ranges::all_of(callers, [](const auto& one) { return one->is_told(); }); },
      "EXPIRE");
  const std::chrono::duration<double, std::micro> used = cpu_time(server.process) - cpu;
  std::vector<double> seconds;
  for (const auto& caller : callers) seconds.push_back(caller->seconds());
  std::ranges::sort(seconds);
  return {
      {"callers", count},
      {"cpu_us_per_message", used.count() / messages},
      {"bytes_per_message", (static_cast<double>(kept) - static_cast<double>(before)) / messages},
      {"seconds_to_expire_median", seconds[seconds.size() / 2]},
      {"seconds_to_expire_most", seconds.back()}};
}

}  // namespace

int main(int argc, char** argv) {
  Program program("What messages to absent peers cost the server");
  std::size_t callers = 2000;
  program.option("callers", callers, "peers that call somebody else each, eleven messages");
  return program.run(argc, argv, [&] { return measure(program.server(), callers); });
}
