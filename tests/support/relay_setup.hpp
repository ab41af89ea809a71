#pragma once

#include "peerjsd/core/relay.hpp"

#include <chrono>
#include <string>
#include <vector>

// What tests of a relay have in common.
namespace peerjsd::test {

using Texts = std::vector<std::string>;

inline const std::string kOpen(core::kOpenText);

/// As the destination gets it.
inline std::string text(const std::string& type, const std::string& src, const std::string& dst) {
  return R"({"type":")" + type + R"(","src":")" + src + R"(","dst":")" + dst + R"("})";
}

/// As its sender sends it.
inline std::string sent_to(const std::string& dst, const std::string& type = "OFFER") {
  return R"({"type":")" + type + R"(","dst":")" + dst + R"("})";
}

inline core::RelayOptions relay_options() {
  using namespace std::chrono_literals;
  core::RelayOptions options;
  options.keys = {"peerjs"};
  options.expire_timeout = 5s;
  options.alive_timeout = 60s;
  options.leave_grace = 30s;
  options.takeover_probe = 2s;
  options.concurrent_limit = 100;
  options.outstanding = {1 << 20, 1 << 20, 1 << 22};
  return options;
}

}  // namespace peerjsd::test
