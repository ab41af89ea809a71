#include "peerjsd/auth/hmac.hpp"

#include "peerjsd/auth/issued_ids.hpp"
#include "support/without_hmac.hpp"

#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

namespace peerjsd::auth {
namespace {

// RFC 4231 4.3, RFC 2202 3
TEST(Hmac, IsThatOfTheStandard) {
  const std::string text = "what do ya want for nothing?";
  EXPECT_TRUE(hmac_sha256("Jefe", text).starts_with("\x5b\xdc\xc1\x46\xbf\x60\x75\x4e"));
  EXPECT_EQ(hmac_sha256("Jefe", text).size(), 32U);
  EXPECT_TRUE(hmac_sha1("Jefe", text).starts_with("\xef\xfc\xdf\x6a\xe5\xeb\x2f\xa2"));
  EXPECT_EQ(hmac_sha1("Jefe", text).size(), 20U);
}

TEST(Hmac, IsNotEmptyWhereThereIsNone) {
  const IssuedIds ids("secret");
  const test::WithoutHmac without;
  EXPECT_THROW(hmac_sha256("key", "text"), std::runtime_error);
  EXPECT_THROW(hmac_sha1("key", "text"), std::runtime_error);
  EXPECT_THROW(ids.is_sealed(std::string(36, 'a')), std::runtime_error);
}

}  // namespace
}  // namespace peerjsd::auth
