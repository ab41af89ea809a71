#include "peerjsd/app/admin_api.hpp"

#include "peerjsd/core/log_text.hpp"
#include "peerjsd/core/number.hpp"
#include "peerjsd/http/bearer.hpp"
#include "peerjsd/http/url.hpp"
#include "peerjsd/net/peer_session.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>
#include <vector>

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
  const std::string_view given = http::bearer_token(authorization);
  return given.size() == token.size() &&
         CRYPTO_memcmp(given.data(), token.data(), token.size()) == 0;
}

std::string parameter(std::string_view query, std::string_view name, std::string_view otherwise) {
  for (const http::QueryParameter& each : http::parse_query(query)) {
    if (each.name == name) return each.value;
  }
  return std::string(otherwise);
}

std::optional<std::size_t> page_size(const std::string& text) {
  std::size_t size = 0;
  if (!core::read_number(text, size)) return std::nullopt;
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

/// Of each peer what this node knows of it.
Reply described(const core::Realm& realm, const std::vector<core::Whereabouts>& page,
                std::size_t total, bool is_last, core::Instant now) {
  Json peers = Json::array();
  for (const core::Whereabouts& each : page) {
    const core::Peer* const here = realm.find(each.id);
    Json json = here == nullptr ? Json{{"id", each.id}} : described(*here, now);
    if (!each.node.empty()) json["node"] = each.node;
    peers.push_back(std::move(json));
  }
  Json json = {{"key", realm.key}, {"total", total}, {"peers", std::move(peers)}};
  json["next"] = is_last ? Json() : Json(page.back().id);
  return said(json);
}

/// The first `most` of those after `id`, in the order of bytes.
std::vector<core::Whereabouts> page_of(std::vector<core::Whereabouts> all, std::string_view id,
                                       std::size_t most) {
  std::erase_if(all, [id](const auto& each) { return each.id <= id; });
  const auto end = all.begin() + static_cast<std::ptrdiff_t>(std::min(most, all.size()));
  std::partial_sort(all.begin(), end, all.end(),
                    [](const auto& a, const auto& b) { return a.id < b.id; });
  all.erase(end, all.end());
  return all;
}

constexpr std::string_view kAway = "the Redis of the cluster cannot be reached";

}  // namespace

AdminApi::AdminApi(std::string token, core::Relay& relay, const net::SessionContext& sessions,
                   std::function<std::string()> metrics, cluster::RedisBackend* cluster)
    : token_(std::move(token)),
      relay_(relay),
      sessions_(sessions),
      metrics_(std::move(metrics)),
      cluster_(cluster) {}

void AdminApi::answer(const Request& request, const OnReply& on_reply) {
  const std::size_t mark = std::min(request.target.find('?'), request.target.size());
  const std::string_view path = request.target.substr(0, mark);
  const std::string_view query = request.target.substr(std::min(mark + 1, request.target.size()));
  if (path == "/peers" || path.starts_with("/peers/")) {
    return answer_about_peers(request, path, query, on_reply);
  }
  if (path != "/metrics" && path != "/healthz" && path != "/readyz") {
    return on_reply(said(404, "There are /metrics, /healthz, /readyz and /peers"));
  }
  if (request.method != "GET" && request.method != "HEAD") return on_reply(said(405, "Only GET"));
  if (path == "/metrics") return on_reply({200, kMetrics, metrics_()});
  on_reply(path == "/readyz" ? readiness() : said(200, "ok"));
}

/// A node that takes new peers is ready, even if it is out of touch with the others: were it not,
/// an outage of Redis would take all nodes out of service at once. But where one has a wrong
/// password an update shall not go on to the next.
Reply AdminApi::readiness() const {
  if (sessions_.draining()) return said(503, "The server is stopping");
  if (cluster_ == nullptr || cluster_->is_up()) return said(200, "ok");
  if (cluster_->is_misconfigured()) return said(503, "The Redis of the cluster refuses this node");
  if (cluster_->accepts_while_down()) return said(200, "ok, but " + std::string(kAway));
  return said(503, "New peers are refused: " + std::string(kAway));
}

