#include "peerjsd/net/listener.hpp"

#include "support/failing_calls.hpp"
#include "support/loop.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>

#include <boost/asio/connect.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

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
    (*listener)->start([&](Socket, const Listener::Endpoint&) { ++accepted; });
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

// On a port that IPv4 could still have.
TEST_F(ListenerTest, OverATakenPortItDoesNotFallBackToIpv4) {
  tcp::acceptor other(io_, tcp::v6());
  other.set_option(boost::asio::ip::v6_only(true));
  other.bind({boost::asio::ip::address_v6::any(), 0});
  other.listen();
  const auto listener = Listener::bind(io_, "", other.local_endpoint().port());
  ASSERT_FALSE(listener);
  EXPECT_EQ(listener.error(), boost::asio::error::address_in_use);
}

TEST_F(ListenerTest, TakesOverASocketThatListens) {
  for (const tcp& family : {tcp::v4(), tcp::v6()}) {
    tcp::acceptor other(io_, tcp::endpoint(family, 0));
    const auto endpoint = other.local_endpoint();
    auto listener = Listener::adopt(io_, other.release());
    ASSERT_TRUE(listener) << listener.error().message();
    EXPECT_EQ((*listener)->endpoint(), endpoint);
    int no_delay = 0;
    (*listener)->start([&](Socket socket, const Listener::Endpoint&) {
      socklen_t size = sizeof no_delay;
      ::getsockopt(socket.descriptor(), IPPROTO_TCP, TCP_NODELAY, &no_delay, &size);
    });
    tcp::socket client(io_);
    client.connect(
        {family == tcp::v4() ? make_address("127.0.0.1") : make_address("::1"), endpoint.port()});
    EXPECT_TRUE(test::run_until(io_, [&] { return no_delay != 0; }));
    (*listener)->stop();
    io_.poll();
    io_.restart();
  }
}

TEST_F(ListenerTest, LeavesAloneWhatIsNoSocketToListenOn) {
  const auto refusal_of = [this](int descriptor) {
    const auto listener = Listener::adopt(io_, descriptor);
    return listener ? boost::system::error_code() : listener.error();
  };
  const std::array<int, 3> wrong = {::socket(AF_INET, SOCK_STREAM, 0),
                                    ::socket(AF_UNIX, SOCK_STREAM, 0),
                                    ::open("/dev/null", O_RDONLY)};
  EXPECT_EQ(refusal_of(wrong[0]), boost::asio::error::invalid_argument);
  EXPECT_EQ(refusal_of(wrong[1]), boost::asio::error::address_family_not_supported);
  EXPECT_EQ(refusal_of(wrong[2]), boost::asio::error::not_socket);
  for (const int descriptor : wrong) EXPECT_EQ(::close(descriptor), 0);
  EXPECT_EQ(refusal_of(wrong[0]), boost::asio::error::bad_descriptor);
}

/// Prints where a listener on every address listens, and ends the process.
[[noreturn]] void bind_and_exit() {
  boost::asio::io_context io(1);
  const auto listener = Listener::bind(io, "", 0);
  if (listener) {
    std::fprintf(stderr, "on %s\n", (*listener)->endpoint().address().to_string().c_str());
  } else {
    std::fprintf(stderr, "%s\n", listener.error().message().c_str());
  }
  std::_Exit(listener ? EXIT_SUCCESS : EXIT_FAILURE);
}

TEST(ListenerWithoutIpv6, ListensOnIpv4WhereTheSystemHasNoIpv6) {
  EXPECT_EXIT(
      {
        test::fail_calls(SYS_socket, 0, AF_INET6, EAFNOSUPPORT);
        bind_and_exit();
      },
      testing::ExitedWithCode(EXIT_SUCCESS), "^on 0\\.0\\.0\\.0\n$");
}

TEST(ListenerWithoutIpv6, ListensOnIpv4WhereIpv6IsOff) {
  EXPECT_EXIT(
      {
        test::fail_calls(SYS_bind, 2, sizeof(sockaddr_in6), EADDRNOTAVAIL);
        bind_and_exit();
      },
      testing::ExitedWithCode(EXIT_SUCCESS), "^on 0\\.0\\.0\\.0\n$");
}

}  // namespace
}  // namespace peerjsd::net
