// How long a server takes from exec() to the first connection that it accepts.
// Usage: bench_start PORT COMMAND [ARGUMENT]...

#include "support/event_loop.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <csignal>
#include <cstdlib>
#include <iostream>

#include <unistd.h>

using namespace peerjsd::bench;

namespace {

bool connects(std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in server{};
  server.sin_family = AF_INET;
  server.sin_port = htons(port);
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int result = ::connect(socket, reinterpret_cast<const sockaddr*>(&server), sizeof server);
  ::close(socket);
  return result == 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return EXIT_FAILURE;
  const auto port = static_cast<std::uint16_t>(std::atoi(argv[1]));
  const auto begin = Clock::now();
  const pid_t child = ::fork();
  if (child == 0) {
    ::execvp(argv[2], argv + 2);
    ::_exit(EXIT_FAILURE);
  }
  const auto give_up = begin + std::chrono::seconds(20);
  bool listens = false;
  while (!(listens = connects(port)) && Clock::now() < give_up) ::usleep(100);
  const std::chrono::duration<double, std::milli> took = Clock::now() - begin;
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  if (!listens) return EXIT_FAILURE;
  std::cout << "{\"start_ms\":" << took.count() << "}" << std::endl;
  return EXIT_SUCCESS;
}
