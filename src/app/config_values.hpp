#pragma once

#include "peerjsd/app/config.hpp"
#include "peerjsd/app/logging.hpp"
#include "peerjsd/core/leave_policy.hpp"
#include "peerjsd/core/peer_id.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace peerjsd::app {

/// One kind of value: text to value (nullopt: it is none), value to text, and the words that
/// complete "'x' is not …" and name the value in --help (empty: a switch).
template <typename T>
struct ValueKind {
  std::optional<T> (*parse)(std::string_view text);
  std::string (*print)(const T& value);
  std::string_view expected;
  std::string_view placeholder;
};

// Not trimmed by any of these, and what print() gives, parse() takes back.
std::optional<std::uint16_t> parse_port(std::string_view text);
std::optional<std::size_t> parse_limit(std::string_view text);
std::optional<std::size_t> parse_count(std::string_view text);
std::optional<std::size_t> parse_size(std::string_view text);
std::optional<std::size_t> parse_head_size(std::string_view text);
std::optional<std::chrono::milliseconds> parse_time(std::string_view text);
std::optional<std::chrono::milliseconds> parse_pace(std::string_view text);
/// A time that is not 0.
std::optional<std::chrono::milliseconds> parse_patience(std::string_view text);
std::optional<bool> parse_switch(std::string_view text);
/// As net::TrustedProxies has it; all words of a switch are taken.
std::optional<std::string> parse_proxied(std::string_view text);
std::optional<std::string> parse_file(std::string_view text);
std::optional<std::string> parse_host(std::string_view text);
/// "a", "/a" and "/a//" all become "/a/".
std::optional<std::string> parse_path(std::string_view text);
std::optional<std::string> parse_key(std::string_view text);
/// An origin as browsers send it (RFC 6454 6.2), in lower case, or https://*.example.com; "*" stays
/// "*".
std::optional<std::string> parse_origin(std::string_view text);

/// Absolute, of http or https, or a path.
std::optional<std::string> parse_url(std::string_view text);

std::optional<std::string> parse_pattern(std::string_view text);
std::optional<std::string> parse_reserved_id(std::string_view text);
/// Of a message of an app's own.
std::optional<std::string> parse_type(std::string_view text);
/// One that clients or servers know.
bool is_type_of_peerjs(std::string_view type);

std::optional<std::string> parse_log_level(std::string_view text);
std::optional<LogFormat> parse_log_format(std::string_view text);
std::optional<core::LeavePolicy> parse_leave(std::string_view text);
std::optional<ClusterDown> parse_cluster_down(std::string_view text);
std::optional<AuthExpiry> parse_auth_expiry(std::string_view text);
std::optional<AuthDown> parse_auth_down(std::string_view text);
std::optional<IdSource> parse_id_source(std::string_view text);
/// Of what comes between commas: not empty.
std::optional<std::string> parse_name(std::string_view text);
/// Of an HTTP header; becomes lower case.
std::optional<std::string> parse_header_name(std::string_view text);
/// turn:, turns:, stun: or stuns:, and a host.
std::optional<std::string> parse_ice_url(std::string_view text);
std::optional<core::IdFormat> parse_id_format(std::string_view text);

/// With the largest suffix that divides it: "2MiB".
std::string print_size(const std::size_t& bytes);
std::string print_log_format(const LogFormat& format);
std::string print_leave(const core::LeavePolicy& policy);
std::string print_cluster_down(const ClusterDown& policy);
std::string print_auth_expiry(const AuthExpiry& expiry);
std::string print_auth_down(const AuthDown& policy);
std::string print_id_source(const IdSource& source);
std::string print_id_format(const core::IdFormat& format);

}  // namespace peerjsd::app
