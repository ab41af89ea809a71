#include "peerjsd/auth/base64.hpp"

#include <string>

#include <gtest/gtest.h>

namespace peerjsd::auth {
namespace {

using namespace std::string_literals;

TEST(Base64, DecodesWhatJoseWrites) {
  EXPECT_EQ(decode_base64url(""), "");
  EXPECT_EQ(decode_base64url("Zg"), "f");
  EXPECT_EQ(decode_base64url("Zm8"), "fo");
  EXPECT_EQ(decode_base64url("Zm9v"), "foo");
  EXPECT_EQ(decode_base64url("Zm9vYmFy"), "foobar");
  EXPECT_EQ(decode_base64url("-_8A"), "\xfb\xff\x00"s);
}

TEST(Base64, TakesOneTextOnlyForTheSameBytes) {
  for (const std::string text :
       {"Zg==", "Zh", "Zm9", "Z", "Zm9vY", "+/8A", "Zm 8", "Zm8\n", "Zm8=", "Zm9v.", "\xc3\xa4"}) {
    EXPECT_FALSE(decode_base64url(text)) << text;
  }
  EXPECT_FALSE(decode_base64url("Zg\0"s));
}

TEST(Base64, DecodesWithPaddingOrWithout) {
  for (const std::string text : {"Zm8=", "Zm8"}) EXPECT_EQ(decode_base64(text), "fo");
  for (const std::string text : {"Zg==", "Zg"}) EXPECT_EQ(decode_base64(text), "f");
  EXPECT_EQ(decode_base64("+/8A"), "\xfb\xff\x00"s);
  for (const std::string text :
       {"Zg=", "Zm9v=", "Zm9v====", "====", "Zm8==", "Z", "Zm 8", "-_8A", "-/8A", "+_8A"}) {
    EXPECT_FALSE(decode_base64(text)) << text;
  }
}

TEST(Base64, Encodes) {
  EXPECT_EQ(encode_base64(""), "");
  EXPECT_EQ(encode_base64("f"), "Zg==");
  EXPECT_EQ(encode_base64("fo"), "Zm8=");
  EXPECT_EQ(encode_base64("\xfb\xff\x00"s), "+/8A");
}

}  // namespace
}  // namespace peerjsd::auth
