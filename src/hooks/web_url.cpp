#include "peerjsd/hooks/web_url.hpp"

#include <algorithm>
#include <cstdint>

namespace peerjsd::hooks {
namespace {

constexpr std::string_view kPlain = "http://";
constexpr std::string_view kTls = "https://";

bool is_target(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return c > ' ' && c < 0x7f && c != '#' && c != '"' && c != '\\'; });
}

}  // namespace

std::optional<WebUrl> parse_web_url(std::string_view text) {
  WebUrl url;
  url.has_tls = text.starts_with(kTls);
  if (!url.has_tls && !text.starts_with(kPlain)) return std::nullopt;
  text.remove_prefix(url.has_tls ? kTls.size() : kPlain.size());
  const std::size_t end = std::min(text.find_first_of("/?"), text.size());
  url.authority = text.substr(0, end);
  url.target = text.substr(end);
  if (!url.target.starts_with('/')) url.target.insert(0, "/");
  const std::uint16_t port = url.has_tls ? 443 : 80;
  if (!outbound::read_address(url.authority, port, url.address)) return std::nullopt;
  if (!is_target(url.target)) return std::nullopt;
  return url;
}

}  // namespace peerjsd::hooks
