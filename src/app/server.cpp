#include "peerjsd/app/server.hpp"

#include "peerjsd/app/heap.hpp"
#include "peerjsd/app/logging.hpp"
#include "peerjsd/app/metrics.hpp"
#include "peerjsd/hooks/signature.hpp"
#include "peerjsd/net/http_session.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <utility>

#include "server_options.hpp"
#include <boost/asio/signal_set.hpp>
#include <spdlog/spdlog.h>

namespace peerjsd::app {
namespace {

using boost::system::error_code;

/// How often to look whether certificates and keys have been renewed.
constexpr core::Duration kWatchInterval = std::chrono::seconds(1);

/// Between two times when free memory is looked for.
constexpr core::Duration kRest = std::chrono::seconds(1);

std::optional<cluster::RedisBackend> cluster_of(boost::asio::io_context& io, const Config& config) {
  const auto url = cluster::parse_redis_url(config.cluster);
  if (!url) return std::nullopt;
  return std::optional<cluster::RedisBackend>(std::in_place, io, *url, cluster_options(config),
                                              random_hash_key());
}

std::optional<hooks::AuthHook> auth_hook_of(boost::asio::io_context& io, const Config& config,
                                            core::Relay& relay) {
  const auto url = hooks::parse_web_url(config.auth_url);
  if (!url) return std::nullopt;
  return std::optional<hooks::AuthHook>(std::in_place, io, *url,
                                        *hooks::webhook_key(config.hook_secret), relay,
                                        auth_hook_options(config));
}

std::optional<hooks::EventHook> event_hook_of(boost::asio::io_context& io, const Config& config) {
  const auto url = hooks::parse_web_url(config.event_url);
  if (!url) return std::nullopt;
  return std::optional<hooks::EventHook>(
      std::in_place, io, *url, *hooks::webhook_key(config.hook_secret), config.event_queue);
}

}  // namespace

std::string Credentials::load(const Config& config) {
  if (!config.sslcert.empty()) {
    certificates.emplace(net::TlsFiles{config.sslcert, config.sslkey});
    std::string problem = certificates->load();
    if (!problem.empty()) return problem;
  }
  gate = TokenGate::of(config);
  return gate ? gate->load() : std::string();
}

boost::system::result<std::unique_ptr<Server>> Server::create(boost::asio::io_context& io,
                                                              const Config& config,
                                                              Credentials credentials,
                                                              ServiceManager manager) {
  auto listener = manager.listener() ? net::Listener::adopt(io, *manager.listener())
                                     : net::Listener::bind(io, config.host, config.port);
  if (!listener) return listener.error();
  return std::unique_ptr<Server>(
      new Server(io, config, std::move(credentials), std::move(manager), std::move(*listener)));
}

Server::Server(boost::asio::io_context& io, const Config& config, Credentials credentials,
               ServiceManager manager, std::unique_ptr<net::Listener> listener)
    : io_(io),
      config_(config),
      cluster_(cluster_of(io, config)),
      relay_(relay_options(config), backend()),
      service_(service_options(config), relay_, system_random),
      sessions_(io, relay_, service_, session_options(config)),
      certificates_(std::move(credentials.certificates)),
      gate_(std::move(credentials.gate)),
      auth_hook_(auth_hook_of(io, config, relay_)),
      event_hook_(event_hook_of(io, config)),
      manager_(std::move(manager)),
      admin_api_(
          config.admin_token, relay_, sessions_, [this] { return metrics(); },
          cluster_ ? &*cluster_ : nullptr),
      listener_(std::move(listener)),
      tick_timer_(io),
      signals_(io) {
  if (cluster_) cluster_->set_relay(relay_);
  sessions_.set_gate(gate_.get());
  if (auth_hook_) sessions_.set_referee(&*auth_hook_);
  if (event_hook_) relay_.observe_by(&*event_hook_);
}

core::Backend& Server::backend() {
  if (cluster_) return *cluster_;
  return alone_;
}

Server::~Server() {
  end();
  io_.restart();
  io_.poll();  // the last handlers of what was closed; they refer to members
}

error_code Server::listen_for_operators() {
  if (config_.admin_port == 0) return {};
  auto listening = AdminServer::listen(io_, config_.admin_host, config_.admin_port, admin_api_);
  if (!listening) return listening.error();
  admin_ = std::move(*listening);
  const auto endpoint = admin_->endpoint();
  spdlog::info("For operators: {}, port {}", endpoint.address().to_string(), endpoint.port());
  return {};
}

std::string Server::metrics() const {
  Observed observed{relay_,
                    config_.keys,
                    sessions_,
                    loop_lag_,
                    started_,
                    std::nullopt,
                    cluster_ ? &*cluster_ : nullptr,
                    auth_hook_ ? &*auth_hook_ : nullptr,
                    event_hook_ ? &*event_hook_ : nullptr};
  if (certificates_) observed.certificate_expiry = certificates_->context().expiry();
  return app::metrics(observed);
}

void Server::start() {
  if (admin_) admin_->start();
  if (event_hook_) event_hook_->expire(sessions_.now());
  if (event_hook_) spdlog::info("What happens is told to {}", event_hook_->address());
  if (auth_hook_) spdlog::info("Who may connect is asked at {}", auth_hook_->address());
  if (gate_) spdlog::info("Clients need a signed token; keys for that: {}", gate_->keys());
  warn_of_cookies();
  listener_->start([this](net::Socket socket, const net::Listener::Endpoint& peer) {
    if (certificates_) {
      socket.secure(std::make_unique<net::TlsChannel>(certificates_->context()));
    }
    net::HttpSession::serve(sessions_, std::move(socket), peer.address());
  });
  tick_timer_.expires_after(kTick);
  await_tick();
  manager_.ready();
}

void Server::warn_of_cookies() const {
  const auto is_cookie = [](const std::string& name) { return name == "cookie"; };
  if (!config_.cors.empty() || std::ranges::none_of(config_.auth_headers, is_cookie)) return;
  spdlog::warn(
      "--auth_headers has cookie, and --cors lets pages of any site connect: they can do "
      "so in the name of whoever looks at them; name your sites with --cors");
}

void Server::heed_signals(Reread reread) {
  reread_ = std::move(reread);
  signals_.add(SIGHUP);
  signals_.add(SIGUSR1);
  signals_.add(SIGTERM);
  signals_.add(SIGINT);
  await_signal();
}

void Server::await_signal() {
  signals_.async_wait([this](error_code error, int signal) {
    if (error) return;
    if (signal == SIGHUP) {
      this->reread();
    } else if (signal == SIGUSR1) {
      reopen_log();
    } else if (sessions_.draining()) {
      return end();
    } else {
      spdlog::info("Stopping: {}", signal == SIGTERM ? "SIGTERM" : "SIGINT");
      stop();
    }
    await_signal();
  });
}

/// Whoever rotates logs has renamed the file.
void Server::reopen_log() const {
  if (config_.log_file.empty()) return;
  spdlog::info("Opening the log file anew");
  const std::string problem =
      set_up_logging(config_.log_level, config_.log_format, config_.log_file);
  if (!problem.empty()) spdlog::error("Log not opened anew, the old file goes on: {}", problem);
}

void Server::reread() {
  manager_.reloading();
  const auto loaded = reread_();
  const auto* const wanted = std::get_if<Config>(&loaded);
  const std::string problem = wanted == nullptr ? std::get<std::string>(loaded) : reload(*wanted);
  if (!problem.empty()) {
    spdlog::error("Configuration not reloaded, the old one goes on: {}", problem);
  }
  manager_.ready();
}

std::string Server::reload(const Config& wanted) {
  const Change change = change_of(config_, wanted);
  Credentials credentials;
  std::string problem = credentials.load(change.config);
  if (!problem.empty()) return problem;
  certificates_ = std::move(credentials.certificates);
  sessions_.set_gate(credentials.gate.get());
  gate_ = std::move(credentials.gate);
  problem_with_keys_.clear();
  problem_with_certificate_.clear();
  apply(change.config);
  spdlog::info("Configuration reloaded; changed: {}",
               change.names.empty() ? "nothing" : fmt::format("{}", fmt::join(change.names, ", ")));
  if (!change.fixed.empty()) {
    spdlog::warn("Not changed before a restart: {}", fmt::join(change.fixed, ", "));
  }
  return {};
}

void Server::apply(const Config& config) {
  relay_.set_options(relay_options(config), sessions_.now());
  if (cluster_) cluster_->set_options(cluster_options(config));
  service_.set_options(service_options(config));
  sessions_.set_options(session_options(config));
  if (auth_hook_) auth_hook_->set_options(auth_hook_options(config));
  if (event_hook_) event_hook_->set_queue(config.event_queue);
  admin_api_.set_token(config.admin_token);
  set_log_level(config.log_level);
  config_ = config;
}

void Server::watch_files(core::Instant now) {
  if (now < files_watched_ + kWatchInterval) return;
  files_watched_ = now;
  watch_certificates();
  watch_keys();
}

void Server::watch_keys() {
  if (!gate_ || !gate_->is_due()) return;
  const std::string last = std::exchange(problem_with_keys_, gate_->load());
  if (problem_with_keys_.empty()) {
    spdlog::info("Keys for tokens reloaded, there are {}", gate_->keys());
  } else if (problem_with_keys_ != last) {
    spdlog::error("Keys for tokens not reloaded, the old ones go on: {}", problem_with_keys_);
  }
}

void Server::watch_certificates() {
  if (!certificates_ || !certificates_->is_due()) return;
  const std::string last = std::exchange(problem_with_certificate_, certificates_->load());
  if (problem_with_certificate_.empty()) {
    spdlog::info("Certificate reloaded");
  } else if (problem_with_certificate_ != last) {
    spdlog::error("Certificate not reloaded, the old one goes on: {}", problem_with_certificate_);
  }
}

void Server::await_tick() {
  tick_timer_.async_wait([this](error_code error) {
    if (error) return;
    if (ended_) return;
    const auto now = std::chrono::steady_clock::now();
    loop_lag_.add(now - tick_timer_.expiry());
    tick();
    if (sessions_.draining() && sessions_.connections() == 0 && is_quiet()) end();
    if (ended_) return;
    // Counted from when this one began, so that what it takes is a lag too.
    tick_timer_.expires_at(std::max(tick_timer_.expiry() + kTick, now));
    await_tick();
  });
}

/// In a cluster what waits here may still be delivered, for its destination may have gone to
/// another node; at most until drain_timeout. So may events.
bool Server::is_quiet() {
  return (!cluster_ || cluster_->is_quiet()) && (!event_hook_ || event_hook_->is_idle());
}

void Server::tick() {
  const core::Instant now = sessions_.now();
  if (cluster_) cluster_->tick(now);
  if (auth_hook_) auth_hook_->expire(now);
  if (event_hook_) event_hook_->expire(now);
  relay_.expire(now);
  sessions_.expire(now);
  if (sessions_.draining()) drain(now);
  watch_files(now);
  report(now);
  flush_logs();
  return_memory_of_crowd(now);
}

void Server::report(core::Instant now) {
  if (now < reported_ + manager_.report_interval()) return;
  reported_ = now;
  std::size_t peers = 0;
  for (const std::string& key : config_.keys) peers += relay_.realm(key)->size();
  manager_.report(fmt::format("peers: {}, connections: {}", peers, sessions_.connections()));
}

/// A crowd that has gone, and what waited of it and for it, leave free memory all over the heap,
/// which the allocator keeps. To look for it takes time in proportion to the heap, so it is done
/// once for a crowd, and seldom.
void Server::return_memory_of_crowd(core::Instant now) {
  constexpr std::size_t crowd = 20;
  constexpr std::size_t bytes_of_one = 1024;
  std::size_t load = sessions_.connections();
  for (const auto& [key, realm] : relay_.realms()) load += realm.outstanding.bytes() / bytes_of_one;
  most_load_ = std::max(most_load_, load);
  if (most_load_ < crowd || load > most_load_ / 2 || now < memory_returned_ + kRest) return;
  most_load_ = load;
  memory_returned_ = now;
  return_free_memory();
}

void Server::stop() {
  if (sessions_.draining()) return;
  manager_.stopping();
  const core::Instant now = sessions_.now();
  listener_->stop();
  sessions_.start_draining(now);
  if (event_hook_) event_hook_->hurry();
  drain_until_ = now + config_.drain_timeout;
  // Goodbyes are spread over the first half; the second is for the clients to say theirs.
  const auto steps =
      static_cast<std::size_t>(std::max<core::Duration::rep>(1, config_.drain_timeout / 2 / kTick));
  drain_step_ = sessions_.connections() / steps + 1;
}

void Server::drain(core::Instant now) {
  relay_.bequeath_lost(now);
  sessions_.drain(drain_step_, now);
  if (now < drain_until_) return;
  if (sessions_.connections() > 0) {
    spdlog::warn("Stopped before {} connections had ended", sessions_.connections());
  }
  end();
}

void Server::end_hooks() {
  sessions_.set_referee(nullptr);
  auth_hook_.reset();
  relay_.observe_by(nullptr);
  event_hook_.reset();
}

void Server::end() {
  ended_ = true;
  listener_->stop();
  if (admin_) admin_->stop();
  sessions_.close_all(sessions_.now());
  relay_.bequeath_lost(sessions_.now());
  relay_.give_up_waiting(sessions_.now());
  end_hooks();
  if (cluster_) cluster_->stop();
  tick_timer_.cancel();
  signals_.cancel();
}

}  // namespace peerjsd::app
