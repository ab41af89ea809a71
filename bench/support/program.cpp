#include "support/program.hpp"

#include "support/event_loop.hpp"

#include <exception>
#include <iostream>

namespace peerjsd::bench {

std::vector<Target> Server::targets() const {
  std::vector<Target> targets = {target};
  for (const std::uint16_t port : other_ports) {
    targets.push_back(target);
    targets.back().port = port;
  }
  return targets;
}

Program::Program(const std::string& description) : app_(description) {
  app_.add_option("--port", server_.target.port, "of the server, on 127.0.0.1")->required();
  app_.add_flag("--tls", server_.target.tls, "it speaks TLS");
  app_.add_option("--process", server_.process, "id of the server's process")->required();
  app_.add_option("--other-port", server_.other_ports, "of another node of its cluster");
  app_.add_option("--other-process", server_.other_processes, "id of a process to measure too");
}

void Program::option(const std::string& name, std::size_t& value, const std::string& meaning) {
  app_.add_option("--" + name, value, meaning)->capture_default_str();
}

int Program::run(int argc, char** argv, const std::function<Result()>& measure) {
  CLI11_PARSE(app_, argc, argv);
  try {
    std::cout << measure().dump() << std::endl;
    return 0;
  } catch (const std::exception& fault) {
    std::cerr << argv[0] << ": " << fault.what() << std::endl;
    return 1;
  }
}

}  // namespace peerjsd::bench
