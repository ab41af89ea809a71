#pragma once

#include "peerjsd/core/peer_id.hpp"
#include "peerjsd/core/relay.hpp"
#include "peerjsd/http/route.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace peerjsd::http {

struct ServiceOptions {
  std::string path = "/";
  std::vector<std::string> cors;  ///< origins that may read answers; empty: any
  bool allow_discovery = false;
  bool any_key = false;  ///< give ids and lists whatever the key, as npm peer 1.0.2 does
  core::IdFormat id_format = core::IdFormat::Uuid;
};

struct Request {
  std::string_view method;
  std::string_view target;
  std::string_view origin;             ///< empty: none
  std::string_view requested_headers;  ///< Access-Control-Request-Headers
  bool is_upgrade = false;             ///< it asks for a WebSocket
};

struct Reply {
  unsigned status = 200;
  std::string body;
  std::vector<std::pair<std::string_view, std::string>> headers;
};

/// What the HTTP endpoints answer; npm peer 1.0.2's answers where it has one.
class Service {
 public:
  Service(ServiceOptions options, const core::Relay& relay, core::RandomSource random);

  const Router& router() const { return router_; }
  const std::string& path() const { return options_.path; }

  /// The answer to a request that did not become a WebSocket. To HEAD as to GET: the body is for
  /// the caller to leave out.
  Reply answer(const Request& request) const;

  /// The answer to what cannot be taken as a request. `origin`: as far as it is known.
  Reply refusal(unsigned status, std::string_view reason, std::string_view origin) const;

 private:
  Reply answer_route(const Request& request, const route::Info&) const;
  Reply answer_route(const Request& request, const route::NewId& asked) const;
  Reply answer_route(const Request& request, const route::Peers& asked) const;
  Reply answer_route(const Request& request, const route::WebSocket&) const;
  Reply answer_route(const Request& request, const route::Preflight&) const;
  Reply answer_route(const Request& request, const route::NotFound&) const;
  Reply answer_route(const Request& request, const route::BadTarget&) const;

  bool is_key(std::string_view key) const;
  void allow_origin(std::string_view origin, Reply& reply) const;

  ServiceOptions options_;
  const core::Relay& relay_;
  core::RandomSource random_;
  Router router_;
};

}  // namespace peerjsd::http
