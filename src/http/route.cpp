#include "peerjsd/http/route.hpp"

#include "peerjsd/http/url.hpp"

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <span>
#include <utility>

namespace peerjsd::http {
namespace {

using Segments = std::span<const std::string_view>;

route::WebSocket websocket_route(std::string_view query) {
  route::WebSocket route;
  for (QueryParameter& parameter : parse_query(query)) {
    if (parameter.name == "key") {
      route.key = std::move(parameter.value);
    } else if (parameter.name == "id") {
      route.id = std::move(parameter.value);
    } else if (parameter.name == "token") {
      route.token = std::move(parameter.value);
    } else if (parameter.name == "version") {
      route.version = std::move(parameter.value);
    }
  }
  return route;
}

route::IceServers ice_route(std::string key, std::string_view query) {
  route::WebSocket asked = websocket_route(query);
  return {std::move(key), std::move(asked.id), std::move(asked.token)};
}

Route get_route(Segments segments, std::string_view query) {
  if (segments.empty()) return route::Info{};
  if (segments.size() == 1 && equal_ignoring_case(segments[0], "demo")) return route::Demo{};
  if (segments.size() != 2) return route::NotFound{};
  auto key = decode_path_segment(segments[0]);
  if (!key) return route::BadTarget{};
  if (equal_ignoring_case(segments[1], "id")) return route::NewId{std::move(*key)};
  if (equal_ignoring_case(segments[1], "peers")) return route::Peers{std::move(*key)};
  if (equal_ignoring_case(segments[1], "ice")) return ice_route(std::move(*key), query);
  return route::NotFound{};
}

bool is_renewal(std::string_view query) {
  return std::ranges::any_of(parse_query(query), [](const QueryParameter& parameter) {
    return parameter.name == "i" && !parameter.value.empty() && parameter.value != "0";
  });
}

std::optional<core::MessageType> verb_of(std::string_view segment) {
  using core::MessageType;
  for (const auto type :
       {MessageType::Offer, MessageType::Answer, MessageType::Candidate, MessageType::Leave}) {
    if (equal_ignoring_case(segment, core::to_string(type))) return type;
  }
  return std::nullopt;
}

Route post_route(Segments segments, std::string_view query) {
  if (segments.size() != 4) return route::NotFound{};
  const bool is_stream = equal_ignoring_case(segments[3], "id");
  const auto verb = verb_of(segments[3]);
  if (!is_stream && !verb) return route::NotFound{};
  auto key = decode_path_segment(segments[0]);
  auto id = decode_path_segment(segments[1]);
  auto token = decode_path_segment(segments[2]);
  if (!key || !id || !token) return route::BadTarget{};
  if (verb) return route::Message{std::move(*key), std::move(*id), std::move(*token), *verb};
  return route::Stream{std::move(*key), std::move(*id), std::move(*token), is_renewal(query)};
}

}  // namespace

namespace {

std::string below(std::initializer_list<std::string_view> segments) {
  std::string path;
  for (const std::string_view segment : segments) path.append("/").append(segment);
  return path;
}

std::string describe(const route::Info&) {
  return "/";
}
std::string describe(const route::Demo&) {
  return "/demo";
}
std::string describe(const route::NewId& asked) {
  return below({asked.key, "id"});
}
std::string describe(const route::Peers& asked) {
  return below({asked.key, "peers"});
}
std::string describe(const route::IceServers& asked) {
  return below({asked.key, "ice?id=" + asked.id});
}
std::string describe(const route::WebSocket& asked) {
  return "/peerjs?key=" + asked.key + "&id=" + asked.id;
}
std::string describe(const route::Stream& asked) {
  return below({asked.key, asked.id, "...", "id"});
}
std::string describe(const route::Message& asked) {
  return below({asked.key, asked.id, "...", core::to_string(asked.verb)});
}
std::string describe(const auto&) {
  return "...";
}

}  // namespace

std::string without_secrets(const Route& route) {
  return std::visit([](const auto& asked) { return describe(asked); }, route);
}

Router::Router(std::string_view path) {
  for (const std::string_view segment : split_path(path)) prefix_.emplace_back(segment);
}

Route Router::route(std::string_view method, std::string_view target) const {
  if (method == "OPTIONS") return route::Preflight{};
  const bool is_post = method == "POST";
  if (!is_post && method != "GET" && method != "HEAD") return route::NotFound{};
  const auto parts = split_target(target);
  if (!parts) return route::NotFound{};
  const std::string_view own = parts->path_and_query;
  const std::size_t mark = std::min(own.find('?'), own.size());
  const std::string_view query = own.substr(std::min(mark + 1, own.size()));
  const std::vector<std::string_view> segments = split_path(own.substr(0, mark));
  if (segments.size() < prefix_.size()) return route::NotFound{};

  const Segments head = Segments(segments).first(prefix_.size());
  const Segments rest = Segments(segments).subspan(prefix_.size());
  if (!is_post && rest.size() == 1 && rest[0] == "peerjs" && std::ranges::equal(head, prefix_)) {
    return websocket_route(query);
  }
  if (!std::ranges::equal(head, prefix_, equal_ignoring_case)) return route::NotFound{};
  return is_post ? post_route(rest, query) : get_route(rest, query);
}

}  // namespace peerjsd::http
