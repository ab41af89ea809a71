#include "peerjsd/net/address_group.hpp"

#include <set>
#include <string>

#include <gtest/gtest.h>

namespace peerjsd::net {
namespace {

using core::AddressGroup;

TEST(AddressGroup, IsOneForEachIpv4AddressAndEachIpv6Network) {
  std::set<AddressGroup> groups;
  for (const std::string address :
       {"203.0.113.1", "203.0.113.2", "8.8.8.8", "2001:db8::1", "2001:db8:0:1::1", "2001:db9::1"}) {
    EXPECT_TRUE(groups.insert(address_group(address)).second) << address;
  }
  EXPECT_FALSE(groups.contains(AddressGroup::Local));
}

TEST(AddressGroup, IsTheSameWithinTheNetworkOfACustomer) {
  EXPECT_EQ(address_group("2001:db8::1"), address_group("2001:db8::ffff:1:2:3"));
  EXPECT_EQ(address_group("203.0.113.1"), address_group("::ffff:203.0.113.1"));
}

TEST(AddressGroup, IsLocalWhereAProxyMayBe) {
  for (const std::string address :
       {"127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
        "169.254.1.1", "0.0.0.0", "::1", "fe80::1", "febf::1", "fc00::1", "fdff::1",
        "::ffff:10.0.0.1"}) {
    EXPECT_EQ(address_group(address), AddressGroup::Local) << address;
  }
  for (const std::string address : {
           "126.255.255.255",
           "128.0.0.0",
           "9.255.255.255",
           "11.0.0.0",
           "172.15.255.255",
           "172.32.0.0",
           "192.167.255.255",
           "192.169.0.0",
           "169.253.0.0",
           "1.0.0.0",
           "fec0::1",
           "fbff::1",
           "fe00::1",
       }) {
    EXPECT_NE(address_group(address), AddressGroup::Local) << address;
  }
}

TEST(AddressGroup, IsUnknownForWhatIsNoAddress) {
  EXPECT_EQ(address_group(""), AddressGroup::Unknown);
  EXPECT_EQ(address_group("203.0.113.1:80"), AddressGroup::Unknown);
}

}  // namespace
}  // namespace peerjsd::net
