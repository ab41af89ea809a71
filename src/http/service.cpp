#include "peerjsd/http/service.hpp"

#include <algorithm>
#include <type_traits>
#include <utility>

#include <nlohmann/json.hpp>

namespace peerjsd::http {
namespace {

constexpr std::string_view kText = "text/plain; charset=utf-8";
constexpr std::string_view kHtml = "text/html; charset=utf-8";
constexpr std::string_view kJson = "application/json; charset=utf-8";

Reply reply(unsigned status, std::string_view content_type, std::string body) {
  return {status, std::move(body), {{"Content-Type", std::string(content_type)}}};
}

std::string dump(const nlohmann::ordered_json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Reply introduction() {
  const std::string body =
      dump({{"name", "PeerJS Server"},
            {"description", "A server side element to broker connections between PeerJS clients."},
            {"website", "https://peerjs.com/"}});
  return reply(200, kJson, body);
}

Reply invalid_key() {
  return reply(401, kText, "Invalid key provided");
}

/// `pattern`: scheme://*.domain
bool is_subdomain(std::string_view origin, std::string_view pattern) {
  const std::size_t star = pattern.find('*');
  if (star == pattern.npos) return false;
  const std::string_view head = pattern.substr(0, star);
  const std::string_view tail = pattern.substr(star + 1);
  if (origin.size() <= head.size() + tail.size()) return false;
  if (!origin.starts_with(head) || !origin.ends_with(tail)) return false;
  const std::string_view name =
      origin.substr(head.size(), origin.size() - head.size() - tail.size());
  return name.find_first_of("/:@") == name.npos;
}

}  // namespace

Service::Service(ServiceOptions options, const core::Relay& relay, core::RandomSource random)
    : options_(std::move(options)),
      relay_(relay),
      random_(std::move(random)),
      router_(options_.path) {}

Reply Service::reply_to(const Request& request, const route::Info&) const {
  const bool is_for_people = request.accept.find("text/html") != request.accept.npos;
  Reply answer = is_for_people ? show(root_page(options_.path, options_.demo.has_value(), nonce()))
                               : introduction();
  answer.headers.emplace_back("Vary", "Origin, Accept");
  return answer;
}

Reply Service::reply_to(const Request& request, const route::Demo&) const {
  if (!options_.demo) return reply_to(request, route::NotFound{});
  return show(demo_page(*options_.demo, nonce()));
}

Reply Service::show(Page page) const {
  Reply answer = reply(200, kHtml, std::move(page.body));
  answer.headers.emplace_back("Content-Security-Policy", std::move(page.content_security_policy));
  answer.headers.emplace_back("Cache-Control", "no-store");
  answer.headers.emplace_back("X-Content-Type-Options", "nosniff");
  answer.headers.emplace_back("Referrer-Policy", "no-referrer");
  return answer;
}

std::string Service::nonce() const {
  return core::make_peer_id(core::IdFormat::Token, random_);
}

Reply Service::reply_to(const Request&, const route::NewId& asked) const {
  if (!is_key(asked.key)) return invalid_key();
  const core::Realm* const realm = relay_.realm(asked.key);
  std::string id = fresh_id();
  while (realm != nullptr && realm->find(id) != nullptr) id = fresh_id();
  // peerjs takes the body as it is: no newline.
  return reply(200, kHtml, std::move(id));
}

std::string Service::fresh_id() const {
  std::string id = core::make_peer_id(options_.id_format, random_);
  return options_.seal ? options_.seal(std::move(id)) : id;
}

/// Where there are TURN servers, and the key is right, it is not for this class to answer.
Reply Service::reply_to(const Request& request, const route::IceServers&) const {
  return options_.has_turn ? invalid_key() : reply_to(request, route::NotFound{});
}

Reply Service::reply_to(const Request& request, const route::Peers& asked) const {
  if (!is_key(asked.key)) return invalid_key();
  if (!options_.allow_discovery) return reply(401, kText, "Unauthorized");
  const core::Realm* const realm = relay_.realm(asked.key);
  return reply_to(request, realm ? realm->connected_ids() : std::vector<std::string_view>());
}

Reply Service::reply_to(const Request&, const std::vector<std::string_view>& ids) const {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const std::string_view id : ids) list.push_back(id);
  return reply(200, kJson, dump(list));
}

Reply Service::reply_to(const Request&, const route::WebSocket&) const {
  Reply answer = reply(426, kText,
                       "This is the WebSocket endpoint of a PeerServer, but the request asked for "
                       "no upgrade. If it comes from a PeerJS client, a proxy in between dropped "
                       "the headers \"Upgrade\" and \"Connection\": let it pass them on.\n");
  answer.headers.emplace_back("Upgrade", "websocket");
  return answer;
}

Reply Service::reply_to(const Request& request, const route::Preflight&) const {
  Reply answer{204,
               {},
               {{"Access-Control-Allow-Methods", "GET,HEAD,PUT,PATCH,POST,DELETE"},
                {"Vary", "Origin, Access-Control-Request-Headers"}}};
  if (!request.requested_headers.empty()) {
    answer.headers.emplace_back("Access-Control-Allow-Headers", request.requested_headers);
  }
  answer.headers.emplace_back("Access-Control-Max-Age", "86400");
  return answer;
}

std::string_view Service::method_for(std::string_view target) const {
  for (const std::string_view method : {"GET", "POST"}) {
    if (is_known(router_.route(method, target))) return method;
  }
  return {};
}

/// Anything of some segments is a route of some key.
bool Service::is_known(const Route& route) const {
  return std::visit(
      [this]<class Asked>(const Asked& asked) {
        if constexpr (requires { asked.key; }) {
          return is_key(asked.key);
        } else {
          return !std::is_same_v<Asked, route::NotFound>;
        }
      },
      route);
}

/// What may have been meant.
std::string Service::hint(const Request& request) const {
  const Route to_get = router_.route("GET", request.target);
  if (std::holds_alternative<route::Demo>(to_get) && !options_.demo) {
    return "This PeerServer serves no demo; it does with --demo.";
  }
  if (std::holds_alternative<route::IceServers>(to_get) && !options_.has_turn) {
    return "This PeerServer knows of no TURN servers; it does with --turn_secret and --turn_urls.";
  }
  const std::string_view method = method_for(request.target);
  // Where they are the same a WebSocket was asked for.
  if (!method.empty() && method != request.method) {
    return "This is for " + std::string(method) + ", not for " + std::string(request.method) + ".";
  }
  return "This PeerServer serves the path " + options_.path +
         ": clients reach it with the option path: '" + options_.path + "'.";
}

Reply Service::reply_to(const Request& request, const route::NotFound&) const {
  const std::string& path = options_.path;
  const std::string body = dump(
      {{"error", "Not found"},
       {"method", request.method},
       {"target", request.target.substr(0, request.target.find('?'))},  // its query has the token
       {"path", path},
       {"hint", hint(request)}});
  return reply(404, kJson, body);
}

Reply Service::reply_to(const Request&, const route::BadTarget&) const {
  return reply(400, kText, "Bad percent escape in the path\n");
}

Reply Service::reply_to(const Request&, core::Receipt receipt) const {
  if (receipt == core::Receipt::Unauthorized || receipt == core::Receipt::Early) {
    return reply(401, kText, "Unauthorized");
  }
  const std::string_view complaint = core::complaint(receipt);
  if (!complaint.empty()) return reply(400, kText, std::string(complaint) + "\n");
  return reply(200, kText, "OK");
}

Reply Service::confidential(std::string json, std::string_view origin) const {
  Reply answer = reply(200, kJson, std::move(json));
  answer.headers.emplace_back("Cache-Control", "no-store");
  return readable(std::move(answer), origin);
}

Reply Service::unauthorized(std::string_view reason, std::string_view origin) const {
  Reply answer = reply(401, kText, std::string(reason));
  answer.headers.emplace_back("WWW-Authenticate", "Bearer");
  return readable(std::move(answer), origin);
}

Reply Service::stream_head(std::string_view origin) const {
  Reply head = reply(200, "application/octet-stream", {});
  head.headers.emplace_back("Cache-Control", "no-store");
  head.headers.emplace_back("X-Accel-Buffering", "no");  // nginx would hold the lines back
  return readable(std::move(head), origin);
}

Reply Service::stream_refusal(std::string_view reason, std::string_view origin) const {
  return readable(reply(200, kJson, core::error_text(reason)), origin);
}

Reply Service::refusal(unsigned status, std::string_view reason, std::string_view origin) const {
  return readable(reply(status, kText, std::string(reason) + "\n"), origin);
}

bool Service::is_key(std::string_view key) const {
  return options_.any_key || is_open(key);
}

bool Service::is_open(std::string_view key) const {
  const core::Realm* const realm = relay_.realm(key);
  return realm != nullptr && realm->is_open();
}

Reply Service::readable(Reply reply, std::string_view origin) const {
  const bool has_vary =
      std::ranges::any_of(reply.headers, [](const auto& header) { return header.first == "Vary"; });
  if (!has_vary) reply.headers.emplace_back("Vary", "Origin");
  if (is_allowed(origin)) reply.headers.emplace_back("Access-Control-Allow-Origin", origin);
  return reply;
}

bool Service::is_allowed(std::string_view origin) const {
  if (origin.empty()) return false;
  const std::vector<std::string>& allowed = options_.cors;
  return allowed.empty() || std::ranges::any_of(allowed, [&](const std::string& each) {
           return each == "*" || each == origin || is_subdomain(origin, each);
         });
}

}  // namespace peerjsd::http
