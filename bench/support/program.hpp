#pragma once

#include "support/wire.hpp"

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

namespace peerjsd::bench {

/// The server under test. It serves the path "/" and the key "peerjs".
struct Server {
  Target target;
  pid_t process = 0;

  // If it is one of several nodes: where the others are, and all other processes that work for it.
  std::vector<std::uint16_t> other_ports;
  std::vector<pid_t> other_processes;

  /// All of its nodes.
  std::vector<Target> targets() const;
};

/// The frame of every program here.
class Program {
 public:
  using Result = nlohmann::ordered_json;

  explicit Program(const std::string& description);

  /// An argument beside those that name the server; `value` holds its default.
  void option(const std::string& name, std::size_t& value, const std::string& meaning);

  /// Reads the arguments, measures, prints the result as one line of JSON. Returns what main()
  /// shall return; a Fault is told on standard error.
  int run(int argc, char** argv, const std::function<Result()>& measure);

  const Server& server() const { return server_; }

 private:
  CLI::App app_;
  Server server_;
};

}  // namespace peerjsd::bench
