#include "peerjsd/app/service_manager.hpp"

#include "peerjsd/core/number.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <ctime>

#include <unistd.h>

namespace peerjsd::app {
namespace {

constexpr int kFirstInherited = 3;  // SD_LISTEN_FDS_START
constexpr std::uint64_t kMostInherited = 1000;

std::string_view value_of(const Environment& environment, const char* name) {
  const char* const value = environment(name);
  return value == nullptr ? std::string_view{} : value;
}

std::optional<std::uint64_t> number_in(const Environment& environment, const char* name) {
  std::uint64_t number = 0;
  const bool is_number = core::read_number(value_of(environment, name), number);
  return is_number ? std::optional(number) : std::nullopt;
}

bool names_this_process(std::optional<std::uint64_t> process) {
  return process == static_cast<std::uint64_t>(::getpid());
}

/// As the system has it; empty if it is none, or one in a network.
std::string socket_address(std::string_view name) {
  if (name.size() >= sizeof(sockaddr_un::sun_path)) return {};
  if (!name.starts_with('/') && !name.starts_with('@')) return {};
  std::string address(name);
  if (address.front() == '@') address.front() = '\0';
  return address;
}

std::uint64_t monotonic_microseconds() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000 +
         static_cast<std::uint64_t>(time.tv_nsec) / 1000;
}

}  // namespace

ServiceManager::ServiceManager(const Environment& environment)
    : address_(socket_address(value_of(environment, "NOTIFY_SOCKET"))),
      notify_(address_.empty() ? -1 : ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
  using std::chrono::microseconds;
  const auto watchdog = number_in(environment, "WATCHDOG_USEC");
  const bool is_watched = value_of(environment, "WATCHDOG_PID").empty() ||
                          names_this_process(number_in(environment, "WATCHDOG_PID"));
  if (watchdog && *watchdog > 0 && is_watched) {
    has_watchdog_ = true;
    const auto half = std::chrono::duration_cast<core::Duration>(microseconds(*watchdog / 2));
    report_interval_ = std::min(report_interval_, half);
  }
  if (!names_this_process(number_in(environment, "LISTEN_PID"))) return;
  listeners_ =
      static_cast<int>(std::min(number_in(environment, "LISTEN_FDS").value_or(0), kMostInherited));
  if (listeners_ > 0) listener_ = kFirstInherited;
}

void ServiceManager::ready() {
  tell("READY=1");
}

void ServiceManager::reloading() {
  tell("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(monotonic_microseconds()));
}

void ServiceManager::stopping() {
  tell("STOPPING=1");
}

void ServiceManager::report(std::string_view status) {
  if (has_watchdog_) tell("WATCHDOG=1");
  if (status == status_) return;
  status_ = status;
  tell("STATUS=" + status_);
}

/// That nobody listens, or reads too slowly, is nothing that the server could mend.
void ServiceManager::tell(std::string_view lines) const {
  if (!notify_.is_open()) return;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, address_.data(), address_.size());
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size());
  ::sendto(notify_.descriptor(), lines.data(), lines.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
           reinterpret_cast<const sockaddr*>(&address), size);
}

}  // namespace peerjsd::app
