#pragma once

#include "peerjsd/cluster/redis_backend.hpp"
#include "peerjsd/core/relay.hpp"
#include "peerjsd/hooks/auth_hook.hpp"
#include "peerjsd/hooks/event_hook.hpp"
#include "peerjsd/net/histogram.hpp"
#include "peerjsd/net/session_context.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace peerjsd::app {

/// What a server can be asked for its metrics.
struct Observed {
  const core::Relay& relay;
  const std::vector<std::string>& keys;
  const net::SessionContext& sessions;
  const net::Histogram& loop_lag;  ///< by how much the tick came too late
  std::chrono::system_clock::time_point started;
  std::optional<std::chrono::system_clock::time_point> certificate_expiry;
  const cluster::RedisBackend* cluster;  ///< nullptr: this node is alone
  const hooks::AuthHook* auth_hook;      ///< nullptr: nobody is asked
  const hooks::EventHook* event_hook;    ///< nullptr: nobody is told
};

/// All metrics, in the text format of Prometheus; docs/metrics.md says what they mean. Costs time
/// for each connection.
std::string metrics(const Observed& observed);

}  // namespace peerjsd::app
