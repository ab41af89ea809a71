#include "peerjsd/core/keyed_hash.hpp"

#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace peerjsd::core {
namespace {

// As CPython 3.11 hashes bytes with PYTHONHASHSEED=0.
TEST(KeyedHash, IsSipHash13) {
  const std::vector<std::pair<std::string, std::uint64_t>> expected = {
      {"a", 0x407448d2b89b1813},
      {"alice", 0x11af1c347e79d641},
      {"12345678", 0x3489982430560a87},
      {"123456789abcdef", 0xf3543d992ba71328},
      {"0123456789abcdef", 0x1d42b30f7e060c24},
  };
  for (const auto& [text, hash] : expected) EXPECT_EQ(keyed_hash({0, 0}, text), hash) << text;
}

TEST(KeyedHash, DependsOnBothHalvesOfTheKey) {
  std::set<std::uint64_t> hashes;
  for (const HashKey& key : {HashKey{0, 0}, HashKey{1, 0}, HashKey{0, 1}}) {
    EXPECT_TRUE(hashes.insert(keyed_hash(key, "alice")).second);
  }
}

}  // namespace
}  // namespace peerjsd::core
