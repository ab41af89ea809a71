#pragma once

#include <chrono>

#include <boost/asio/io_context.hpp>

namespace peerjsd::test {

/// Runs the loop until `condition` holds; false if it does not come to hold.
template <class Condition>
bool run_until(boost::asio::io_context& io, Condition condition) {
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > give_up) return false;
    io.run_one_for(std::chrono::milliseconds(100));
  }
  return true;
}

}  // namespace peerjsd::test
