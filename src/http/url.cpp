#include "peerjsd/http/url.hpp"

#include "peerjsd/http/utf8.hpp"

#include <algorithm>

namespace peerjsd::http {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// The byte that the escape at the start of `text` stands for.
std::optional<char> unescape(std::string_view text) {
  if (text.size() < 3 || text[0] != '%') return std::nullopt;
  const int high = hex_value(text[1]);
  const int low = hex_value(text[2]);
  if (high < 0 || low < 0) return std::nullopt;
  return static_cast<char>(high * 16 + low);
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

std::optional<Target> split_target(std::string_view target) {
  if (target.starts_with('/')) return Target{{}, target};
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!equal_ignoring_case(target.substr(0, scheme.size()), scheme)) continue;
    target.remove_prefix(scheme.size());
    const std::size_t end = std::min(target.find_first_of("/?"), target.size());
    if (end == 0) return std::nullopt;
    return Target{target.substr(0, end), target.substr(end)};
  }
  return std::nullopt;
}

std::optional<std::string> decode_path_segment(std::string_view segment) {
  std::string decoded;
  decoded.reserve(segment.size());
  for (std::size_t i = 0; i < segment.size(); ++i) {
    if (segment[i] != '%') {
      decoded += segment[i];
      continue;
    }
    const auto byte = unescape(segment.substr(i));
    if (!byte) return std::nullopt;
    decoded += *byte;
    i += 2;
  }
  if (to_utf8(decoded) != decoded) return std::nullopt;
  return decoded;
}

std::string decode_query_part(std::string_view part) {
  if (part.find_first_of("%+") == std::string_view::npos) return to_utf8(part);
  std::string decoded;
  decoded.reserve(part.size());
  for (std::size_t i = 0; i < part.size(); ++i) {
    if (const auto byte = unescape(part.substr(i))) {
      decoded += *byte;
      i += 2;
    } else {
      decoded += part[i] == '+' ? ' ' : part[i];
    }
  }
  return to_utf8(decoded);
}

std::vector<std::string_view> split_path(std::string_view path) {
  std::vector<std::string_view> segments;
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    if (slash > 0) segments.push_back(path.substr(0, slash));
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return segments;
}

std::vector<QueryParameter> parse_query(std::string_view query) {
  std::vector<QueryParameter> parameters;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    parameters.push_back({decode_query_part(pair.substr(0, equals)),
                          decode_query_part(pair.substr(std::min(equals + 1, pair.size())))});
  }
  return parameters;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace peerjsd::http
