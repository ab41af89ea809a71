#pragma once

#include "peerjsd/cluster/redis_backend.hpp"
#include "peerjsd/core/relay.hpp"
#include "peerjsd/net/session_context.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace peerjsd::app {

/// What operators and their programs may ask, on a port of their own: docs/operations.md.
///
/// /metrics, /healthz and /readyz answer everyone who reaches the port; /peers only who has the
/// token.
class AdminApi {
 public:
  struct Request {
    std::string_view method;
    std::string_view target;         ///< as in the request line
    std::string_view authorization;  ///< the header; empty if there is none
  };

  struct Reply {
    unsigned status;
    std::string_view content_type;
    std::string body;
  };

  using OnReply = std::function<void(Reply)>;

  /// `token`: empty, nobody has it. `metrics`: see metrics(). `cluster`: nullptr, this node is
  /// alone.
  AdminApi(std::string token, core::Relay& relay, const net::SessionContext& sessions,
           std::function<std::string()> metrics, cluster::RedisBackend* cluster);

  void set_token(std::string token) { token_ = std::move(token); }

  /// `on_reply` comes once, at once or later.
  void answer(const Request& request, const OnReply& on_reply);

 private:
  Reply readiness() const;
  void answer_about_peers(const Request& request, std::string_view path, std::string_view query,
                          const OnReply& on_reply);
  void list(const core::Realm& realm, std::string_view query, const OnReply& on_reply);
  void peer(const Request& request, const core::Realm& realm, const std::string& id,
            const OnReply& on_reply);
  void peer_elsewhere(const Request& request, const core::Realm& realm, const std::string& id,
                      const OnReply& on_reply);

  std::string token_;
  core::Relay& relay_;
  const net::SessionContext& sessions_;
  std::function<std::string()> metrics_;
  cluster::RedisBackend* cluster_;
};

}  // namespace peerjsd::app
