#pragma once

#include <string>

namespace peerjsd::test {

/// A CANDIDATE as a client sends it; `payload` is JSON.
inline std::string candidate(const std::string& dst, const std::string& payload) {
  return R"({"type":"CANDIDATE","dst":")" + dst + R"(","payload":)" + payload + "}";
}

/// The same as `dst` gets it.
inline std::string relayed(const std::string& src, const std::string& dst,
                           const std::string& payload) {
  return R"({"type":"CANDIDATE","src":")" + src + R"(","dst":")" + dst + R"(","payload":)" +
         payload + "}";
}

}  // namespace peerjsd::test
