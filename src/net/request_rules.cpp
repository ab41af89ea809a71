#include "peerjsd/net/request_rules.hpp"

#include "peerjsd/http/url.hpp"

#include <algorithm>

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/http/verb.hpp>

namespace peerjsd::net {
namespace {

namespace beast = boost::beast;
namespace bhttp = boost::beast::http;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// RFC 3986 3.2.2, but for the comma, which joins what should have been two hosts.
bool is_host_character(char c) {
  constexpr std::string_view marks = "-._~%!$&'()*+;=";
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         marks.find(c) != marks.npos;
}

bool is_ip_literal_character(char c) {
  return is_host_character(c) || c == ':';
}

/// RFC 9110 7.2. A client that knows no host sends an empty one.
bool is_host(std::string_view text) {
  std::size_t end = std::min(text.find(':'), text.size());
  if (text.starts_with('[')) {
    end = text.find(']');
    if (end == text.npos) return false;
    if (!std::ranges::all_of(text.substr(1, end - 1), is_ip_literal_character)) return false;
    ++end;
  } else if (!std::ranges::all_of(text.substr(0, end), is_host_character)) {
    return false;
  }
  const std::string_view port = text.substr(end);
  return port.empty() || (port.starts_with(':') && std::ranges::all_of(port.substr(1), is_digit));
}

bool is_target(std::string_view method, std::string_view target) {
  if (method == "CONNECT") return false;  // nobody's proxy
  if (method == "OPTIONS" && target == "*") return true;
  const auto parts = http::split_target(target);
  if (!parts) return false;
  const std::string_view authority = parts->authority;
  return authority.empty() || (!authority.starts_with(':') && is_host(authority));
}

/// Nobody between the client and us can have seen another end of the request than we do: there is
/// one length, or there are chunks, and neither twice.
bool is_framed_beyond_doubt(const HttpRequest& request) {
  const std::size_t lengths = request.count(bhttp::field::content_length);
  const std::size_t codings = request.count(bhttp::field::transfer_encoding);
  if (lengths + codings > 1) return false;
  if (!std::ranges::all_of(view(request[bhttp::field::content_length]), is_digit)) return false;
  return codings == 0 || (request.version() >= 11 &&
                          beast::iequals(request[bhttp::field::transfer_encoding], "chunked"));
}

}  // namespace

std::string_view fault_of_head(const HttpRequest& request) {
  if (!is_framed_beyond_doubt(request)) return "The length of the request is in doubt";
  const std::size_t hosts = request.count(bhttp::field::host);
  if (hosts > 1 || (hosts == 0 && request.version() >= 11)) {
    return "A request needs one Host header";
  }
  if (!is_host(view(request[bhttp::field::host]))) return "Bad Host header";
  if (!is_target(view(request.method_string()), view(request.target()))) {
    return "Bad request target";
  }
  return {};
}

bool has_folded_line(std::string_view head) {
  return head.find("\r\n ") != head.npos || head.find("\r\n\t") != head.npos;
}

bool has_control_character(std::string_view text) {
  return std::ranges::any_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7F;
  });
}

bool lists(const HttpRequest& request, bhttp::field field, std::string_view token) {
  const auto [first, last] = request.equal_range(field);
  return std::any_of(first, last, [&](const auto& line) {
    return bhttp::token_list(line.value()).exists({token.data(), token.size()});
  });
}

bool keeps_alive(const HttpRequest& request) {
  if (lists(request, bhttp::field::connection, "close")) return false;
  return request.version() >= 11 || lists(request, bhttp::field::connection, "keep-alive");
}

}  // namespace peerjsd::net
