#include "peerjsd/app/banner.hpp"
#include "peerjsd/app/config.hpp"
#include "peerjsd/app/logging.hpp"
#include "peerjsd/app/open_files.hpp"
#include "peerjsd/app/server.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include <boost/asio/io_context.hpp>
#include <spdlog/spdlog.h>

namespace {

using peerjsd::app::Certificates;
using peerjsd::app::Config;
using peerjsd::app::Server;

constexpr int kStartFailed = 1;
constexpr int kBadConfiguration = 2;  // as load_config() has it

std::string explain(const Config& config, const boost::system::error_code& error) {
  const std::string address = config.host.empty() ? "any address" : config.host;
  std::string text = "peerjsd: cannot listen on " + address + ", port " +
                     std::to_string(config.port) + ": " + error.message();
  if (error == boost::system::errc::address_in_use) {
    text += "; stop what uses the port, or choose another with --port";
  } else if (error == boost::system::errc::permission_denied) {
    text += "; ports below 1024 need CAP_NET_BIND_SERVICE, or choose another with --port";
  } else {
    text += "; check --host";
  }
  return text;
}

/// With as many connections as there can be.
Config fitted(Config config) {
  const std::size_t files = peerjsd::app::raise_open_files();
  const std::string shortage = peerjsd::app::shortage_of_open_files(config, files);
  if (!shortage.empty()) spdlog::warn(shortage);
  const std::size_t most = peerjsd::app::connections_within(files);
  config.connection_limit =
      config.connection_limit == 0 ? most : std::min(config.connection_limit, most);
  return config;
}

int run(const Config& config) {
  peerjsd::app::set_up_logging(config.log_level);
  std::optional<Certificates> certificates;
  if (!config.sslcert.empty()) {
    certificates.emplace(peerjsd::net::TlsFiles{config.sslcert, config.sslkey});
    const std::string problem = certificates->load();
    if (!problem.empty()) {
      std::cerr << "peerjsd: " << problem << std::endl;
      return kBadConfiguration;
    }
  }
  boost::asio::io_context io(1);
  const auto server = Server::create(io, fitted(config), std::move(certificates));
  if (!server) {
    std::cerr << explain(config, server.error()) << std::endl;
    return kStartFailed;
  }
  (*server)->heed_signals();
  (*server)->start();
  std::cout << peerjsd::app::banner(config, (*server)->endpoint().port()) << std::flush;
  io.run();
  const std::string incidents = (*server)->incidents();
  spdlog::info("Stopped{}{}", incidents.empty() ? "" : "; there were: ", incidents);
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const auto loaded =
        peerjsd::app::load_config(argc, argv, [](const char* name) { return std::getenv(name); });
    if (const auto* const exit = std::get_if<peerjsd::app::Exit>(&loaded)) {
      (exit->code == EXIT_SUCCESS ? std::cout : std::cerr) << exit->text << std::flush;
      return exit->code;
    }
    return run(std::get<peerjsd::app::Start>(loaded).config);
  } catch (const std::exception& error) {
    std::cerr << "peerjsd: " << error.what() << std::endl;
    return kStartFailed;
  }
}
