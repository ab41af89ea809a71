#include "peerjsd/net/connection_limits.hpp"

#include <algorithm>

namespace peerjsd::net {

using core::AddressGroup;

std::string_view ConnectionLimits::refusal(AddressGroup group, core::Instant now) {
  if (options_.total > 0 && total_ >= options_.total) return "there are too many connections";
  return refusal_behind_proxy(group, now);
}

std::string_view ConnectionLimits::refusal_behind_proxy(AddressGroup group, core::Instant now) {
  if (group == AddressGroup::Local) return {};
  Address& from = address(group, now);
  if (options_.per_address > 0 && from.connections >= options_.per_address) {
    return "too many connections from this address";
  }
  if (from.new_ones.take(options_.new_per_address, 1, now) > core::Duration::zero()) {
    from.new_ones.give_back(options_.new_per_address, 1);
    return "too many new connections a second from this address";
  }
  return {};
}

void ConnectionLimits::enter(AddressGroup group) {
  ++total_;
  if (group != AddressGroup::Local) ++addresses_[group].connections;
}

void ConnectionLimits::leave(AddressGroup group) {
  --total_;
  const auto found = addresses_.find(group);
  if (found != addresses_.end()) --found->second.connections;
}

ConnectionLimits::Address& ConnectionLimits::address(AddressGroup group, core::Instant now) {
  if (addresses_.size() >= forget_at_) forget_idle(now);
  return addresses_[group];
}

/// Those that have no connection and nothing to be slowed for. Each time about as many must have
/// come as stay, so that it costs little for each.
void ConnectionLimits::forget_idle(core::Instant now) {
  std::erase_if(addresses_, [now](const auto& entry) {
    return entry.second.connections == 0 && entry.second.new_ones.is_full(now);
  });
  forget_at_ = std::max(kFewest, 2 * addresses_.size());
}

}  // namespace peerjsd::net
