#include "peerjsd/outbound/address.hpp"

#include <string>

#include <gtest/gtest.h>

namespace peerjsd::outbound {
namespace {

TEST(Address, IsReadWithOrWithoutAPort) {
  Address address;
  EXPECT_TRUE(read_address("a.example.com", 80, address));
  EXPECT_EQ(address, (Address{"a.example.com", 80}));
  EXPECT_TRUE(read_address("10.0.0.1:81", 80, address));
  EXPECT_EQ(address, (Address{"10.0.0.1", 81}));
  EXPECT_TRUE(read_address("[::1]", 80, address));
  EXPECT_EQ(address, (Address{"::1", 80}));
  EXPECT_TRUE(read_address("[::1]:65535", 80, address));
  EXPECT_EQ(address, (Address{"::1", 65535}));
}

TEST(Address, NothingElseIsOne) {
  Address address;
  for (const std::string text : {"", ":80", "a:", "a:0", "a:65536", "a:x", "a b", "[::1", "[::1]x",
                                 "[]:1", "::1", "a/b", "a@b"}) {
    EXPECT_FALSE(read_address(text, 80, address)) << text;
  }
}

TEST(Address, IsShownAsItIsWritten) {
  EXPECT_EQ(to_string({"a", 1}), "a:1");
  EXPECT_EQ(to_string({"::1", 1}), "[::1]:1");
  EXPECT_EQ(to_string({"/run/a", 0}), "/run/a");
}

}  // namespace
}  // namespace peerjsd::outbound
