#pragma once

#include "peerjsd/app/admin_api.hpp"
#include "peerjsd/app/admin_server.hpp"
#include "peerjsd/app/certificates.hpp"
#include "peerjsd/app/config.hpp"
#include "peerjsd/app/service_manager.hpp"
#include "peerjsd/app/token_gate.hpp"
#include "peerjsd/cluster/redis_backend.hpp"
#include "peerjsd/core/relay.hpp"
#include "peerjsd/hooks/auth_hook.hpp"
#include "peerjsd/hooks/event_hook.hpp"
#include "peerjsd/http/service.hpp"
#include "peerjsd/net/histogram.hpp"
#include "peerjsd/net/listener.hpp"
#include "peerjsd/net/session_context.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/result.hpp>

namespace peerjsd::app {

/// What the configuration names and files hold.
struct Credentials {
  std::optional<Certificates> certificates;  ///< none: it does not serve TLS
  std::unique_ptr<TokenGate> gate;           ///< none: everybody may connect

  /// Empty, or what is wrong with them in one line.
  std::string load(const Config& config);
};

/// Owns everything, and the life of the process: start, tick, drain.
class Server {
 public:
  /// Listens, on the socket that `manager` has opened or else where `config` says, but accepts
  /// nobody before start(). On failure: why it cannot listen there.
  static boost::system::result<std::unique_ptr<Server>> create(boost::asio::io_context& io,
                                                               const Config& config,
                                                               Credentials credentials = {},
                                                               ServiceManager manager = {});

  ~Server();

  /// Listens for operators where the configuration says, if it does. To be called before start().
  /// The error: why it cannot listen there.
  boost::system::error_code listen_for_operators();

  /// Where clients reach it; the port is the real one if the configuration had 0.
  boost::asio::ip::tcp::endpoint endpoint() const { return listener_->endpoint(); }

  /// Begins to accept. The caller runs the io_context, which comes to its end after stop().
  void start();

  /// The configuration that holds now, or what is wrong with it, in one line.
  using Reread = std::function<std::variant<Config, std::string>()>;

  /// SIGTERM and SIGINT call stop(); a second one ends the io_context at once. SIGHUP calls
  /// reload() with what `reread` gives. SIGUSR1 opens the log file anew.
  void heed_signals(Reread reread);

  /// Goes on with another configuration, and reads the certificate anew. Connections that exist
  /// keep the certificate they have; whatever the configuration says, nobody is disconnected. If
  /// there is anything wrong with it, all stays as it is. Empty, or what that is.
  std::string reload(const Config& wanted);

  /// Accepts nobody any more, closes every WebSocket with 1012 over a while, so that not all come
  /// back in the same moment, and gives up on what is left after drain_timeout. Idempotent.
  void stop();

  const core::Relay& relay() const { return relay_; }

  /// What clients were refused or did wrong so far: net::Incidents::summary().
  std::string incidents() { return sessions_.incidents().summary(); }

 private:
  Server(boost::asio::io_context& io, const Config& config, Credentials credentials,
         ServiceManager manager, std::unique_ptr<net::Listener> listener);

  core::Backend& backend();
  std::string metrics() const;
  void await_signal();
  void await_tick();
  void tick();
  bool is_quiet();
  void end_hooks();
  void reread();
  void reopen_log() const;
  void apply(const Config& config);
  void watch_files(core::Instant now);
  void watch_certificates();
  void warn_of_cookies() const;
  void watch_keys();
  void report(core::Instant now);
  void return_memory_of_crowd(core::Instant now);
  void drain(core::Instant now);
  void end();

  boost::asio::io_context& io_;
  Config config_;
  std::optional<cluster::RedisBackend> cluster_;
  core::LocalOnly alone_;
  core::Relay relay_;
  http::Service service_;
  net::SessionContext sessions_;
  std::optional<Certificates> certificates_;
  std::unique_ptr<TokenGate> gate_;
  std::optional<hooks::AuthHook> auth_hook_;
  std::optional<hooks::EventHook> event_hook_;
  ServiceManager manager_;
  Reread reread_;
  AdminApi admin_api_;
  std::unique_ptr<AdminServer> admin_;
  std::unique_ptr<net::Listener> listener_;
  boost::asio::steady_timer tick_timer_;
  boost::asio::signal_set signals_;
  std::chrono::system_clock::time_point started_ = std::chrono::system_clock::now();
  net::Histogram loop_lag_;
  core::Instant files_watched_{};
  std::string problem_with_keys_;
  std::string problem_with_certificate_;
  core::Instant reported_{};
  core::Instant drain_until_{};
  std::size_t drain_step_ = 0;
  std::size_t most_load_ = 0;  // since free memory was last returned
  core::Instant memory_returned_{};
  bool ended_ = false;
};

}  // namespace peerjsd::app
