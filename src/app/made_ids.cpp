#include "peerjsd/app/made_ids.hpp"

#include "peerjsd/app/id_rules.hpp"
#include "peerjsd/auth/issued_ids.hpp"
#include "peerjsd/core/peer_id.hpp"

#include "server_options.hpp"

namespace peerjsd::app {
namespace {

/// A pattern may fit some of them only.
constexpr int kTries = 32;

std::string make_id(const Config& config) {
  std::string id = core::make_peer_id(config.id_format, system_random);
  return config.ids == IdSource::Server ? auth::IssuedIds(config.id_secret).seal(id) : id;
}

}  // namespace

std::string problem_with_made_ids(const Config& config) {
  const auto is_accepted = id_rules(config.id_pattern, config.reserved_ids);
  for (int i = 0; i < kTries; ++i) {
    const std::string id = make_id(config);
    if (id.size() > config.max_id_bytes) {
      return "--max_id_bytes: the server makes ids of " + std::to_string(id.size()) +
             ", and refuses them: let it be as many, or choose another --id_format";
    }
    if (!is_accepted(id)) {
      return "--id_pattern: the server makes ids that do not match it, as " + id +
             ", and refuses them: let them match, or choose another --id_format";
    }
  }
  return {};
}

}  // namespace peerjsd::app
