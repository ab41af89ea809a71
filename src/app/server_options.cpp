#include "server_options.hpp"

#include "peerjsd/app/id_rules.hpp"
#include "peerjsd/auth/issued_ids.hpp"

#include <cerrno>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <unistd.h>

namespace peerjsd::app {
namespace {

std::function<bool(std::string_view)> accepts_id(const Config& config) {
  auto rules = id_rules(config.id_pattern, config.reserved_ids);
  if (config.ids == IdSource::Any) return rules;
  return [rules = std::move(rules), ids = auth::IssuedIds(config.id_secret)](std::string_view id) {
    return ids.is_sealed(id) && rules(id);
  };
}

}  // namespace

void system_random(std::span<std::byte> bytes) {
  if (::getentropy(bytes.data(), bytes.size()) != 0) {
    throw std::system_error(errno, std::generic_category(), "getentropy");
  }
}

core::HashKey random_hash_key() {
  core::HashKey key{};
  system_random(std::as_writable_bytes(std::span(key)));
  return key;
}

cluster::RedisBackend::Options cluster_options(const Config& config) {
  return {config.cluster_down == ClusterDown::AcceptLocal,
          config.expire_timeout,
          {config.send_queue_bytes, config.outstanding_per_sender, config.outstanding_total}};
}

core::RelayOptions relay_options(const Config& config) {
  return {
      config.keys,
      config.expire_timeout,
      config.alive_timeout,
      config.leave_grace,
      config.takeover_probe,
      config.leave,
      config.concurrent_limit,
      config.ip_limit,
      config.max_id_bytes,
      config.max_token_bytes,
      {config.outstanding_per_destination, config.outstanding_per_sender, config.outstanding_total},
      random_hash_key(),
      accepts_id(config),
      config.allow_types};
}

http::ServiceOptions service_options(const Config& config) {
  std::optional<http::Demo> demo;
  if (config.demo) demo = {config.keys.front(), config.demo_client};
  http::ServiceOptions options;
  options.path = config.path;
  options.cors = config.cors;
  options.allow_discovery = config.allow_discovery;
  options.any_key = config.compat_http_key;
  options.id_format = config.id_format;
  options.has_turn = !config.turn_secret.empty();
  options.demo = demo;
  if (config.ids == IdSource::Server) {
    options.seal = [ids = auth::IssuedIds(config.id_secret)](std::string id) {
      return ids.seal(std::move(id));
    };
  }
  return options;
}

net::SessionOptions session_options(const Config& config) {
  net::SessionOptions options;
  options.request_timeout = config.request_timeout;
  options.ping_interval = effective_ping_interval(config);
  options.max_header_bytes = config.max_header_bytes;
  options.max_message_bytes = config.max_message_bytes;
  options.max_token_bytes = config.max_token_bytes;
  options.send_queue_bytes = config.send_queue_bytes;
  options.outstanding_bytes = config.outstanding_per_destination;
  options.proxies = *net::TrustedProxies::parse(config.proxied);
  options.limits = {config.connection_limit, config.ip_connections, {config.ip_rate}};
  options.messages = {config.message_rate};
  options.flood_timeout = config.flood_timeout;
  options.stream_pacing = config.stream_pacing;
  options.alive_timeout = config.alive_timeout;
  options.access_log = config.access_log;
  options.tick = kTick;
  options.turn = {config.turn_secret, config.turn_urls, config.turn_ttl};
  return options;
}

hooks::AuthHook::Options auth_hook_options(const Config& config) {
  return {config.auth_headers, config.auth_timeout, config.auth_down == AuthDown::Accept,
          config.auth_cache};
}

}  // namespace peerjsd::app
