#pragma once

#include "peerjsd/app/config.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "config_options.hpp"
#include "config_values.hpp"

// What kinds of value options have.
namespace peerjsd::app {

inline std::string print_text(const std::string& text) {
  return text;
}
inline std::string print_switch(const bool& on) {
  return on ? "true" : "false";
}
inline std::string print_time(const std::chrono::milliseconds& time) {
  return std::to_string(time.count());
}
template <typename T>
std::string print_number(const T& number) {
  return std::to_string(number);
}

inline constexpr ValueKind<std::uint16_t> kPort{parse_port, print_number,
                                                "a whole number from 0 to 65535", "PORT"};
inline constexpr ValueKind<std::size_t> kCount{parse_count, print_number,
                                               "a whole number from 1 to 4294967295", "N"};
inline constexpr ValueKind<std::size_t> kLimit{parse_limit, print_number,
                                               "a whole number from 0 to 4294967295", "N"};
inline constexpr ValueKind<std::size_t> kSize{
    parse_size, print_size, "a number of bytes from 1 on (or of KiB or MiB, as in 2MiB)", "SIZE"};
inline constexpr ValueKind<std::size_t> kHeadSize{
    parse_head_size, print_size, "a number of bytes from 1 to 60KiB (or of KiB, as in 32KiB)",
    "SIZE"};
inline constexpr ValueKind<std::chrono::milliseconds> kTime{
    parse_time, print_time,
    "a time from 0 to below 24 days in whole milliseconds (or seconds, as in 5s)", "MS"};
inline constexpr ValueKind<std::chrono::milliseconds> kPace{
    parse_pace, print_time, "a time from 0 to 1000 in whole milliseconds (or 1s)", "MS"};
inline constexpr ValueKind<std::chrono::milliseconds> kPatience{
    parse_patience, print_time,
    "a time from 1 to below 24 days in whole milliseconds (or seconds, as in 5s)", "MS"};
inline constexpr ValueKind<bool> kSwitch{parse_switch, print_switch, "true or false",
                                         "[true|false]"};
inline constexpr ValueKind<std::string> kProxied{
    parse_proxied, print_text, "true, false, or addresses and networks like 10.0.0.0/8, ::1",
    "[true|NETWORKS]"};
inline constexpr ValueKind<std::string> kHost{
    parse_host, print_text, "an address or a host name, like 0.0.0.0, ::1 or localhost", "ADDRESS"};
inline constexpr ValueKind<std::string> kPath{
    parse_path, print_text,
    "a URL path like / or /myapp (of letters, digits and -._~!$&()*+,;=:@/)", "PATH"};
inline constexpr ValueKind<std::string> kKey{
    parse_key, print_text,
    "a key: it must not be empty, nor have / ? # % , quotes, a backslash, control characters or "
    "blanks around it",
    "KEY"};
inline constexpr ValueKind<std::string> kOrigin{
    parse_origin, print_text,
    "an origin like https://example.com, https://*.example.com or http://localhost:3000 (without a "
    "path), null or *",
    "ORIGIN..."};
inline constexpr ValueKind<std::string> kPattern{
    parse_pattern, print_text,
    "a regular expression like [a-z0-9-]{8,64} (RE2: without lookahead and backreferences, and "
    "nothing more than 1000 times)",
    "REGEX"};
inline constexpr ValueKind<std::string> kReservedId{
    parse_reserved_id, print_text, "an id without commas and blanks around it", "ID..."};
inline constexpr ValueKind<std::string> kType{
    parse_type, print_text, "a type like CHAT (1 to 64 of letters, digits and -_.:)", "TYPE..."};
inline constexpr ValueKind<std::string> kFile{parse_file, print_text, "a file name", "FILE"};
inline constexpr ValueKind<std::string> kUrl{
    parse_url, print_text, "a URL like https://example.com/peerjs.min.js or /peerjs.min.js", "URL"};
inline constexpr ValueKind<std::string> kLogLevel{
    parse_log_level, print_text, "one of trace, debug, info, warn, error and off", "LEVEL"};
inline constexpr ValueKind<LogFormat> kLogFormat{parse_log_format, print_log_format,
                                                 "one of text and json", "FORMAT"};
inline constexpr ValueKind<core::LeavePolicy> kLeave{parse_leave, print_leave,
                                                     "one of auto, always and never", "WHEN"};
inline constexpr ValueKind<ClusterDown> kClusterDown{parse_cluster_down, print_cluster_down,
                                                     "one of accept_local and refuse", "POLICY"};
inline constexpr ValueKind<AuthExpiry> kAuthExpiry{parse_auth_expiry, print_auth_expiry,
                                                   "one of end and ignore", "POLICY"};
inline constexpr ValueKind<AuthDown> kAuthDown{parse_auth_down, print_auth_down,
                                               "one of refuse and accept", "POLICY"};
inline constexpr ValueKind<std::string> kHeaderName{parse_header_name, print_text,
                                                    "the name of a header like cookie", "NAME..."};
inline constexpr ValueKind<IdSource> kIdSource{parse_id_source, print_id_source,
                                               "one of any and server", "SOURCE"};
inline constexpr ValueKind<std::string> kName{parse_name, print_text, "a text without commas",
                                              "TEXT..."};
inline constexpr ValueKind<std::string> kFiles{parse_name, print_text, "a file name without commas",
                                               "FILE..."};
inline constexpr ValueKind<std::string> kIceUrl{
    parse_ice_url, print_text,
    "a URL like turn:turn.example.com:3478, turns:turn.example.com?transport=tcp or "
    "stun:stun.example.com",
    "URL..."};
inline constexpr ValueKind<core::IdFormat> kIdFormat{parse_id_format, print_id_format,
                                                     "one of uuid and token", "FORMAT"};

}  // namespace peerjsd::app
