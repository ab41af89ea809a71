#pragma once

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace peerjsd::fuzz {

/// What has to hold for every input.
inline void require(bool holds, std::string_view what) {
  if (holds) return;
  std::fprintf(stderr, "not so: %.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

}  // namespace peerjsd::fuzz