void AdminApi::answer_about_peers(const Request& request, std::string_view path,
                                  std::string_view query, const OnReply& on_reply) {
  if (token_.empty()) return on_reply(said(403, "Only with --admin_token set"));
  if (!has_token(request.authorization, token_)) {
    return on_reply(said(401, "Send Authorization: Bearer and the token of --admin_token"));
  }
  const auto segments = http::split_path(path);
  if (segments.size() != 2 && segments.size() != 3) {
    return on_reply(said(404, "Ask for /peers/KEY or /peers/KEY/ID"));
  }
  const auto key = http::decode_path_segment(segments[1]);
  const core::Realm* const realm = key ? relay_.realm(*key) : nullptr;
  if (realm == nullptr) return on_reply(said(404, "There is no such key"));
  if (segments.size() == 2) {
    return request.method == "GET" ? list(*realm, query, on_reply)
                                   : on_reply(said(405, "Only GET"));
  }
  const auto id = http::decode_path_segment(segments[2]);
  if (!id) return on_reply(said(400, "The id is not rightly escaped"));
  peer(request, *realm, *id, on_reply);
}

void AdminApi::list(const core::Realm& realm, std::string_view query, const OnReply& on_reply) {
  const auto most = page_size(parameter(query, "limit", std::to_string(kUsualPage)));
  if (!most) {
    return on_reply(said(400, "limit is to be a number from 1 to " + std::to_string(kLongestPage)));
  }
  const std::string after = parameter(query, "after", "");
  const auto list_here = [this, &realm, after, most = *most, on_reply] {
    std::vector<core::Whereabouts> page;
    for (const core::Peer* const each : realm.peers_after(after, most)) {
      page.push_back({each->id, cluster_ == nullptr ? "" : cluster_->node()});
    }
    const bool is_last = page.size() < most;
    on_reply(described(realm, page, realm.size(), is_last, sessions_.now()));
  };
  const auto on_list = [this, &realm, after, most = *most, on_reply,
                        list_here](const std::vector<core::Whereabouts>* all) {
    if (all == nullptr) return list_here();
    const auto page = page_of(*all, after, most);
    on_reply(described(realm, page, all->size(), page.size() < most, sessions_.now()));
  };
  if (!relay_.list_everywhere(realm.key, on_list)) list_here();
}

void AdminApi::peer(const Request& request, const core::Realm& realm, const std::string& id,
                    const OnReply& on_reply) {
  if (request.method != "GET" && request.method != "DELETE") {
    return on_reply(said(405, "Only GET and DELETE"));
  }
  const core::Peer* const found = realm.find(id);
  if (found == nullptr) return peer_elsewhere(request, realm, id, on_reply);
  if (request.method == "GET") return on_reply(said(described(*found, sessions_.now())));
  spdlog::info("Dismissing {}", core::log_text(id));
  relay_.dismiss(realm.key, id, sessions_.now());
  on_reply(said(200, "dismissed"));
}

void AdminApi::peer_elsewhere(const Request& request, const core::Realm& realm,
                              const std::string& id, const OnReply& on_reply) {
  const Reply none = said(404, "There is no such peer");
  const Reply unknown = said(503, "There is none here, and " + std::string(kAway));
  if (cluster_ == nullptr) return on_reply(none);
  if (!cluster_->is_up()) return on_reply(unknown);
  if (request.method == "GET") {
    return cluster_->directory().find(
        realm.key, id, [id, none, unknown, on_reply](const std::optional<std::string>& node) {
          if (!node) return on_reply(unknown);
          on_reply(node->empty() ? none : said(Json{{"id", id}, {"node", *node}}));
        });
  }
  spdlog::info("Dismissing {} on another node", core::log_text(id));
  cluster_->directory().dismiss(realm.key, id,
                                [none, unknown, on_reply](std::optional<bool> is_told) {
                                  if (!is_told) return on_reply(unknown);
                                  on_reply(*is_told ? said(200, "dismissed") : none);
                                });
}

}  // namespace peerjsd::app
