#include "config_options.hpp"

#include "peerjsd/cluster/redis_url.hpp"
#include "peerjsd/hooks/signature.hpp"
#include "peerjsd/hooks/web_url.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <optional>

#include "config_text.hpp"
#include "config_values.hpp"

namespace peerjsd::app {
namespace {

using std::chrono::milliseconds;
using Texts = std::vector<std::string>;

std::string print_text(const std::string& text) {
  return text;
}
std::string print_switch(const bool& on) {
  return on ? "true" : "false";
}
std::string print_time(const milliseconds& time) {
  return std::to_string(time.count());
}
template <typename T>
std::string print_number(const T& number) {
  return std::to_string(number);
}

constexpr ValueKind<std::uint16_t> kPort{parse_port, print_number, "a whole number from 0 to 65535",
                                         "PORT"};
constexpr ValueKind<std::size_t> kCount{parse_count, print_number,
                                        "a whole number from 1 to 4294967295", "N"};
constexpr ValueKind<std::size_t> kLimit{parse_limit, print_number,
                                        "a whole number from 0 to 4294967295", "N"};
constexpr ValueKind<std::size_t> kSize{
    parse_size, print_size, "a number of bytes from 1 on (or of KiB or MiB, as in 2MiB)", "SIZE"};
constexpr ValueKind<milliseconds> kTime{
    parse_time, print_time,
    "a time from 0 to below 24 days in whole milliseconds (or seconds, as in 5s)", "MS"};
constexpr ValueKind<milliseconds> kPace{
    parse_pace, print_time, "a time from 0 to 1000 in whole milliseconds (or 1s)", "MS"};
constexpr ValueKind<milliseconds> kPatience{
    parse_patience, print_time,
    "a time from 1 to below 24 days in whole milliseconds (or seconds, as in 5s)", "MS"};
constexpr ValueKind<bool> kSwitch{parse_switch, print_switch, "true or false", "[true|false]"};
constexpr ValueKind<std::string> kProxied{
    parse_proxied, print_text, "true, false, or addresses and networks like 10.0.0.0/8, ::1",
    "[true|NETWORKS]"};
constexpr ValueKind<std::string> kHost{
    parse_host, print_text, "an address or a host name, like 0.0.0.0, ::1 or localhost", "ADDRESS"};
constexpr ValueKind<std::string> kPath{
    parse_path, print_text,
    "a URL path like / or /myapp (of letters, digits and -._~!$&()*+,;=:@/)", "PATH"};
constexpr ValueKind<std::string> kKey{
    parse_key, print_text,
    "a key: it must not be empty, nor have / ? # % , quotes, a backslash, control characters or "
    "blanks around it",
    "KEY"};
constexpr ValueKind<std::string> kOrigin{
    parse_origin, print_text,
    "an origin like https://example.com, https://*.example.com or http://localhost:3000 (without a "
    "path), null or *",
    "ORIGIN..."};
constexpr ValueKind<std::string> kPattern{parse_pattern, print_text,
                                          "a regular expression like [a-z0-9-]{8,64}", "REGEX"};
constexpr ValueKind<std::string> kReservedId{parse_reserved_id, print_text,
                                             "an id without commas and blanks around it", "ID..."};
constexpr ValueKind<std::string> kType{
    parse_type, print_text, "a type like CHAT (1 to 64 of letters, digits and -_.:)", "TYPE..."};
constexpr ValueKind<std::string> kFile{parse_file, print_text, "a file name", "FILE"};
constexpr ValueKind<std::string> kUrl{
    parse_url, print_text, "a URL like https://example.com/peerjs.min.js or /peerjs.min.js", "URL"};
constexpr ValueKind<std::string> kLogLevel{
    parse_log_level, print_text, "one of trace, debug, info, warn, error and off", "LEVEL"};
constexpr ValueKind<LogFormat> kLogFormat{parse_log_format, print_log_format,
                                          "one of text and json", "FORMAT"};
constexpr ValueKind<core::LeavePolicy> kLeave{parse_leave, print_leave,
                                              "one of auto, always and never", "WHEN"};
constexpr ValueKind<ClusterDown> kClusterDown{parse_cluster_down, print_cluster_down,
                                              "one of accept_local and refuse", "POLICY"};
constexpr ValueKind<AuthExpiry> kAuthExpiry{parse_auth_expiry, print_auth_expiry,
                                            "one of end and ignore", "POLICY"};
constexpr ValueKind<AuthDown> kAuthDown{parse_auth_down, print_auth_down,
                                        "one of refuse and accept", "POLICY"};
constexpr ValueKind<std::string> kHeaderName{parse_header_name, print_text,
                                             "the name of a header like cookie", "NAME..."};
constexpr ValueKind<IdSource> kIdSource{parse_id_source, print_id_source, "one of any and server",
                                        "SOURCE"};
constexpr ValueKind<std::string> kName{parse_name, print_text, "a text without commas", "TEXT..."};
constexpr ValueKind<std::string> kFiles{parse_name, print_text, "a file name without commas",
                                        "FILE..."};
constexpr ValueKind<std::string> kIceUrl{
    parse_ice_url, print_text,
    "a URL like turn:turn.example.com:3478, turns:turn.example.com?transport=tcp or "
    "stun:stun.example.com",
    "URL..."};
constexpr ValueKind<core::IdFormat> kIdFormat{parse_id_format, print_id_format,
                                              "one of uuid and token", "FORMAT"};

std::string refusal(std::string_view text, std::string_view expected) {
  return in_quotes(text) + " is not " + std::string(expected);
}

template <const auto& kKind, auto kField>
std::string read_value(Config& config, const Texts& texts) {
  const auto value = kKind.parse(texts.back());
  if (!value) return refusal(texts.back(), kKind.expected);
  config.*kField = *value;
  return {};
}

template <const auto& kKind, auto kField>
std::string write_value(const Config& config) {
  return kKind.print(config.*kField);
}

template <const auto& kKind, auto kField>
constexpr Option::Binding bind(Arity arity = Arity::Value) {
  return {arity, kKind.placeholder, read_value<kKind, kField>, write_value<kKind, kField>};
}

template <auto kField>
constexpr Option::Binding bind_switch() {
  return bind<kSwitch, kField>(Arity::Switch);
}

// Each once, in the order given.
std::string read_list(const ValueKind<std::string>& kind, const Texts& texts, Texts& list) {
  list.clear();
  for (const std::string& text : texts) {
    const auto value = kind.parse(text);
    if (!value) return refusal(text, kind.expected);
    if (std::find(list.begin(), list.end(), *value) == list.end()) list.push_back(*value);
  }
  return {};
}

template <auto kField>
std::string write_list(const Config& config) {
  std::string result;
  for (const std::string& item : config.*kField) result += (result.empty() ? "" : ", ") + item;
  return result;
}

template <const auto& kKind, auto kField>
std::string read_list_of(Config& config, const Texts& texts) {
  return read_list(kKind, texts, config.*kField);
}

std::string read_keys(Config& config, const Texts& texts) {
  if (texts.empty()) return refusal("", kKey.expected);
  return read_list(kKey, texts, config.keys);
}

std::string read_cors(Config& config, const Texts& texts) {
  std::string problem = read_list(kOrigin, texts, config.cors);
  if (std::find(config.cors.begin(), config.cors.end(), "*") != config.cors.end()) {
    config.cors.clear();
  }
  return problem;
}

std::string read_reserved_ids(Config& config, const Texts& texts) {
  return read_list(kReservedId, texts, config.reserved_ids);
}

std::string read_types(Config& config, const Texts& texts) {
  const auto taken = std::ranges::find_if(texts, is_type_of_peerjs);
  if (taken == texts.end()) return read_list(kType, texts, config.allow_types);
  return in_quotes(*taken) + " is a type of PeerJS itself; leave it out, or name yours otherwise";
}

template <const auto& kKind, auto kField>
constexpr Option::Binding bind_list(Arity arity, decltype(Option::Binding::read) read) {
  return {arity, kKind.placeholder, read, write_list<kField>};
}

// Whatever is wrong with a secret, it is not repeated.

template <auto kField, std::size_t kFewest>
std::string read_secret(Config& config, const Texts& texts) {
  if (!texts.back().empty() && texts.back().size() < kFewest) {
    return "it must have " + std::to_string(kFewest) +
           " characters or more; make one with: openssl rand -hex " + std::to_string(kFewest);
  }
  config.*kField = texts.back();
  return {};
}

template <auto kField, std::size_t kFewest>
constexpr Option::Binding bind_secret(std::string_view placeholder) {
  return {Arity::Value, placeholder, read_secret<kField, kFewest>, write_value<kFile, kField>};
}

/// How long they have to be is for the keys to say.
std::string read_auth_secret(Config& config, const Texts& texts) {
  config.auth_secret.clear();
  std::ranges::copy_if(texts, std::back_inserter(config.auth_secret),
                       [](const std::string& text) { return !text.empty(); });
  return {};
}

/// There may be a password in it.
std::string read_cluster(Config& config, const Texts& texts) {
  if (!texts.back().empty() && !cluster::parse_redis_url(texts.back())) {
    return "it must be like redis://host:6379, redis://:password@host1:6379,host2:6379/0 or "
           "unix:///run/redis/redis.sock (rediss:// for TLS; user and password escaped as in a "
           "URL)";
  }
  config.cluster = texts.back();
  return {};
}

/// There may be a secret in its query.
template <auto kField>
std::string read_web_url(Config& config, const Texts& texts) {
  if (!texts.back().empty() && !hooks::parse_web_url(texts.back())) {
    return "it must be like https://example.com/peers or http://127.0.0.1:8080/peers?key=x "
           "(without "
           "a user, and escaped as in a URL)";
  }
  config.*kField = texts.back();
  return {};
}

std::string read_hook_secret(Config& config, const Texts& texts) {
  std::string problem = read_secret<&Config::hook_secret, 32>(config, texts);
  if (problem.empty() && !hooks::webhook_key(texts.back())) {
    return "what follows whsec_ must be base64";
  }
  return problem;
}

constexpr std::string_view kServing = "Serving";
constexpr std::string_view kPeers = "Peers";
constexpr std::string_view kTiming = "Timing";
constexpr std::string_view kLimits = "Limits";
constexpr std::string_view kAuth = "Who may connect";
constexpr std::string_view kCluster = "Cluster";
constexpr std::string_view kWatching = "Watching";
constexpr std::string_view kProgram = "Program";

constexpr auto kOptions = std::to_array<Option>({
    {"port", 'p', "PORT", kServing, "port to listen on; 0: any free one",
     bind<kPort, &Config::port>(), Trait::Fixed},
    {"host", 'H', "", kServing, "address to listen on; empty: every one, IPv6 and IPv4",
     bind<kHost, &Config::host>(), Trait::Fixed},
    {"path", '\0', "PEERSERVER_PATH", kServing, "where all URLs of the server begin",
     bind<kPath, &Config::path>(), Trait::Fixed},
    {"key", 'k', "", kServing, "API key; several --key: several groups of peers apart",
     bind_list<kKey, &Config::keys>(Arity::List, read_keys)},
    {"cors", '\0', "", kServing,
     "web origins whose pages may connect, as https://*.example.com; empty or *: any",
     bind_list<kOrigin, &Config::cors>(Arity::SpreadList, read_cors)},
    {"proxied", '\0', "", kServing,
     "proxies that say for whom they forward (X-Forwarded-For): true, whoever connects, or "
     "networks",
     bind<kProxied, &Config::proxied>(Arity::Switch)},
    {"sslkey", '\0', "", kServing, "key of the certificate (PEM, not encrypted)",
     bind<kFile, &Config::sslkey>()},
    {"sslcert", '\0', "", kServing, "certificate with its chain (PEM): serve TLS",
     bind<kFile, &Config::sslcert>()},
    {"demo", '\0', "", kServing, "serve a page for trying calls, chat and files at PATH/demo",
     bind_switch<&Config::demo>()},
    {"demo_client", '\0', "", kServing, "from where that page loads the peerjs client",
     bind<kUrl, &Config::demo_client>()},

    {"concurrent_limit", 'c', "", kPeers, "most peers connected under one key",
     bind<kCount, &Config::concurrent_limit>()},
    {"ip_limit", '\0', "", kPeers,
     "most of them from one address (IPv6: /64), except local ones; 0: any number",
     bind<kLimit, &Config::ip_limit>()},
    {"id_pattern", '\0', "", kPeers, "regular expression that ids must match; empty: any id",
     bind<kPattern, &Config::id_pattern>()},
    {"reserved_ids", '\0', "", kPeers, "ids that nobody may have",
     bind_list<kReservedId, &Config::reserved_ids>(Arity::SpreadList, read_reserved_ids)},
    {"max_id_bytes", '\0', "", kPeers, "longest id", bind<kSize, &Config::max_id_bytes>()},
    {"max_token_bytes", '\0', "", kPeers, "longest token", bind<kSize, &Config::max_token_bytes>()},
    {"allow_discovery", '\0', "", kPeers, "let everyone list the connected peers",
     bind_switch<&Config::allow_discovery>()},
    {"id_format", '\0', "", kPeers, "ids the server makes: uuid, or token (16 of a-z and 0-9)",
     bind<kIdFormat, &Config::id_format>()},
    {"compat_http_key", '\0', "", kPeers, "take any key over HTTP, as npm peer does",
     bind_switch<&Config::compat_http_key>()},
    {"allow_types", '\0', "", kPeers,
     "types of messages of apps' own to relay, besides those of PeerJS",
     bind_list<kType, &Config::allow_types>(Arity::SpreadList, read_types)},

    {"expire_timeout", 't', "", kTiming, "how long a message waits for an absent peer; 0: not",
     bind<kTime, &Config::expire_timeout>()},
    {"alive_timeout", '\0', "", kTiming, "silence after which a peer is gone; 0: never",
     bind<kTime, &Config::alive_timeout>()},
    {"ping_interval", '\0', "", kTiming,
     "time between pings of a peer, at most half of alive_timeout; 0: none",
     bind<kTime, &Config::ping_interval>()},
    {"leave", '\0', "", kTiming,
     "tell the partners of a peer that it has gone: auto (by how it went), always or never",
     bind<kLeave, &Config::leave>()},
    {"leave_grace", '\0', "", kTiming,
     "how long a page that lost its connection may take to return",
     bind<kTime, &Config::leave_grace>()},
    {"takeover_probe", '\0', "", kTiming,
     "time to answer for a peer whose id another one wants; 0: it is not asked",
     bind<kTime, &Config::takeover_probe>()},
    {"stream_pacing", '\0', "", kTiming,
     "time between two lines of an XHR stream; browsers lose what comes faster than 60",
     bind<kPace, &Config::stream_pacing>()},
    {"request_timeout", '\0', "", kTiming,
     "time for a request, or a handshake, to be complete; 0: any",
     bind<kTime, &Config::request_timeout>()},
    {"flood_timeout", '\0', "", kTiming,
     "how long a peer may go beyond message_rate, slowed down, before it is ended; 0: always",
     bind<kTime, &Config::flood_timeout>()},
    {"drain_timeout", '\0', "", kTiming, "time to close all connections at the end",
     bind<kTime, &Config::drain_timeout>()},

    {"connection_limit", '\0', "", kLimits,
     "most connections, of peers or not; 0: as many as open files allow",
     bind<kLimit, &Config::connection_limit>()},
    {"ip_connections", '\0', "", kLimits,
     "most of them from one address (IPv6: /64), except local ones; 0: any number",
     bind<kLimit, &Config::ip_connections>()},
    {"ip_rate", '\0', "", kLimits,
     "most new ones a second from one address, ten seconds' worth at once; 0: any number",
     bind<kLimit, &Config::ip_rate>()},
    {"message_rate", '\0', "", kLimits,
     "messages a second of one connection, ten seconds' worth at once; 0: any number",
     bind<kLimit, &Config::message_rate>()},
    {"max_header_bytes", '\0', "", kLimits, "largest head of a request",
     bind<kSize, &Config::max_header_bytes>()},
    {"max_message_bytes", '\0', "", kLimits, "largest message taken",
     bind<kSize, &Config::max_message_bytes>()},
    {"send_queue_bytes", '\0', "", kLimits, "most that waits for a slow receiver",
     bind<kSize, &Config::send_queue_bytes>()},
    {"outstanding_per_destination", '\0', "", kLimits, "most that waits for one absent peer",
     bind<kSize, &Config::outstanding_per_destination>()},
    {"outstanding_per_sender", '\0', "", kLimits, "most that waits from one peer for absent ones",
     bind<kSize, &Config::outstanding_per_sender>()},
    {"outstanding_total", '\0', "", kLimits, "most that waits for absent peers in all",
     bind<kSize, &Config::outstanding_total>()},

    {"auth_secret",
     '\0',
     "",
     kAuth,
     "secret by which clients' tokens are signed (JWT, HS256); several: any of them",
     {Arity::List, "SECRET", read_auth_secret, write_list<&Config::auth_secret>},
     Trait::Secret,
     true},
    {"auth_public_key", '\0', "", kAuth,
     "public keys for the same (PEM: RS256, ES256 or EdDSA), read again when they are replaced",
     bind_list<kFiles, &Config::auth_public_key>(Arity::SpreadList,
                                                 read_list_of<kFiles, &Config::auth_public_key>),
     Trait::None, true},
    {"auth_jwks", '\0', "", kAuth, "the same as a JWK set, whose keys are told apart by kid",
     bind<kFile, &Config::auth_jwks>(), Trait::None, true},
    {"auth_issuer", '\0', "", kAuth, "iss that tokens must have, one of these; empty: any",
     bind_list<kName, &Config::auth_issuer>(Arity::SpreadList,
                                            read_list_of<kName, &Config::auth_issuer>),
     Trait::None, true},
    {"auth_audience", '\0', "", kAuth,
     "aud that tokens must have, one of these; empty: only tokens without one",
     bind_list<kName, &Config::auth_audience>(Arity::SpreadList,
                                              read_list_of<kName, &Config::auth_audience>),
     Trait::None, true},
    {"auth_leeway", '\0', "", kAuth, "how far the clocks of signer and server may be apart",
     bind<kTime, &Config::auth_leeway>(), Trait::None, true},
    {"auth_expiry", '\0', "", kAuth,
     "what becomes of a peer whose token expires while it is connected: end or ignore",
     bind<kAuthExpiry, &Config::auth_expiry>(), Trait::None, true},
    {"auth_url",
     '\0',
     "",
     kAuth,
     "service of yours that is asked who may connect (a POST of JSON); empty: none",
     {Arity::Value, "URL", read_web_url<&Config::auth_url>, write_value<kFile, &Config::auth_url>},
     Trait::SecretAndFixed},
    {"auth_headers", '\0', "", kAuth, "headers of the client's request that it is told, as cookie",
     bind_list<kHeaderName, &Config::auth_headers>(
         Arity::SpreadList, read_list_of<kHeaderName, &Config::auth_headers>)},
    {"auth_timeout", '\0', "", kAuth, "how long it may take to answer",
     bind<kPatience, &Config::auth_timeout>()},
    {"auth_down", '\0', "", kAuth, "new peers while it does not: refuse or accept",
     bind<kAuthDown, &Config::auth_down>()},
    {"auth_cache", '\0', "", kAuth, "how long its answer holds for the same question; 0: not",
     bind<kTime, &Config::auth_cache>()},
    {"hook_secret",
     '\0',
     "",
     kAuth,
     "secret by which requests to it, and to event_url, are signed (Standard Webhooks)",
     {Arity::Value, "SECRET", read_hook_secret, write_value<kFile, &Config::hook_secret>},
     Trait::SecretAndFixed},
    {"ids", '\0', "", kAuth, "ids that clients may have: any, or those that the server made",
     bind<kIdSource, &Config::ids>()},
    {"id_secret", '\0', "", kAuth, "secret by which the server knows its ids again",
     bind_secret<&Config::id_secret, 16>("SECRET"), Trait::Secret},
    {"turn_secret", '\0', "", kAuth,
     "secret shared with a TURN server (coturn: static-auth-secret): PATH/KEY/ice has credentials",
     bind_secret<&Config::turn_secret, 1>("SECRET"), Trait::Secret},
    {"turn_urls", '\0', "", kAuth, "where that is, and STUN servers",
     bind_list<kIceUrl, &Config::turn_urls>(Arity::SpreadList,
                                            read_list_of<kIceUrl, &Config::turn_urls>)},
    {"turn_ttl", '\0', "", kAuth, "how long these credentials hold",
     bind<kTime, &Config::turn_ttl>()},

    {"cluster",
     '\0',
     "",
     kCluster,
     "Redis that joins several nodes: redis://[[USER]:PASSWORD@]HOST:PORT[/DB], rediss:// for TLS, "
     "or unix://; empty: one",
     {Arity::Value, "URL", read_cluster, write_value<kFile, &Config::cluster>},
     Trait::SecretAndFixed},
    {"cluster_down", '\0', "", kCluster,
     "new peers while that is away: accept_local (as if alone) or refuse",
     bind<kClusterDown, &Config::cluster_down>()},

    {"admin_port", '\0', "", kWatching, "port for /metrics, /healthz, /readyz and /peers; 0: none",
     bind<kPort, &Config::admin_port>(), Trait::Fixed},
    {"admin_host", '\0', "", kWatching, "address to listen on for them",
     bind<kHost, &Config::admin_host>(), Trait::Fixed},
    {"admin_token", '\0', "", kWatching,
     "secret for /peers, which lists and ends peers (Authorization: Bearer TOKEN); empty: nobody",
     bind_secret<&Config::admin_token, 16>("TOKEN"), Trait::Secret},
    {"event_url",
     '\0',
     "",
     kWatching,
     "service of yours that is told who connects, goes and is not reached (POSTs of JSON)",
     {Arity::Value, "URL", read_web_url<&Config::event_url>,
      write_value<kFile, &Config::event_url>},
     Trait::SecretAndFixed},
    {"event_queue", '\0', "", kWatching, "most events that wait for it",
     bind<kCount, &Config::event_queue>()},

    {"log_level", '\0', "", kProgram, "trace, debug, info, warn, error or off",
     bind<kLogLevel, &Config::log_level>()},
    {"log_format", '\0', "", kProgram, "text, or json: an object a line",
     bind<kLogFormat, &Config::log_format>(), Trait::Fixed},
    {"log_file", '\0', "", kProgram,
     "file to append the log to, opened anew on SIGUSR1; empty: standard output",
     bind<kFile, &Config::log_file>(), Trait::Fixed},
    {"access_log", '\0', "", kProgram, "log each HTTP request, at level info",
     bind_switch<&Config::access_log>()},
});

}  // namespace

std::span<const Option> all_options() {
  return kOptions;
}

std::string underscored(std::string_view name) {
  std::string result(name);
  std::replace(result.begin(), result.end(), '-', '_');
  return result;
}

const Option* find_option(std::string_view name) {
  const std::string wanted = underscored(name);
  const auto* found = std::find_if(std::begin(kOptions), std::end(kOptions),
                                   [&](const Option& option) { return option.name == wanted; });
  return found == std::end(kOptions) ? nullptr : found;
}

std::vector<std::string> texts_of(const Option& option, std::string_view text) {
  const Arity arity = option.binding.arity;
  if (arity == Arity::List || arity == Arity::SpreadList) return split_list(text);
  return {std::string(trimmed(text))};
}

}  // namespace peerjsd::app
