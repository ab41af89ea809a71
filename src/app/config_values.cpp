#include "config_values.hpp"

#include "peerjsd/app/id_rules.hpp"
#include "peerjsd/core/message.hpp"
#include "peerjsd/core/number.hpp"
#include "peerjsd/net/request_reader.hpp"
#include "peerjsd/net/trusted_proxies.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace peerjsd::app {
namespace {

constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
// Deadlines far enough below the 24.8 days at which a 32 bit count of milliseconds turns negative.
constexpr std::uint64_t kTimeEnd = std::uint64_t{24} * 24 * 60 * 60 * 1000;

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), is_control);
}

bool only(std::string_view text, std::string_view more) {
  return std::all_of(text.begin(), text.end(), [more](char c) {
    return kDigits.find(c) != kDigits.npos || kLetters.find(c) != kLetters.npos ||
           more.find(c) != more.npos;
  });
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

std::optional<std::uint64_t> parse_whole(std::string_view text) {
  std::uint64_t number = 0;
  return core::read_number(text, number) ? std::optional(number) : std::nullopt;
}

using Suffix = std::pair<std::string_view, std::uint64_t>;

// A whole number followed by nothing or by one of the suffixes, which multiplies it.
template <std::size_t kCount>
std::optional<std::uint64_t> parse_scaled(std::string_view text,
                                          const std::array<Suffix, kCount>& suffixes) {
  const std::size_t digits = std::min(text.find_first_not_of(kDigits), text.size());
  const auto number = parse_whole(text.substr(0, digits));
  if (!number) return std::nullopt;
  for (const auto& [name, factor] : suffixes) {
    if (lower(text.substr(digits)) != name) continue;
    if (*number > std::numeric_limits<std::uint64_t>::max() / factor) return std::nullopt;
    return *number * factor;
  }
  return std::nullopt;
}

bool is_scheme(std::string_view text) {
  return !text.empty() && kLetters.find(text.front()) != kLetters.npos && only(text, "+-.");
}

}  // namespace

std::optional<std::uint16_t> parse_port(std::string_view text) {
  const auto number = parse_whole(text);
  if (!number || *number > std::numeric_limits<std::uint16_t>::max()) return std::nullopt;
  return static_cast<std::uint16_t>(*number);
}

