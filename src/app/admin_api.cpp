#include "peerjsd/app/admin_api.hpp"

#include "peerjsd/http/url.hpp"
#include "peerjsd/net/log_text.hpp"
#include "peerjsd/net/peer_session.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>
#include <openssl/crypto.h>
#include <spdlog/spdlog.h>

namespace peerjsd::app {
namespace {

using Json = nlohmann::ordered_json;
using Reply = AdminApi::Reply;

constexpr std::string_view kText = "text/plain; charset=utf-8";
constexpr std::string_view kMetrics = "text/plain; version=0.0.4; charset=utf-8";
constexpr std::string_view kJson = "application/json; charset=utf-8";

constexpr std::size_t kUsualPage = 100;
constexpr std::size_t kLongestPage = 1000;

Reply said(unsigned status, std::string_view text) {
  return {status, kText, std::string(text) + "\n"};
}

Reply said(const Json& json) {
  return {200, kJson, json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"};
}

bool has_token(std::string_view authorization, std::string_view token) {
  constexpr std::string_view scheme = "Bearer ";
  if (authorization.size() != scheme.size() + token.size()) return false;
  if (!http::equal_ignoring_case(authorization.substr(0, scheme.size()), scheme)) return false;
  return CRYPTO_memcmp(authorization.data() + scheme.size(), token.data(), token.size()) == 0;
}

std::string parameter(std::string_view query, std::string_view name, std::string_view otherwise) {
  for (const http::QueryParameter& each : http::parse_query(query)) {
    if (each.name == name) return each.value;
  }
  return std::string(otherwise);
}

std::optional<std::size_t> page_size(const std::string& text) {
  std::size_t size = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return size >= 1 && size <= kLongestPage ? std::optional(size) : std::nullopt;
}

Json described(const core::Peer& peer, core::Instant now) {
  Json json = {{"id", peer.id}, {"partners", peer.partners.size()}};
  const auto* const session = dynamic_cast<const net::PeerSession*>(peer.transport);
  json["connected"] = session != nullptr;
  if (session == nullptr) return json;
  const bool is_websocket = session->kind() == net::Connection::Kind::WebSocket;
  json["address"] = session->address();
  json["transport"] = is_websocket ? "websocket" : "stream";
  const std::string_view version = session->client_version();
  json["version"] = version.empty() ? Json() : Json(version);
  json["seconds"] = std::chrono::duration<double>(now - session->since()).count();
  json["queued_bytes"] = session->queued_bytes();
  return json;
}

}  // namespace

AdminApi::AdminApi(std::string token, core::Relay& relay, const net::SessionContext& sessions,
                   std::function<std::string()> metrics)
    : token_(std::move(token)), relay_(relay), sessions_(sessions), metrics_(std::move(metrics)) {}

Reply AdminApi::answer(const Request& request) {
  const std::size_t mark = std::min(request.target.find('?'), request.target.size());
  const std::string_view path = request.target.substr(0, mark);
  const std::string_view query = request.target.substr(std::min(mark + 1, request.target.size()));
  if (path == "/peers" || path.starts_with("/peers/")) {
    return answer_about_peers(request, path, query);
  }
  if (path != "/metrics" && path != "/healthz" && path != "/readyz") {
    return said(404, "There are /metrics, /healthz, /readyz and /peers");
  }
  if (request.method != "GET" && request.method != "HEAD") return said(405, "Only GET");
  if (path == "/metrics") return {200, kMetrics, metrics_()};
  if (path == "/readyz" && sessions_.draining()) return said(503, "The server is stopping");
  return said(200, "ok");
}

Reply AdminApi::answer_about_peers(const Request& request, std::string_view path,
                                   std::string_view query) {
  if (token_.empty()) return said(403, "Only with --admin_token set");
  if (!has_token(request.authorization, token_)) {
    return said(401, "Send Authorization: Bearer and the token of --admin_token");
  }
  const auto segments = http::split_path(path);
  if (segments.size() != 2 && segments.size() != 3)
    return said(404, "Ask for /peers/KEY or /peers/KEY/ID");
  const auto key = http::decode_path_segment(segments[1]);
  const core::Realm* const realm = key ? relay_.realm(*key) : nullptr;
  if (realm == nullptr) return said(404, "There is no such key");
  if (segments.size() == 2) {
    return request.method == "GET" ? list(*realm, *key, query) : said(405, "Only GET");
  }
  const auto id = http::decode_path_segment(segments[2]);
  return id ? peer(request, *realm, *key, *id) : said(400, "The id is not rightly escaped");
}

Reply AdminApi::list(const core::Realm& realm, std::string_view key, std::string_view query) const {
  const auto most = page_size(parameter(query, "limit", std::to_string(kUsualPage)));
  if (!most) return said(400, "limit is to be a number from 1 to " + std::to_string(kLongestPage));
  const auto page = realm.peers_after(parameter(query, "after", ""), *most);
  Json peers = Json::array();
  for (const core::Peer* const each : page) peers.push_back(described(*each, sessions_.now()));
  Json json = {{"key", key}, {"total", realm.size()}, {"peers", std::move(peers)}};
  json["next"] = page.size() < *most ? Json() : Json(page.back()->id);
  return said(json);
}

Reply AdminApi::peer(const Request& request, const core::Realm& realm, std::string_view key,
                     const std::string& id) {
  const core::Peer* const found = realm.find(id);
  if (found == nullptr) return said(404, "There is no such peer");
  if (request.method == "GET") return said(described(*found, sessions_.now()));
  if (request.method != "DELETE") return said(405, "Only GET and DELETE");
  spdlog::info("Dismissing {}", net::log_text(id));
  relay_.dismiss(key, id, sessions_.now());
  return said(200, "dismissed");
}

}  // namespace peerjsd::app
