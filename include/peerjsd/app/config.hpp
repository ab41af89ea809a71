#pragma once

#include "peerjsd/app/logging.hpp"
#include "peerjsd/core/leave_policy.hpp"
#include "peerjsd/core/peer_id.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace peerjsd::app {

inline constexpr std::size_t kMiB = std::size_t{1024} * 1024;

/// Of the program, as in "1.0.0".
std::string_view version();

/// What becomes of new peers while the other nodes of a cluster cannot be asked for their ids.
enum class ClusterDown : std::uint8_t { AcceptLocal, Refuse };

/// What becomes of a peer whose signed token expires while it is connected.
enum class AuthExpiry : std::uint8_t { End, Ignore };

/// What becomes of a client while nobody can be asked whether it may connect.
enum class AuthDown : std::uint8_t { Refuse, Accept };

/// Which ids clients may have.
enum class IdSource : std::uint8_t { Any, Server };

/// Every option of the daemon with its default. A field is named after its flag, its key in the
/// config file and (in capitals, after PEERJSD_) its environment variable; only `keys` is `--key`.
/// Names, meaning and defaults of what npm peer 1.0.2 has too are those of its command line, except
/// that it has no default port.
struct Config {
  std::uint16_t port = 9000;                   ///< 0: any free port
  std::string host;                            ///< empty: every address, IPv6 and IPv4
  std::string path = "/";                      ///< begins and ends with a slash
  std::vector<std::string> keys = {"peerjs"};  ///< at least one, all different
  std::vector<std::string> cors;               ///< see http::ServiceOptions
  std::string proxied = "false";               ///< see net::TrustedProxies
  std::string sslkey;
  std::string sslcert;
  bool demo = false;
  std::string demo_client = "https://unpkg.com/peerjs@1.5.5/dist/peerjs.min.js";

  std::size_t concurrent_limit = 5000;  ///< peers per key
  std::size_t ip_limit = 1000;          ///< of one address, per key; 0: any number
  std::size_t connection_limit = 0;     ///< in all; 0: as many as the system allows
  std::size_t ip_connections = 2000;    ///< of one address; 0: any number
  std::size_t ip_rate = 100;            ///< new ones a second of one address; 0: any number
  std::size_t message_rate = 200;       ///< messages a second of one connection; 0: any number
  bool allow_discovery = false;
  std::string id_pattern;                 ///< regular expression for ids; empty: any
  std::vector<std::string> reserved_ids;  ///< that nobody may have
  std::size_t max_id_bytes = 1024;
  std::size_t max_token_bytes = 4096;
  core::IdFormat id_format = core::IdFormat::Uuid;
  bool compat_http_key = false;
  std::vector<std::string> allow_types;  ///< of messages of apps' own, which are relayed

  std::chrono::milliseconds expire_timeout{5000};  ///< 0: at once
  std::chrono::milliseconds alive_timeout{60000};  ///< 0: off
  std::chrono::milliseconds ping_interval{25000};  ///< 0: off; see effective_ping_interval()
  core::LeavePolicy leave = core::LeavePolicy::Auto;
  std::chrono::milliseconds leave_grace{30000};
  std::chrono::milliseconds takeover_probe{2000};
  std::chrono::milliseconds stream_pacing{80};       ///< between two lines of an XHR stream
  std::chrono::milliseconds request_timeout{10000};  ///< 0: any time
  std::chrono::milliseconds flood_timeout{30000};    ///< 0: never
  std::chrono::milliseconds drain_timeout{5000};

  // All in bytes. The outstanding ones bound what is kept for absent peers.
  std::size_t max_header_bytes = std::size_t{16} * 1024;
  std::size_t max_message_bytes = 2 * kMiB;
  std::size_t send_queue_bytes = 4 * kMiB;
  std::size_t outstanding_per_destination = 2 * kMiB;
  std::size_t outstanding_per_sender = 4 * kMiB;
  std::size_t outstanding_total = 64 * kMiB;

