#include "peerjsd/net/forwarded.hpp"

#include <algorithm>

#include <boost/beast/core/string.hpp>

namespace peerjsd::net {
namespace {

namespace beast = boost::beast;
using Texts = std::vector<std::string>;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t";
  const std::size_t begin = std::min(text.find_first_not_of(blanks), text.size());
  return text.substr(begin, text.find_last_not_of(blanks) + 1 - begin);
}

/// `separator` within quotes separates nothing.
std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  bool quoted = false;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') quoted = !quoted;
    if (text[i] == '\\' && quoted) ++i;
    if (quoted || i >= text.size() || text[i] != separator) continue;
    parts.push_back(trimmed(text.substr(begin, i - begin)));
    begin = i + 1;
  }
  parts.push_back(trimmed(text.substr(begin)));
  return parts;
}

std::string unquoted(std::string_view text) {
  if (!text.starts_with('"')) return std::string(text);
  std::string result;
  for (std::size_t i = 1; i < text.size() && text[i] != '"'; ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    result += text[i];
  }
  return result;
}

/// The `for` of one element of Forwarded.
std::string named_by(std::string_view element) {
  for (const std::string_view pair : split(element, ';')) {
    const std::size_t equals = pair.find('=');
    if (equals != pair.npos && beast::iequals(pair.substr(0, equals), "for")) {
      return unquoted(pair.substr(equals + 1));
    }
  }
  return {};
}

/// Of all headers of that name, as if they were one; empty ones do not count (RFC 9110 5.3, 5.6.1).
std::vector<std::string_view> elements(const HttpRequest& request, std::string_view name) {
  std::vector<std::string_view> all;
  const auto [begin, end] = request.equal_range(name);
  for (auto field = begin; field != end; ++field) {
    const auto value = field->value();
    for (const std::string_view part : split({value.data(), value.size()}, ',')) {
      if (!part.empty()) all.push_back(part);
    }
  }
  return all;
}

}  // namespace

std::vector<std::string> hops_of(const HttpRequest& request) {
  const auto forwarded_for = elements(request, "X-Forwarded-For");
  if (!forwarded_for.empty()) return {forwarded_for.begin(), forwarded_for.end()};
  Texts hops;
  for (const std::string_view element : elements(request, "Forwarded")) {
    hops.push_back(named_by(element));
  }
  return hops;
}

std::optional<boost::asio::ip::address> address_of_hop(std::string_view hop) {
  if (hop.starts_with('[')) {
    hop = hop.substr(1, std::min(hop.find(']'), hop.size()) - 1);
  } else if (std::ranges::count(hop, ':') == 1) {
    hop = hop.substr(0, hop.find(':'));
  }
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(hop, error);
  return error ? std::nullopt : std::optional(address);
}

}  // namespace peerjsd::net
