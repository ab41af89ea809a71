#include "peerjsd/app/banner.hpp"
#include "peerjsd/app/config.hpp"
#include "peerjsd/app/health_check.hpp"
#include "peerjsd/app/heap.hpp"
#include "peerjsd/app/logging.hpp"
#include "peerjsd/app/made_ids.hpp"
#include "peerjsd/app/open_files.hpp"
#include "peerjsd/app/server.hpp"
#include "peerjsd/app/service_manager.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <spdlog/spdlog.h>
#include <unistd.h>

namespace {

using peerjsd::app::Check;
using peerjsd::app::Config;
using peerjsd::app::Credentials;
using peerjsd::app::HealthCheck;
using peerjsd::app::IdSource;
using peerjsd::app::LogFormat;
using peerjsd::app::Server;
using peerjsd::app::ServiceManager;
using peerjsd::app::Start;

constexpr int kStartFailed = 1;
constexpr int kUnhealthy = 1;
constexpr int kBadConfiguration = 2;  // as load_config() has it

const char* variable(const char* name) {
  return std::getenv(name);
}

peerjsd::app::VariableNames names_of_variables() {
  peerjsd::app::VariableNames names;
  for (const char* const* each = ::environ; *each != nullptr; ++each) {
    const std::string_view variable = *each;
    names.emplace_back(variable.substr(0, variable.find('=')));
  }
  return names;
}

/// In words for the operator; empty if there is nothing to say.
std::string problem_with_sockets_of(const ServiceManager& manager) {
  if (manager.listeners() <= 1) return {};
  return std::to_string(manager.listeners()) +
         " sockets were passed, but it listens on one; leave one ListenStream= in the socket unit";
}

std::string explain(const boost::system::error_code& error) {
  return "cannot listen on the socket that was passed: " + error.message() +
         "; it must be one of TCP, from ListenStream=PORT in the socket unit";
}

/// `prefix`: of the options that say where.
std::string explain(const std::string& host, std::uint16_t port, const std::string& prefix,
                    const boost::system::error_code& error) {
  const std::string address = host.empty() ? "any address" : host;
  std::string text =
      "cannot listen on " + address + ", port " + std::to_string(port) + ": " + error.message();
  const std::string option = prefix + "port";
  if (error == boost::system::errc::address_in_use) {
    text += "; stop what uses the port, or choose another with " + option;
  } else if (error == boost::system::errc::permission_denied) {
    text += "; ports below 1024 need CAP_NET_BIND_SERVICE, or choose another with " + option;
  } else {
    text += "; check " + prefix + "host";
  }
  return text;
}

/// What the operator should know of it, besides `remarks`.
std::vector<std::string> remarks_on(const Config& config, std::vector<std::string> remarks) {
  const std::size_t files = peerjsd::app::raise_open_files();
  remarks.push_back(peerjsd::app::shortage_of_open_files(config, files));
  if (config.ids == IdSource::Any) {
    remarks.push_back(peerjsd::app::problem_with_made_ids(config));
  }
  std::erase(remarks, std::string());
  return remarks;
}

/// With as many connections as there can be.
Config fitted(Config config, const std::vector<std::string>& remarks) {
  for (const std::string& remark : remarks_on(config, remarks)) spdlog::warn(remark);
  const std::size_t files = peerjsd::app::raise_open_files();
  const std::size_t most = peerjsd::app::connections_within(files);
  config.connection_limit =
      config.connection_limit == 0 ? most : std::min(config.connection_limit, most);
  return config;
}

int fail(int code, const std::string& problem) {
  std::cerr << "peerjsd: " << problem << std::endl;
  return code;
}

/// Where the server's own ids are the only ones they have to be let in.
std::string problem_with_ids(const Config& config) {
  return config.ids == IdSource::Server ? peerjsd::app::problem_with_made_ids(config)
                                        : std::string();
}

int check(const Check& asked) {
  std::string problem = Credentials().load(asked.config);
  if (problem.empty()) problem = peerjsd::app::problem_with_log_file(asked.config.log_file);
  if (problem.empty()) problem = problem_with_ids(asked.config);
  if (!problem.empty()) return fail(kBadConfiguration, problem);
  for (const std::string& remark : remarks_on(asked.config, asked.remarks)) {
    std::cerr << "peerjsd: warning: " << remark << std::endl;
  }
  if (!asked.is_quiet) std::cout << to_text(asked.config) << std::flush;
  return EXIT_SUCCESS;
}

int check_health(const Config& config) {
  const std::string problem = peerjsd::app::health_problem(config);
  return problem.empty() ? EXIT_SUCCESS : fail(kUnhealthy, problem);
}

/// The configuration anew, from where the first one came; or what is wrong with it.
std::variant<Config, std::string> reread(int argc, char** argv) {
  const auto loaded = peerjsd::app::load_config(argc, argv, variable, names_of_variables());
  if (const auto* const start = std::get_if<Start>(&loaded)) {
    std::string problem = problem_with_ids(start->config);
    if (!problem.empty()) return problem;
    return fitted(start->config, start->remarks);
  }
  const std::string text = std::get<peerjsd::app::Exit>(loaded).text;  // "peerjsd: PROBLEM\n"
  const std::size_t begin = text.find(": ") + 2;
  return text.substr(begin, text.size() - begin - 1);
}

/// Lines that are no JSON have no place where JSON is wanted.
void greet(const Config& config, std::uint16_t port) {
  if (config.log_format == LogFormat::Json || !config.log_file.empty()) {
    spdlog::info(peerjsd::app::started(config, port));
  }
  if (config.log_format == LogFormat::Json && config.log_file.empty()) return;
  std::cout << peerjsd::app::banner(config, port) << std::flush;
}

int run(const Start& start, int argc, char** argv) {
  const Config& config = start.config;
  peerjsd::app::keep_some_free_memory();
  std::string problem =
      peerjsd::app::set_up_logging(config.log_level, config.log_format, config.log_file);
  if (!problem.empty()) return fail(kBadConfiguration, problem);
  ServiceManager manager(variable);
  Credentials credentials;
  problem = credentials.load(config);
  if (problem.empty()) problem = problem_with_ids(config);
  if (problem.empty()) problem = problem_with_sockets_of(manager);
  if (!problem.empty()) return fail(kBadConfiguration, problem);
  const bool is_passed = manager.listener().has_value();
  boost::asio::io_context io(1);
  const auto server =
      Server::create(io, fitted(config, start.remarks), std::move(credentials), std::move(manager));
  if (!server) {
    return fail(kStartFailed, is_passed ? explain(server.error())
                                        : explain(config.host, config.port, "--", server.error()));
  }
  if (const auto error = (*server)->listen_for_operators()) {
    return fail(kStartFailed, explain(config.admin_host, config.admin_port, "--admin_", error));
  }
  if (is_passed)
    spdlog::info("Listening on the socket that was passed; --host and --port are not used");
  (*server)->heed_signals([argc, argv] { return reread(argc, argv); });
  (*server)->start();
  greet(config, (*server)->endpoint().port());
  io.run();
  const std::string incidents = (*server)->incidents();
  spdlog::info("Stopped{}{}", incidents.empty() ? "" : "; there were: ", incidents);
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const auto loaded = peerjsd::app::load_config(argc, argv, variable, names_of_variables());
    if (const auto* const exit = std::get_if<peerjsd::app::Exit>(&loaded)) {
      (exit->code == EXIT_SUCCESS ? std::cout : std::cerr) << exit->text << std::flush;
      return exit->code;
    }
    if (const auto* const asked = std::get_if<Check>(&loaded)) return check(*asked);
    if (const auto* const health = std::get_if<HealthCheck>(&loaded)) {
      return check_health(health->config);
    }
    return run(std::get<Start>(loaded), argc, argv);
  } catch (const std::exception& error) {
    return fail(kStartFailed, error.what());
  }
}
