#pragma once

#include "peerjsd/app/config.hpp"
#include "peerjsd/core/time.hpp"
#include "peerjsd/net/socket.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace peerjsd::app {

/// What runs the server as a service, and is told how it is: systemd, or what else speaks
/// sd_notify(3), sd_watchdog_enabled(3) and sd_listen_fds(3). They are a datagram and three
/// variables; libsystemd would bring three compression libraries into the process for them.
class ServiceManager {
 public:
  /// There is none: nothing is told, nothing is wanted.
  ServiceManager() : notify_(-1) {}

  /// The one that `environment` tells of. What is meant for another process, or is no number,
  /// counts as not set.
  explicit ServiceManager(const Environment& environment);

  /// A listening socket that it opened, so that nobody is refused while the server is started
  /// anew; nullopt: none. If there are several it is the first.
  std::optional<int> listener() const { return listener_; }

  /// How many of them there are.
  int listeners() const { return listeners_; }

  /// How often report() has to be called.
  core::Duration report_interval() const { return report_interval_; }

  /// Clients are served from now on.
  void ready();

  void reloading();  ///< to be followed by ready()
  void stopping();

  /// The server lives, and is well; `status` is a line for who asks how it is.
  void report(std::string_view status);

 private:
  void tell(std::string_view lines) const;

  std::string address_;  // of the notification socket; of an abstract one it begins with a NUL
  net::Socket notify_;   // kept open, for there may be no descriptor left when it is needed
  bool has_watchdog_ = false;
  core::Duration report_interval_ = std::chrono::seconds(1);
  std::optional<int> listener_;
  int listeners_ = 0;
  std::string status_;
};

}  // namespace peerjsd::app
