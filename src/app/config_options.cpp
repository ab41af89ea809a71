#include "config_options.hpp"

#include <algorithm>
#include <array>

#include "config_bindings.hpp"
#include "config_text.hpp"

namespace peerjsd::app {
namespace {

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
     "web origins whose pages may connect, as https://*.example.com; without it, or *: "
     "any",
     bind_list<kOrigin, &Config::cors>(Arity::SpreadList, read_cors), Trait::None, kKeepsOut},
    {"proxied", '\0', "", kServing,
     "proxies that say for whom they forward (X-Forwarded-For): true, whoever connects, or "
     "networks",
     bind<kProxied, &Config::proxied>(Arity::Switch)},
    {"sslkey", '\0', "", kServing, "key of the certificate (PEM, not encrypted)",
     bind<kFile, &Config::sslkey>(), Trait::None, kKeepsOut},
    {"sslcert", '\0', "", kServing, "certificate with its chain (PEM): serve TLS",
     bind<kFile, &Config::sslcert>(), Trait::None, kKeepsOut},
    {"demo", '\0', "", kServing, "serve a page for trying calls, chat and files at PATH/demo",
     bind_switch<&Config::demo>()},
    {"demo_client", '\0', "", kServing, "from where that page loads the peerjs client",
     bind<kUrl, &Config::demo_client>()},

    {"concurrent_limit", 'c', "", kPeers,
     "most peers connected under one key, on each node of a cluster",
     bind<kCount, &Config::concurrent_limit>()},
    {"ip_limit", '\0', "", kPeers,
     "most of them from one address (IPv6: /64), except local ones; 0: any number",
     bind<kLimit, &Config::ip_limit>()},
    {"id_pattern", '\0', "", kPeers,
     "regular expression (RE2) that ids must match; without it: any id",
     bind<kPattern, &Config::id_pattern>(), Trait::None, kKeepsOut},
    {"reserved_ids", '\0', "", kPeers, "ids that nobody may have",
     bind_list<kReservedId, &Config::reserved_ids>(
         Arity::SpreadList, read_list_of<kReservedId, &Config::reserved_ids>),
     Trait::None, kKeepsOut},
    {"max_id_bytes", '\0', "", kPeers, "longest id", bind<kSize, &Config::max_id_bytes>()},
    {"max_token_bytes", '\0', "", kPeers, "longest token", bind<kSize, &Config::max_token_bytes>()},
    {"allow_discovery", '\0', "", kPeers,
     "let everyone list the connected peers (with tokens or auth_url: who may)",
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
    {"max_header_bytes", '\0', "", kLimits, "largest head of a request, up to 60KiB",
     bind<kHeadSize, &Config::max_header_bytes>()},
    {"max_message_bytes", '\0', "", kLimits, "largest message taken",
     bind<kSize, &Config::max_message_bytes>()},
    {"send_queue_bytes", '\0', "", kLimits, "most that waits for a slow receiver",
     bind<kSize, &Config::send_queue_bytes>()},
    {"outstanding_per_destination", '\0', "", kLimits, "most that waits for one absent peer",
     bind<kSize, &Config::outstanding_per_destination>()},
    {"outstanding_per_sender", '\0', "", kLimits, "most that waits from one peer for absent ones",
     bind<kSize, &Config::outstanding_per_sender>()},
    {"outstanding_total", '\0', "", kLimits,
     "most that waits for absent peers in all, under one key",
     bind<kSize, &Config::outstanding_total>()},

    {"auth_secret",
     '\0',
     "",
     kAuth,
     "secret by which clients' tokens are signed (JWT, HS256); several: any of them",
     {Arity::List, "SECRET", read_auth_secret, write_list<&Config::auth_secret>},
     Trait::Secret,
     kOfTokens | kKeepsOut},
    {"auth_public_key", '\0', "", kAuth,
     "public keys for the same (PEM: RS256, ES256 or EdDSA), read again when they are replaced",
     bind_list<kFiles, &Config::auth_public_key>(Arity::SpreadList,
                                                 read_list_of<kFiles, &Config::auth_public_key>),
     Trait::None, kOfTokens | kKeepsOut},
    {"auth_jwks", '\0', "", kAuth, "the same as a JWK set, whose keys are told apart by kid",
     bind<kFile, &Config::auth_jwks>(), Trait::None, kOfTokens | kKeepsOut},
    {"auth_issuer", '\0', "", kAuth, "iss that tokens must have, one of these; without it: any",
     bind_list<kName, &Config::auth_issuer>(Arity::SpreadList,
                                            read_list_of<kName, &Config::auth_issuer>),
     Trait::None, kOfTokens | kKeepsOut},
    {"auth_audience", '\0', "", kAuth,
     "aud that tokens must have, one of these; without it: only tokens "
     "without one",
     bind_list<kName, &Config::auth_audience>(Arity::SpreadList,
                                              read_list_of<kName, &Config::auth_audience>),
     Trait::None, kOfTokens | kKeepsOut},
    {"auth_leeway", '\0', "", kAuth, "how far the clocks of signer and server may be apart",
     bind<kTime, &Config::auth_leeway>(), Trait::None, kOfTokens},
    {"auth_expiry", '\0', "", kAuth,
     "what becomes of a peer whose token expires while it is connected: end or ignore",
     bind<kAuthExpiry, &Config::auth_expiry>(), Trait::None, kOfTokens},
    {"auth_url",
     '\0',
     "",
     kAuth,
     "service of yours that is asked who may connect (a POST of JSON)",
     {Arity::Value, "URL", read_web_url<&Config::auth_url>, write_value<kFile, &Config::auth_url>},
     Trait::SecretAndFixed,
     kKeepsOut},
    {"auth_headers", '\0', "", kAuth, "headers of the client's request that it is told, as cookie",
     bind_list<kHeaderName, &Config::auth_headers>(
         Arity::SpreadList, read_list_of<kHeaderName, &Config::auth_headers>)},
    {"auth_timeout", '\0', "", kAuth, "how long it may take to answer",
     bind<kPatience, &Config::auth_timeout>()},
    {"auth_down", '\0', "", kAuth, "new peers while it is down: refuse or accept",
     bind<kAuthDown, &Config::auth_down>()},
    {"auth_cache", '\0', "", kAuth, "how long its answer holds for the same question; 0: not",
     bind<kTime, &Config::auth_cache>()},
    {"hook_secret",
     '\0',
     "",
     kAuth,
     "secret by which requests to it, and to event_url, are signed (Standard Webhooks)",
     {Arity::Value, "SECRET", read_hook_secret, write_value<kFile, &Config::hook_secret>},
     Trait::SecretAndFixed,
     kKeepsOut},
    {"ids", '\0', "", kAuth, "ids that clients may have: any, or those that the server made",
     bind<kIdSource, &Config::ids>(), Trait::None, kKeepsOut},
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
