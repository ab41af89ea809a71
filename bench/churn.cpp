// What coming and going costs: CPU time of the server per peer that connects, gets OPEN and leaves,
// and whether memory grows with it.

#include "support/process.hpp"
#include "support/program.hpp"
#include "support/traffic.hpp"

#include <string>
#include <vector>

using namespace peerjsd::bench;

namespace {

struct Load {
  std::size_t peers = 4000;
  std::size_t rounds = 5;
};

Program::Result measure(const Server& server, const Load& load) {
  EventLoop loop;
  std::vector<double> costs;
  std::vector<std::size_t> resident;
  for (std::size_t round = 0; round < load.rounds; ++round) {
    const auto cpu = cpu_time(server.process);
    connect_all(loop, server.target, "round" + std::to_string(round) + "-", load.peers);
    wait_for_quiet(loop, server.process);
    const std::chrono::duration<double, std::micro> used = cpu_time(server.process) - cpu;
    costs.push_back(used.count() / static_cast<double>(load.peers));
    resident.push_back(resident_bytes(server.process));
  }
  return {{"peers", load.peers}, {"cpu_us_per_cycle", costs}, {"resident_after_round", resident}};
}

}  // namespace

int main(int argc, char** argv) {
  Program program("CPU time and memory of the server while peers come and go");
  Load load;
  program.option("peers", load.peers, "that come and then all go, in a round");
  program.option("rounds", load.rounds, "one after the other");
  return program.run(argc, argv, [&] { return measure(program.server(), load); });
}
