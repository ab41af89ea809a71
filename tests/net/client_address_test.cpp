#include "peerjsd/net/client_address.hpp"

#include <set>
#include <string>

#include <gtest/gtest.h>

namespace peerjsd::net {
namespace {

using boost::asio::ip::make_address;
using core::AddressGroup;

TEST(AddressGroup, IsOneForEachIpv4AddressAndEachIpv6Network) {
  std::set<AddressGroup> groups;
  for (const std::string address :
       {"203.0.113.1", "203.0.113.2", "8.8.8.8", "2001:db8::1", "2001:db8:0:1::1", "2001:db9::1"}) {
    EXPECT_TRUE(groups.insert(address_group(make_address(address))).second) << address;
  }
  EXPECT_FALSE(groups.contains(AddressGroup::Local));
}

TEST(AddressGroup, IsTheSameWithinTheNetworkOfACustomer) {
  EXPECT_EQ(address_group(make_address("2001:db8::1")),
            address_group(make_address("2001:db8::ffff:1:2:3")));
  EXPECT_EQ(address_group(make_address("203.0.113.1")),
            address_group(make_address("::ffff:203.0.113.1")));
}

TEST(AddressGroup, IsLocalWhereAProxyMayBe) {
  for (const std::string address :
       {"127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
        "169.254.1.1", "0.0.0.0", "::1", "fe80::1", "febf::1", "fc00::1", "fdff::1",
        "::ffff:10.0.0.1"}) {
    EXPECT_EQ(address_group(make_address(address)), AddressGroup::Local) << address;
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
    EXPECT_NE(address_group(make_address(address)), AddressGroup::Local) << address;
  }
}

TEST(ClientAddress, IsWrittenAsIpv4WhereItIsThat) {
  EXPECT_EQ(ClientAddress(make_address("::ffff:203.0.113.1")).text, "203.0.113.1");
  EXPECT_EQ(ClientAddress(make_address("2001:db8::1")).text, "2001:db8::1");
}

TEST(ClientAddress, IsUnknownWhereAProxySaysSo) {
  const ClientAddress client = ClientAddress::unknown("_hidden\n");
  EXPECT_EQ(client.group, AddressGroup::Unknown);
  EXPECT_EQ(client.text, R"(_hidden\n)");
  EXPECT_EQ(ClientAddress::unknown("").text, "unknown");
}

}  // namespace
}  // namespace peerjsd::net
