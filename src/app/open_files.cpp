#include "peerjsd/app/open_files.hpp"

#include <sys/resource.h>

#include <algorithm>

namespace peerjsd::app {
namespace {

constexpr std::size_t kOwnFiles = 64;  // the listener, the log, epoll, certificates, ...

}  // namespace

std::size_t raise_open_files() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  const rlim_t before = limit.rlim_cur;
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) return before;
  return limit.rlim_cur;
}

std::size_t connections_within(std::size_t files) {
  return std::max(files, kOwnFiles + 1) - kOwnFiles;
}

std::string shortage_of_open_files(const Config& config, std::size_t files) {
  const std::size_t fitting = connections_within(files);
  const auto [name, wanted] =
      std::max(std::pair("concurrent_limit", config.concurrent_limit),
               std::pair("connection_limit", config.connection_limit),
               [](const auto& a, const auto& b) { return a.second < b.second; });
  if (wanted <= fitting) return {};
  return "--" + std::string(name) + " " + std::to_string(wanted) + " is more than the " +
         std::to_string(files) + " open files allow, which is " + std::to_string(fitting) +
         " connections: raise LimitNOFILE= (systemd), --ulimit nofile= (Docker) or ulimit -n";
}

}  // namespace peerjsd::app