std::optional<std::size_t> parse_limit(std::string_view text) {
  const auto number = parse_whole(text);
  if (!number || *number > std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
  return static_cast<std::size_t>(*number);
}

std::optional<std::size_t> parse_count(std::string_view text) {
  const auto number = parse_limit(text);
  return number && *number > 0 ? number : std::nullopt;
}

std::optional<std::size_t> parse_size(std::string_view text) {
  constexpr std::array<Suffix, 5> suffix_list = {
      {{"", 1}, {"k", 1024}, {"kib", 1024}, {"m", 1024 * 1024}, {"mib", 1024 * 1024}}};
  const auto bytes = parse_scaled(text, suffix_list);
  if (!bytes || *bytes < 1 || *bytes > std::numeric_limits<std::size_t>::max()) {
    return std::nullopt;
  }
  return static_cast<std::size_t>(*bytes);
}

std::optional<std::size_t> parse_head_size(std::string_view text) {
  const auto bytes = parse_size(text);
  return bytes && *bytes <= net::kMostHeadBytes ? bytes : std::nullopt;
}

std::optional<std::chrono::milliseconds> parse_time(std::string_view text) {
  constexpr std::array<Suffix, 3> suffix_list = {{{"", 1}, {"ms", 1}, {"s", 1000}}};
  const auto time = parse_scaled(text, suffix_list);
  if (!time || *time >= kTimeEnd) return std::nullopt;
  return std::chrono::milliseconds{*time};
}

std::optional<std::chrono::milliseconds> parse_pace(std::string_view text) {
  const auto time = parse_time(text);
  return time && *time <= std::chrono::seconds(1) ? time : std::nullopt;
}

std::optional<std::chrono::milliseconds> parse_patience(std::string_view text) {
  const auto time = parse_time(text);
  return time && *time > std::chrono::milliseconds(0) ? time : std::nullopt;
}

std::optional<bool> parse_switch(std::string_view text) {
  const std::string word = lower(text);
  if (word == "true" || word == "1" || word == "yes") return true;
  if (word == "false" || word == "0" || word == "no") return false;
  return std::nullopt;
}

std::optional<std::string> parse_proxied(std::string_view text) {
  const auto is_switch = parse_switch(text);
  const std::string_view word = is_switch ? (*is_switch ? "true" : "false") : text;
  const auto proxies = net::TrustedProxies::parse(word);
  return proxies ? std::optional(proxies->to_text()) : std::nullopt;
}

std::optional<std::string> parse_pattern(std::string_view text) {
  const std::string pattern(text);
  if (has_control(text) || !is_pattern(pattern)) return std::nullopt;
  return pattern;
}

std::optional<std::string> parse_reserved_id(std::string_view text) {
  if (text.empty() || text.front() == ' ' || text.back() == ' ') return std::nullopt;
  if (has_control(text) || text.find(',') != text.npos) return std::nullopt;
  return std::string(text);
}

std::optional<std::string> parse_type(std::string_view text) {
  if (text.empty() || text.size() > 64 || !only(text, "-_.:")) return std::nullopt;
  return std::string(text);
}

/// INVALID-KEY is not said by this server, but ends every client that gets it.
bool is_type_of_peerjs(std::string_view type) {
  return core::message_type(type) != core::MessageType::Unknown || type == "INVALID-KEY";
}

std::optional<std::string> parse_file(std::string_view text) {
  if (has_control(text)) return std::nullopt;
  return std::string(text);
}

std::optional<std::string> parse_host(std::string_view text) {
  if (!only(text, ".-_:%")) return std::nullopt;
  return std::string(text);
}

std::optional<std::string> parse_path(std::string_view text) {
  if (!only(text, "-._~!$&()*+,;=:@/")) return std::nullopt;
  std::string path = "/";
  for (const char c : text) {
    if (c != '/' || path.back() != '/') path += c;
  }
  if (path.back() != '/') path += '/';
  return path;
}

std::optional<std::string> parse_key(std::string_view text) {
  if (text.empty() || text.front() == ' ' || text.back() == ' ') return std::nullopt;
  if (has_control(text) || text.find_first_of("/?#%,\"'\\") != text.npos) return std::nullopt;
  return std::string(text);
}

std::optional<std::string> parse_origin(std::string_view text) {
  if (text == "*" || text == "null" || text == "file://") return std::string(text);
  const std::size_t colon = text.find("://");
  if (colon == text.npos || !is_scheme(text.substr(0, colon))) return std::nullopt;
  std::string_view host = text.substr(colon + 3);
  if (host.starts_with("*.")) host.remove_prefix(2);
  if (host.empty() || !only(host, ".-_:[]")) return std::nullopt;
  return lower(text);
}

std::optional<std::string> parse_url(std::string_view text) {
  const bool has_place =
      text.starts_with("https://") || text.starts_with("http://") || text.starts_with("/");
  if (!has_place || has_control(text) || text.find_first_of(" \"<>\\") != text.npos) {
    return std::nullopt;
  }
  return std::string(text);
}

std::optional<std::string> parse_log_level(std::string_view text) {
  for (const std::string_view level : {"trace", "debug", "info", "warn", "error", "off"}) {
    if (text == level) return std::string(level);
  }
  if (text == "warning") return "warn";  // as others call it
  return std::nullopt;
}

std::optional<LogFormat> parse_log_format(std::string_view text) {
  if (text == "text") return LogFormat::Text;
  if (text == "json") return LogFormat::Json;
  return std::nullopt;
}

std::string print_log_format(const LogFormat& format) {
  return format == LogFormat::Json ? "json" : "text";
}

std::optional<core::LeavePolicy> parse_leave(std::string_view text) {
  if (text == "auto") return core::LeavePolicy::Auto;
  if (text == "always") return core::LeavePolicy::Always;
  if (text == "never") return core::LeavePolicy::Never;
  return std::nullopt;
}

std::string print_leave(const core::LeavePolicy& policy) {
  switch (policy) {
    case core::LeavePolicy::Auto:
      return "auto";
    case core::LeavePolicy::Always:
      return "always";
    case core::LeavePolicy::Never:
      break;
  }
  return "never";
}

std::optional<ClusterDown> parse_cluster_down(std::string_view text) {
  if (text == "accept_local") return ClusterDown::AcceptLocal;
  if (text == "refuse") return ClusterDown::Refuse;
  return std::nullopt;
}

std::string print_cluster_down(const ClusterDown& policy) {
  return policy == ClusterDown::Refuse ? "refuse" : "accept_local";
}

std::optional<AuthExpiry> parse_auth_expiry(std::string_view text) {
  if (text == "end") return AuthExpiry::End;
  if (text == "ignore") return AuthExpiry::Ignore;
  return std::nullopt;
}

std::string print_auth_expiry(const AuthExpiry& expiry) {
  return expiry == AuthExpiry::Ignore ? "ignore" : "end";
}

std::optional<AuthDown> parse_auth_down(std::string_view text) {
  if (text == "refuse") return AuthDown::Refuse;
  if (text == "accept") return AuthDown::Accept;
  return std::nullopt;
}

std::string print_auth_down(const AuthDown& policy) {
  return policy == AuthDown::Accept ? "accept" : "refuse";
}

std::optional<IdSource> parse_id_source(std::string_view text) {
  if (text == "any") return IdSource::Any;
  if (text == "server") return IdSource::Server;
  return std::nullopt;
}

std::string print_id_source(const IdSource& source) {
  return source == IdSource::Server ? "server" : "any";
}

std::optional<std::string> parse_name(std::string_view text) {
  if (text.empty() || text.find(',') != text.npos) return std::nullopt;
  return std::string(text);
}

std::optional<std::string> parse_header_name(std::string_view text) {
  if (text.empty() || !only(text, "!#$%&'*+-.^_`|~")) return std::nullopt;
  return lower(text);
}

std::optional<std::string> parse_ice_url(std::string_view text) {
  for (const std::string_view scheme : {"turn:", "turns:", "stun:", "stuns:"}) {
    const bool is_url = text.starts_with(scheme) && text.size() > scheme.size() &&
                        text.find_first_of(" ,\"/") == text.npos;
    if (is_url) return std::string(text);
  }
  return std::nullopt;
}

std::optional<core::IdFormat> parse_id_format(std::string_view text) {
  if (text == "uuid") return core::IdFormat::Uuid;
  if (text == "token") return core::IdFormat::Token;
  return std::nullopt;
}

std::string print_id_format(const core::IdFormat& format) {
  return format == core::IdFormat::Uuid ? "uuid" : "token";
}

std::string print_size(const std::size_t& bytes) {
  constexpr std::size_t kibi = 1024;
  if (bytes % (kibi * kibi) == 0) return std::to_string(bytes / (kibi * kibi)) + "MiB";
  if (bytes % kibi == 0) return std::to_string(bytes / kibi) + "KiB";
  return std::to_string(bytes);
}

}  // namespace peerjsd::app
