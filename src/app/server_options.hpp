#pragma once

#include "peerjsd/app/config.hpp"
#include "peerjsd/cluster/redis_backend.hpp"
#include "peerjsd/core/keyed_hash.hpp"
#include "peerjsd/core/relay.hpp"
#include "peerjsd/hooks/auth_hook.hpp"
#include "peerjsd/http/service.hpp"
#include "peerjsd/net/session_context.hpp"

#include <chrono>
#include <cstddef>
#include <span>

namespace peerjsd::app {

/// How exactly deadlines are kept.
inline constexpr core::Duration kTick = std::chrono::milliseconds(25);
static_assert(2 * kTick <= std::chrono::milliseconds(50), "EXPIRE comes within 50 ms of its time");

/// The system's, which nobody can predict.
void system_random(std::span<std::byte> bytes);

core::HashKey random_hash_key();

// What a configuration means for each part of the server.

cluster::RedisBackend::Options cluster_options(const Config& config);
core::RelayOptions relay_options(const Config& config);
http::ServiceOptions service_options(const Config& config);
net::SessionOptions session_options(const Config& config);
hooks::AuthHook::Options auth_hook_options(const Config& config);

}  // namespace peerjsd::app
