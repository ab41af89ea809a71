#include "peerjsd/auth/issued_ids.hpp"

#include "peerjsd/core/peer_id.hpp"

#include <random>
#include <regex>
#include <string>

#include <gtest/gtest.h>

namespace peerjsd::auth {
namespace {

std::string make_id(core::IdFormat format) {
  static std::mt19937 random(7);
  return core::make_peer_id(format, [](std::span<std::byte> bytes) {
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
  });
}

TEST(IssuedIds, KnowsItsOwnInBothForms) {
  const IssuedIds ids("a secret");
  const std::regex uuid("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}");
  const std::regex token("[a-z0-9]{16}");
  for (int i = 0; i < 100; ++i) {
    const std::string first = ids.seal(make_id(core::IdFormat::Uuid));
    EXPECT_TRUE(std::regex_match(first, uuid)) << first;
    EXPECT_TRUE(ids.is_sealed(first));
    const std::string second = ids.seal(make_id(core::IdFormat::Token));
    EXPECT_TRUE(std::regex_match(second, token)) << second;
    EXPECT_TRUE(ids.is_sealed(second));
    EXPECT_TRUE(IssuedIds("a secret").is_sealed(second)) << "after a restart";
    EXPECT_FALSE(IssuedIds("another").is_sealed(first));
  }
}

TEST(IssuedIds, KnowsNoOther) {
  const IssuedIds ids("a secret");
  const std::string good = ids.seal(make_id(core::IdFormat::Uuid));
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string other = good;
    other[i] = other[i] == '0' ? '1' : '0';
    EXPECT_EQ(ids.is_sealed(other), false) << other;
  }
  for (const std::string& text :
       {std::string(), std::string("alice"), std::string(16, 'a'), std::string(36, 'a')}) {
    EXPECT_FALSE(ids.is_sealed(text)) << text;
  }
  EXPECT_FALSE(ids.is_sealed(good + "0"));
}

}  // namespace
}  // namespace peerjsd::auth
