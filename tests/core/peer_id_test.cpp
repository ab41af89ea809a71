#include "peerjsd/core/peer_id.hpp"

#include <cstddef>
#include <regex>
#include <set>

#include <gtest/gtest.h>

namespace peerjsd::core {
namespace {

/// Bytes that count up from `first`.
RandomSource counting_from(unsigned char first) {
  return [next = first](std::span<std::byte> bytes) mutable {
    for (std::byte& byte : bytes) byte = std::byte{next++};
  };
}

TEST(PeerId, IsAUuidVersion4) {
  EXPECT_EQ(make_peer_id(IdFormat::Uuid, counting_from(0)), "00010203-0405-4607-8809-0a0b0c0d0e0f");
  const std::regex form("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}");
  for (unsigned first = 0; first < 256; ++first) {
    const auto id = make_peer_id(IdFormat::Uuid, counting_from(static_cast<unsigned char>(first)));
    EXPECT_TRUE(std::regex_match(id, form)) << id;
  }
}

TEST(PeerId, IsASixteenCharacterTokenOnRequest) {
  EXPECT_EQ(make_peer_id(IdFormat::Token, counting_from(0)), "abcdefghijklmnop");
  EXPECT_EQ(make_peer_id(IdFormat::Token, counting_from(30)), "456789abcdefghij");
}

TEST(PeerId, TokenSkipsBytesThatWouldFavourSomeCharacters) {
  // 252..255 are beyond the last whole run of the 36 characters.
  EXPECT_EQ(make_peer_id(IdFormat::Token, counting_from(250)), "89abcdefghijklmn");
}

}  // namespace
}  // namespace peerjsd::core
