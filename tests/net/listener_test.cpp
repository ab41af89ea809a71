#include "peerjsd/net/listener.hpp"

#include "support/loop.hpp"

#include <string>

#include <boost/asio/connect.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

namespace peerjsd::net {
namespace {

using boost::asio::ip::make_address;
using boost::asio::ip::tcp;

class ListenerTest : public testing::Test {
 protected:
  /// Whether a listener on `host` accepts who connects to `address`.
  bool reaches(const std::string& host, const std::string& address) {
    io_.restart();
    auto listener = Listener::bind(io_, host, 0);
    if (!listener) return false;
    int accepted = 0;
    (*listener)->start([&](Socket) { ++accepted; });
    tcp::socket client(io_);
    boost::system::error_code error;
    client.connect({make_address(address), (*listener)->endpoint().port()}, error);
    const bool reached = !error && test::run_until(io_, [&] { return accepted == 1; });
    (*listener)->stop();
    io_.poll();
    return reached;
  }

  boost::asio::io_context io_{1};
};

TEST_F(ListenerTest, NoHostMeansEveryAddressOfBothFamilies) {
  EXPECT_TRUE(reaches("", "127.0.0.1"));
  EXPECT_TRUE(reaches("", "127.0.0.2"));
  EXPECT_TRUE(reaches("", "::1"));
}

TEST_F(ListenerTest, AnAddressMeansItself) {
  EXPECT_TRUE(reaches("127.0.0.1", "127.0.0.1"));
  EXPECT_FALSE(reaches("127.0.0.1", "127.0.0.2"));
  EXPECT_TRUE(reaches("::1", "::1"));
  EXPECT_FALSE(reaches("::1", "127.0.0.1"));
}

TEST_F(ListenerTest, TheIpv6AnyAddressMeansIpv4TooAsInNode) {
  EXPECT_TRUE(reaches("::", "127.0.0.1"));
  EXPECT_TRUE(reaches("::", "::1"));
}

TEST_F(ListenerTest, ANameIsLookedUp) {
  EXPECT_TRUE(reaches("localhost", "127.0.0.1") || reaches("localhost", "::1"));
  EXPECT_FALSE(Listener::bind(io_, "no such host", 0));
}

TEST_F(ListenerTest, ATakenPortIsAnErrorOnEveryAddress) {
  for (const std::string host : {"", "127.0.0.1"}) {
    const auto first = Listener::bind(io_, host, 0);
    ASSERT_TRUE(first);
    const auto second = Listener::bind(io_, host, (*first)->endpoint().port());
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error(), boost::asio::error::address_in_use);
  }
}

}  // namespace
}  // namespace peerjsd::net