  // Who may connect, see TokenGate; all empty: everybody.
  std::vector<std::string> auth_secret;      ///< secrets
  std::vector<std::string> auth_public_key;  ///< files
  std::string auth_jwks;                     ///< file
  std::vector<std::string> auth_issuer;
  std::vector<std::string> auth_audience;
  std::chrono::milliseconds auth_leeway{30000};
  AuthExpiry auth_expiry = AuthExpiry::End;
  std::string auth_url;                   ///< secret, see hooks::AuthHook; empty: nobody is asked
  std::vector<std::string> auth_headers;  ///< names, in lower case
  std::chrono::milliseconds auth_timeout{3000};
  AuthDown auth_down = AuthDown::Refuse;
  std::chrono::milliseconds auth_cache{0};  ///< 0: asked each time
  std::string hook_secret;  ///< secret, see hooks::webhook_key(); of event_url as well
  IdSource ids = IdSource::Any;
  std::string id_secret;    ///< secret, see auth::IssuedIds
  std::string turn_secret;  ///< secret, see auth::TurnOptions; empty: there is no TURN
  std::vector<std::string> turn_urls;
  std::chrono::milliseconds turn_ttl{86'400'000};

  std::string cluster;  ///< secret, see cluster::RedisUrl; empty: this node is alone
  ClusterDown cluster_down = ClusterDown::AcceptLocal;

  std::uint16_t admin_port = 0;  ///< see AdminApi; 0: none
  std::string admin_host = "127.0.0.1";
  std::string admin_token;           ///< secret; empty: nobody may see or end peers
  std::string event_url;             ///< secret, see hooks::EventHook; empty: nobody is told
  std::size_t event_queue = 10'000;  ///< events that wait for it

  std::string log_level = "info";  ///< trace, debug, info, warn, error or off
  LogFormat log_format = LogFormat::Text;
  std::string log_file;  ///< empty: standard output
  bool access_log = false;

  bool operator==(const Config&) const = default;
};

/// How often to ping a WebSocket; 0: never. Two pings fit into alive_timeout, whatever
/// ping_interval says: a peer that sends nothing of its own must get to show that it lives.
std::chrono::milliseconds effective_ping_interval(const Config& config);

/// Whether clients need a signed token.
bool asks_for_tokens(const Config& config);

/// The program goes on with this configuration.
struct Start {
  Config config;
  std::vector<std::string> remarks{};  ///< what may not be meant so, for the operator
};

/// The program says what is wrong with this configuration beyond its texts, if anything is, and
/// ends. If nothing is, and it shall not be quiet, it prints to_text().
struct Check {
  Config config;
  bool is_quiet;
  std::vector<std::string> remarks{};  ///< as above
};

/// The program tells how the server is that runs with this configuration, and ends.
struct HealthCheck {
  Config config;
};

/// The program ends: `text`, which ends with a newline, goes to stdout if `code` is 0, else to
/// stderr.
struct Exit {
  int code;
  std::string text;
};

using Loaded = std::variant<Start, Check, HealthCheck, Exit>;

/// Looks a variable up, as std::getenv does: null if it is not set.
using Environment = std::function<const char*(const char* name)>;

/// The names of all variables.
using VariableNames = std::vector<std::string>;

/// Reads the command line, the environment and the config file. A flag wins over the environment,
/// that over the file, and that over the default; a list replaces the whole list below it.
///
/// Bad input is Exit{2} with one line that says where it stands, what it is and what would be
/// right. --help and --version are Exit{0}, --check_config is Check, and --check_config=quiet is a
/// quiet one, --health_check is HealthCheck. An empty environment variable counts as not set, but
/// of what protects, where it is bad input.
/// Ports of the form tcp://10.0.0.1:9000 are left alone: Kubernetes sets PEERJSD_PORT to such for a
/// service called peerjsd. Of `names`, PEERJSD_ variables that are no option end the start if they
/// look like one that is mistyped, or have to do with who may connect; of others there is a remark.
Loaded load_config(int argc, const char* const* argv, const Environment& environment,
                   const VariableNames& names = {});

/// What a server that runs makes of another configuration.
struct Change {
  Config config;                   ///< the new one, but for what cannot change while it runs
  std::vector<std::string> names;  ///< of the options that change, as flags
  std::vector<std::string> fixed;  ///< of those that would, and keep their value until a restart
};

Change change_of(const Config& running, const Config& wanted);

/// The configuration as a config file: every key, one per line. Of secrets that are set a comment
/// says that they are; those that keep out are empty there, so that no server starts without them.
/// What must not be empty there, and is, is a comment.
std::string to_text(const Config& config);

}  // namespace peerjsd::app
