#pragma once

#include "peerjsd/outbound/address.hpp"

#include <functional>
#include <memory>
#include <vector>

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>

namespace peerjsd::outbound {

using Endpoint = boost::asio::generic::stream_protocol::endpoint;

/// A look-up that is under way. When it ends, the look-up is given up: `on_done` does not come any
/// more, and the loop does not wait for it.
using LookUp = std::shared_ptr<void>;

/// Finds out where `address` is, as the system does (/etc/hosts, DNS), without making the loop
/// wait: names are looked up on a thread that does nothing else. `on_done` comes from the loop,
/// with no endpoints if there are none, and as late as the system likes.
[[nodiscard]] LookUp resolve(boost::asio::io_context& io, const Address& address,
                             std::function<void(std::vector<Endpoint>)> on_done);

}  // namespace peerjsd::outbound
