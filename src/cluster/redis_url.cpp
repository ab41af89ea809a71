#include "peerjsd/cluster/redis_url.hpp"

#include "peerjsd/core/number.hpp"
#include "peerjsd/http/url.hpp"

#include <sys/un.h>

#include <utility>

namespace peerjsd::cluster {
namespace {

constexpr std::uint16_t kRedisPort = 6379;
constexpr std::string_view kNetworkScheme = "redis://";
constexpr std::string_view kTlsScheme = "rediss://";
constexpr std::string_view kSocketScheme = "unix://";

/// Takes what stands before the first `mark` off `text`; nothing if there is no mark.
std::optional<std::string_view> take_until(std::string_view& text, char mark) {
  const std::size_t place = text.find(mark);
  if (place == std::string_view::npos) return std::nullopt;
  const std::string_view before = text.substr(0, place);
  text.remove_prefix(place + 1);
  return before;
}

bool read_credentials(std::string_view text, RedisUrl& url) {
  const auto user = http::decode_path_segment(take_until(text, ':').value_or(""));
  const auto password = http::decode_path_segment(text);
  if (!user || !password || password->empty()) return false;
  url.user = *user;
  url.password = *password;
  return true;
}

bool read_address(std::string_view text, RedisUrl& url) {
  return outbound::read_address(text, kRedisPort, url.addresses.emplace_back());
}

bool read_addresses(std::string_view text, RedisUrl& url) {
  while (const auto each = take_until(text, ',')) {
    if (!read_address(*each, url)) return false;
  }
  return read_address(text, url);
}

std::optional<RedisUrl> parse_network(std::string_view text, bool has_tls) {
  RedisUrl url;
  url.has_tls = has_tls;
  const std::size_t slash = text.find('/');
  const std::string_view database =
      slash == std::string_view::npos ? std::string_view() : text.substr(slash + 1);
  std::string_view hosts = text.substr(0, slash);
  if (const auto credentials = take_until(hosts, '@')) {
    if (!read_credentials(*credentials, url)) return std::nullopt;
  }
  if (!database.empty() && !core::read_number(database, url.database)) return std::nullopt;
  if (!read_addresses(hosts, url)) return std::nullopt;
  return url;
}

std::optional<RedisUrl> parse_socket(std::string_view text) {
  RedisUrl url;
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  std::string_view credentials = text.substr(0, slash);
  if (!credentials.empty()) {
    if (!credentials.ends_with('@')) return std::nullopt;
    credentials.remove_suffix(1);
    if (!read_credentials(credentials, url)) return std::nullopt;
  }
  std::string_view query = text.substr(slash);
  const auto before_query = take_until(query, '?');
  const auto path = http::decode_path_segment(before_query.value_or(query));
  if (!path || path->size() >= sizeof(sockaddr_un::sun_path)) return std::nullopt;
  if (before_query) {
    if (!query.starts_with("db=") || !core::read_number(query.substr(3), url.database)) {
      return std::nullopt;
    }
  }
  url.addresses.push_back({*path, 0});
  return url;
}

}  // namespace

std::optional<RedisUrl> parse_redis_url(std::string_view text) {
  if (text.starts_with(kNetworkScheme)) {
    return parse_network(text.substr(kNetworkScheme.size()), false);
  }
  if (text.starts_with(kTlsScheme)) return parse_network(text.substr(kTlsScheme.size()), true);
  if (text.starts_with(kSocketScheme)) return parse_socket(text.substr(kSocketScheme.size()));
  return std::nullopt;
}

}  // namespace peerjsd::cluster
