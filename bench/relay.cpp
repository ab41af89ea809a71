// What relaying a message costs the server: closed loop, pairs of peers side by side. Where it is
// one of several nodes, the peers of a pair are on two of them.

#include "support/process.hpp"
#include "support/program.hpp"
#include "support/traffic.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

using namespace peerjsd::bench;

namespace {

struct Load {
  std::size_t pairs = 100;
  std::size_t in_flight = 1;
  std::size_t idle = 0;
  std::size_t milliseconds = 1000;
  std::size_t warm_up = 2000;
  std::size_t messages = 0;
};

std::size_t received(const std::vector<std::unique_ptr<Pair>>& pairs) {
  std::size_t sum = 0;
  for (const auto& pair : pairs) sum += pair->received();
  return sum;
}

template <class Predicate>
bool all(const std::vector<std::unique_ptr<Pair>>& pairs, Predicate holds) {
  for (const auto& pair : pairs) {
    if (!holds(*pair)) return false;
  }
  return true;
}

/// Of the server, and of each process that works for it.
std::vector<std::chrono::nanoseconds> cpu_times(const Server& server) {
  std::vector<std::chrono::nanoseconds> times = {cpu_time(server.process)};
  for (const pid_t process : server.other_processes) times.push_back(cpu_time(process));
  return times;
}

Program::Result measure(const Server& server, const Load& load) {
  const std::vector<Target> targets = server.targets();
  EventLoop loop;
  const auto bystanders = connect_all(loop, server.target, "idle", load.idle);
  std::vector<std::unique_ptr<Pair>> pairs;
  for (std::size_t i = 0; i < load.pairs; ++i) {
    const std::string name = "pair" + std::to_string(i);
    const Target& from = targets[i % targets.size()];
    const Target& to = targets[(i + 1) % targets.size()];
    pairs.push_back(std::make_unique<Pair>(loop, from, to, name, load.in_flight));
    loop.run_until([&] { return pairs.back()->is_open(); }, "OPEN");
  }
  for (const auto& pair : pairs) pair->start();

  const auto run_for = [&](std::size_t milliseconds) {
    const auto end = Clock::now() + std::chrono::milliseconds(milliseconds);
    while (Clock::now() < end) loop.poll(std::chrono::milliseconds(10));
  };
  if (load.messages == 0) run_for(load.warm_up);
  const auto cpu = cpu_times(server);
  const auto begin = Clock::now();
  const std::size_t before = received(pairs);
  if (load.messages == 0) {
    run_for(load.milliseconds);
  } else {
    loop.run_until([&] { return received(pairs) >= load.messages; }, "the messages",
                   std::chrono::seconds(600));
  }
  const auto count = static_cast<double>(received(pairs) - before);
  std::vector<double> used;
  for (const auto time : cpu_times(server)) {
    const std::chrono::duration<double, std::micro> spent = time - cpu[used.size()];
    used.push_back(spent.count() / count);
  }
  const std::chrono::duration<double> took = Clock::now() - begin;
  for (const auto& pair : pairs) pair->stop();
  loop.run_until([&] { return all(pairs, [](const Pair& pair) { return pair.is_idle(); }); },
                 "the last messages");
  return {{"messages", received(pairs)},
          {"cpu_us_per_message", std::accumulate(used.begin(), used.end(), 0.0)},
          {"cpu_us_of_each", used},
          {"messages_per_second", count / took.count()}};
}

}  // namespace

int main(int argc, char** argv) {
  Program program("CPU time of the server per relayed message");
  Load load;
  program.option("pairs", load.pairs, "pairs of peers");
  program.option("in-flight", load.in_flight, "messages that a pair sends at a time");
  program.option("idle", load.idle, "peers that are connected and silent meanwhile");
  program.option("milliseconds", load.milliseconds, "how long to measure");
  program.option("warm-up", load.warm_up,
                 "milliseconds before, for Node's compiler to do its work");
  program.option("messages", load.messages, "how many to measure instead; 0: by time");
  return program.run(argc, argv, [&] { return measure(program.server(), load); });
}
