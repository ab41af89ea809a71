#pragma once

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

  /// `token`: empty, nobody has it. `metrics`: see metrics().
  AdminApi(std::string token, core::Relay& relay, const net::SessionContext& sessions,
           std::function<std::string()> metrics);

  void set_token(std::string token) { token_ = std::move(token); }

  Reply answer(const Request& request);

 private:
  Reply answer_about_peers(const Request& request, std::string_view path, std::string_view query);
  Reply list(const core::Realm& realm, std::string_view key, std::string_view query) const;
  Reply peer(const Request& request, const core::Realm& realm, std::string_view key,
             const std::string& id);

  std::string token_;
  core::Relay& relay_;
  const net::SessionContext& sessions_;
  std::function<std::string()> metrics_;
};

}  // namespace peerjsd::app
