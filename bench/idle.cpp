// What peers cost that are connected and do nothing but stay alive: memory, and CPU time.

#include "support/process.hpp"
#include "support/program.hpp"
#include "support/traffic.hpp"

#include <cstdint>
#include <string>

using namespace peerjsd::bench;

namespace {

struct Load {
  std::size_t peers = 10000;
  std::size_t seconds = 0;
  std::size_t heartbeat = 5;
};

double bytes_per_peer(const Server& server, std::size_t before, std::size_t peers) {
  const auto now = static_cast<std::int64_t>(resident_bytes(server.process));
  return static_cast<double>(now - static_cast<std::int64_t>(before)) / static_cast<double>(peers);
}

/// All peers heartbeat once; returns what it cost the server, per heartbeat.
double heartbeat_all(EventLoop& loop, const Server& server, Clients& clients) {
  const auto cpu = cpu_time(server.process);
  for (const auto& client : clients) {
    client->send(R"({"type":"HEARTBEAT"})");
    loop.poll(std::chrono::milliseconds(0));
  }
  wait_for_quiet(loop, server.process);
  const std::chrono::duration<double, std::micro> used = cpu_time(server.process) - cpu;
  return used.count() / static_cast<double>(clients.size());
}

/// CPU time per second while every peer heartbeats at its interval and answers the server's pings.
double stay_alive(EventLoop& loop, const Server& server, Clients& clients, const Load& load) {
  const auto cpu = cpu_time(server.process);
  const auto begin = Clock::now();
  const std::chrono::duration<double> interval(load.heartbeat);
  const std::chrono::duration<double> until(load.seconds);
  std::size_t sent = 0;
  for (auto passed = Clock::now() - begin; passed < until; passed = Clock::now() - begin) {
    const double rounds = std::chrono::duration<double>(passed) / interval;
    const auto due = static_cast<std::size_t>(rounds * static_cast<double>(clients.size()));
    for (; sent < due; ++sent) clients[sent % clients.size()]->send(R"({"type":"HEARTBEAT"})");
    loop.poll(std::chrono::milliseconds(1));
  }
  const std::chrono::duration<double, std::milli> used = cpu_time(server.process) - cpu;
  return used.count() / static_cast<double>(load.seconds);
}

Program::Result measure(const Server& server, const Load& load) {
  EventLoop loop;
  const std::size_t before = resident_bytes(server.process);
  const auto cpu = cpu_time(server.process);
  Program::Result result{{"peers", load.peers}, {"resident_at_start", before}};
  {
    Clients clients = connect_all(loop, server.target, "peer", load.peers);
    const std::chrono::duration<double, std::micro> used = cpu_time(server.process) - cpu;
    result["cpu_us_per_handshake"] = used.count() / static_cast<double>(load.peers);
    result["bytes_per_peer"] = bytes_per_peer(server, before, load.peers);
    result["cpu_us_per_heartbeat"] = heartbeat_all(loop, server, clients);
    result["bytes_per_peer_after_heartbeats"] = bytes_per_peer(server, before, load.peers);
    if (load.seconds > 0) result["cpu_ms_per_second"] = stay_alive(loop, server, clients, load);
  }
  wait_for_quiet(loop, server.process);
  result["resident_after_all_have_gone"] = resident_bytes(server.process);
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  Program program("Memory and CPU time of the server for peers that are idle");
  Load load;
  program.option("peers", load.peers, "how many");
  program.option("seconds", load.seconds, "how long to watch them stay alive; 0: not at all");
  program.option("heartbeat", load.heartbeat, "seconds between two heartbeats of a peer");
  return program.run(argc, argv, [&] { return measure(program.server(), load); });
}
