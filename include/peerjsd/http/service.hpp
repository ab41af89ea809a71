#pragma once

#include "peerjsd/core/peer_id.hpp"
#include "peerjsd/core/relay.hpp"
#include "peerjsd/http/pages.hpp"
#include "peerjsd/http/route.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace peerjsd::http {

struct ServiceOptions {
  std::string path = "/";
  /// Origins that may connect and read answers, "https://*.example.com" for all subdomains; empty:
  /// any. In lower case.
  std::vector<std::string> cors;
  bool allow_discovery = false;
  bool any_key = false;  ///< give ids and lists whatever the key, as npm peer 1.0.2 does
  core::IdFormat id_format = core::IdFormat::Uuid;
  /// Makes of a fresh id one that is known again; none: it stays as it is.
  std::function<std::string(std::string)> seal;
  bool has_turn = false;
  std::optional<Demo> demo;
};

struct Request {
  std::string_view method;
  std::string_view target;
  std::string_view origin;             ///< empty: none
  std::string_view requested_headers;  ///< Access-Control-Request-Headers
  std::string_view accept;
};

struct Reply {
  unsigned status = 200;
  std::string body;
  std::vector<std::pair<std::string_view, std::string>> headers;
};

/// What the HTTP endpoints answer; npm peer 1.0.2's answers where it has one, else 0.2.10's. Who
/// asks for text/html, as a browser does for what stands in its address bar, gets a page instead of
/// what the server is in JSON.
class Service {
 public:
  Service(ServiceOptions options, const core::Relay& relay, core::RandomSource random);

  /// From now on; but the path stays.
  void set_options(ServiceOptions options) {
    options.path = std::move(options_.path);
    options_ = std::move(options);
  }

  const Router& router() const { return router_; }

  /// Whether pages of that origin may connect. Empty, for who is no page: yes.
  bool lets_in(std::string_view origin) const { return origin.empty() || is_allowed(origin); }

  const std::string& path() const { return options_.path; }

  /// GET or POST, if there is something to be asked for by it; empty: there is nothing.
  std::string_view method_for(std::string_view target) const;

  bool may_list(std::string_view key) const { return options_.allow_discovery && is_key(key); }

  /// Whatever the key that --compat_http_key takes: one with which clients can connect.
  bool has_turn(std::string_view key) const { return options_.has_turn && is_open(key); }

  /// The answer to a request, by what it asks for: its route, or, if it was a message, what the
  /// relay said to that, or the ids that a list is to have. To HEAD as to GET: the body is for the
  /// caller to leave out.
  template <class Asked>
  Reply answer(const Request& request, const Asked& asked) const {
    return readable(reply_to(request, asked), request.origin);
  }

  /// What only who asked for it may know: JSON.
  Reply confidential(std::string json, std::string_view origin) const;

  /// 401 for who has shown no token, or one that is not good for that.
  Reply unauthorized(std::string_view reason, std::string_view origin) const;

  /// What goes before the lines of a stream; it has no body.
  Reply stream_head(std::string_view origin) const;

  /// Instead of a stream. The status is 200, and what is wrong is the whole body: so, and only so,
  /// do all clients of 0.3.x ignore it and hear of it by their WebSocket, in a form they know.
  Reply stream_refusal(std::string_view reason, std::string_view origin) const;

  /// The answer to what cannot be taken as a request. `origin`: as far as it is known.
  Reply refusal(unsigned status, std::string_view reason, std::string_view origin) const;

 private:
  Reply reply_to(const Request& request, const route::Info& asked) const;
  Reply reply_to(const Request& request, const route::Demo& asked) const;
  Reply reply_to(const Request& request, const route::NewId& asked) const;
  Reply reply_to(const Request& request, const route::Peers& asked) const;
  Reply reply_to(const Request& request, const route::IceServers& asked) const;
  Reply reply_to(const Request& request, const route::WebSocket& asked) const;
  Reply reply_to(const Request& request, const route::Preflight& asked) const;
  Reply reply_to(const Request& request, const route::NotFound& asked) const;
  Reply reply_to(const Request& request, const route::BadTarget& asked) const;
  Reply reply_to(const Request& request, core::Receipt receipt) const;
  std::string hint(const Request& request) const;
  Reply reply_to(const Request& request, const std::vector<std::string_view>& ids) const;

  /// With what CORS needs for the page to read it: clients of all generations read even a refusal
  /// only then.
  Reply readable(Reply reply, std::string_view origin) const;
  std::string fresh_id() const;
  Reply show(Page page) const;
  std::string nonce() const;
  bool is_known(const Route& route) const;
  bool is_key(std::string_view key) const;
  bool is_open(std::string_view key) const;
  bool is_allowed(std::string_view origin) const;

  ServiceOptions options_;
  const core::Relay& relay_;
  core::RandomSource random_;
  Router router_;
};

}  // namespace peerjsd::http
