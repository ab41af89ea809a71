#pragma once

#include "peerjsd/core/client.hpp"
#include "peerjsd/core/time.hpp"
#include "peerjsd/net/rate_meter.hpp"

#include <cstddef>
#include <string_view>
#include <unordered_map>

namespace peerjsd::net {

/// How many connections there may be, and from where. No I/O and no clock of its own.
class ConnectionLimits {
 public:
  /// 0: any number. Nothing counts for AddressGroup::Local.
  struct Options {
    std::size_t total = 0;
    std::size_t per_address = 0;
    Rate new_per_address;  ///< connections; or behind a proxy, requests
  };

  explicit ConnectionLimits(Options options) : options_(options) {}

  /// For those that come from now on.
  void set_options(Options options) { options_ = options; }

  /// Whether one more may come from there; if so it counts as new. Empty, or why not, in words for
  /// the log.
  std::string_view refusal(core::AddressGroup group, core::Instant now);

  /// The same for what comes on a connection that is there already: that of a proxy.
  std::string_view refusal_behind_proxy(core::AddressGroup group, core::Instant now);

  /// A connection begins, or ends.
  void enter(core::AddressGroup group);
  void leave(core::AddressGroup group);

  std::size_t total() const { return total_; }

  /// Of how many addresses something is known.
  std::size_t addresses() const { return addresses_.size(); }

 private:
  struct Address {
    std::size_t connections = 0;
    RateMeter new_ones;
  };

  Address& address(core::AddressGroup group, core::Instant now);
  void forget_idle(core::Instant now);

  Options options_;
  std::size_t total_ = 0;
  std::unordered_map<core::AddressGroup, Address> addresses_;
  std::size_t forget_at_ = kFewest;  // this many addresses

  static constexpr std::size_t kFewest = 1024;
};

}  // namespace peerjsd::net
