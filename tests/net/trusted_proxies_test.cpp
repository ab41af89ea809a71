#include "peerjsd/net/trusted_proxies.hpp"

#include "peerjsd/net/forwarded.hpp"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace peerjsd::net {
namespace {

using boost::asio::ip::make_address;
using Texts = std::vector<std::string>;
using Headers = std::vector<std::pair<std::string, std::string>>;

Texts hops(const Headers& headers) {
  HttpRequest request;
  for (const auto& [name, value] : headers) request.insert(name, value);
  return hops_of(request);
}

std::string address_of(const std::string& hop) {
  const auto address = address_of_hop(hop);
  return address ? address->to_string() : "none";
}

/// Whom a request with that X-Forwarded-For comes from, over a neighbour that is trusted.
std::string client(const std::string& trusted, const std::string& forwarded_for) {
  const auto proxies = TrustedProxies::parse(trusted);
  return proxies->client(make_address("10.0.0.1"), hops({{"X-Forwarded-For", forwarded_for}})).text;
}

TEST(Forwarded, NamesTheHopsOfAllHeadersInOrder) {
  EXPECT_EQ(hops({}), Texts{});
  EXPECT_EQ(hops({{"X-Forwarded-For", "192.0.2.1"}}), Texts{"192.0.2.1"});
  EXPECT_EQ(hops({{"x-forwarded-for", " 192.0.2.1 ,2001:db8::1"}, {"X-Forwarded-For", "10.1.1.1"}}),
            (Texts{"192.0.2.1", "2001:db8::1", "10.1.1.1"}));
}

TEST(Forwarded, LeavesEmptyElementsOut) {
  EXPECT_EQ(hops({{"X-Forwarded-For", ""}}), Texts{});
  EXPECT_EQ(hops({{"X-Forwarded-For", ", 192.0.2.1,,"}}), Texts{"192.0.2.1"});
}

TEST(Forwarded, TakesTheStandardHeaderWhereThereIsNoOther) {
  EXPECT_EQ(hops({{"Forwarded", R"(for=192.0.2.60;proto=http;by=203.0.113.43)"}}),
            Texts{"192.0.2.60"});
  EXPECT_EQ(hops({{"Forwarded", R"(by="a;b,c";For="[2001:db8::1]:4711" , for=_a\b)"},
                  {"Forwarded", R"(proto=https)"}}),
            (Texts{"[2001:db8::1]:4711", R"(_a\b)", ""}));
  EXPECT_EQ(hops({{"Forwarded", R"(for="a\"b;c)"}}), Texts{R"(a"b;c)"});
  EXPECT_EQ(hops({{"Forwarded", R"(for="a\)"}}), Texts{R"(a\)"});
  EXPECT_EQ(hops({{"Forwarded", "for=192.0.2.1"}, {"X-Forwarded-For", "192.0.2.2"}}),
            Texts{"192.0.2.2"});
}

TEST(Forwarded, KnowsAnAddressWithAndWithoutItsPort) {
  EXPECT_EQ(address_of("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(address_of("192.0.2.1:4711"), "192.0.2.1");
  EXPECT_EQ(address_of("2001:db8::1"), "2001:db8::1");
  EXPECT_EQ(address_of("[2001:db8::1]"), "2001:db8::1");
  EXPECT_EQ(address_of("[2001:db8::1]:4711"), "2001:db8::1");
  for (const char* const word : {"", "unknown", "_hidden", "[", "[]", "a.example", "192.0.2.1.1"}) {
    EXPECT_EQ(address_of(word), "none") << word;
  }
}

TEST(TrustedProxies, AreParsedAndWritten) {
  for (const char* const text : {"true", "false", "10.0.0.0/8", "10.0.0.0/8, 2001:db8::/32",
                                 "192.0.2.1/32", "2001:db8::1/128"}) {
    const auto proxies = TrustedProxies::parse(text);
    ASSERT_TRUE(proxies) << text;
    EXPECT_EQ(proxies->to_text(), text);
  }
  EXPECT_EQ(TrustedProxies::parse("10.1.2.3/8,::1, ::ffff:192.0.2.1")->to_text(),
            "10.0.0.0/8, ::1/128, 192.0.2.1/32");
  for (const char* const text : {"", "maybe", "10.0.0.0/33", "10.0.0/8", "10.0.0.0/8,", "::1/129",
                                 "true, ::1", "localhost"}) {
    EXPECT_FALSE(TrustedProxies::parse(text)) << text;
  }
}

TEST(TrustedProxies, AreTheNeighboursThatAreListed) {
  const auto proxies = TrustedProxies::parse("10.0.0.0/8, 2001:db8::/32");
  for (const char* const text : {"10.0.0.0", "10.255.255.255", "::ffff:10.1.1.1", "2001:db8::1"}) {
    EXPECT_TRUE(proxies->trust(make_address(text))) << text;
  }
  for (const char* const text : {"9.255.255.255", "11.0.0.0", "2001:db9::1", "::1"}) {
    EXPECT_FALSE(proxies->trust(make_address(text))) << text;
  }
  EXPECT_FALSE(TrustedProxies().trust(make_address("127.0.0.1")));
  EXPECT_FALSE(TrustedProxies::parse("false")->trust(make_address("127.0.0.1")));
  EXPECT_TRUE(TrustedProxies::parse("true")->trust(make_address("192.0.2.1")));
}

TEST(TrustedProxies, AreBelievedFromRightToLeft) {
  EXPECT_EQ(client("true", "192.0.2.66, 192.0.2.1"), "192.0.2.1")
      << "the first is the client's say";
  EXPECT_EQ(client("10.0.0.0/8", "192.0.2.66, 192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(client("10.0.0.0/8", "192.0.2.66, 192.0.2.1, 10.0.0.3, 10.0.0.2"), "192.0.2.1");
  EXPECT_EQ(client("10.0.0.0/8", "192.0.2.1:80, [::ffff:10.0.0.2]:80"), "192.0.2.1");
  EXPECT_EQ(client("10.0.0.0/8", "10.0.0.3, 10.0.0.2"), "10.0.0.3") << "a proxy's own request";
  EXPECT_EQ(client("10.0.0.0/8", "192.0.2.1, unknown, 10.0.0.2"), "unknown");
  EXPECT_EQ(client("10.0.0.0/8", ""), "10.0.0.1");
}

TEST(TrustedProxies, GiveTheGroupOfTheClient) {
  const auto proxies = TrustedProxies::parse("true");
  const auto of = [&](const std::string& hop) {
    return proxies->client(make_address("10.0.0.1"), {hop}).group;
  };
  EXPECT_EQ(of("192.0.2.1"), address_group(make_address("192.0.2.1")));
  EXPECT_EQ(of("192.168.0.1"), core::AddressGroup::Local);
  EXPECT_EQ(of("_hidden"), core::AddressGroup::Unknown);
}

}  // namespace
}  // namespace peerjsd::net
