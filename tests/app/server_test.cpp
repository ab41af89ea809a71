#include "peerjsd/app/server.hpp"

#include "support/failing_calls.hpp"
#include "support/notification_socket.hpp"
#include "support/server_fixture.hpp"
#include "support/tls_files.hpp"

#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace peerjsd::app {
namespace {

using namespace std::chrono_literals;

class ServerTest : public test::ServerFixture {};

TEST_F(ServerTest, SaysThatThePortIsTaken) {
  start();
  Config config;
  config.host = "127.0.0.1";
  config.port = server_->endpoint().port();
  const auto second = Server::create(io_, config);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error(), boost::system::errc::address_in_use);
}

TEST_F(ServerTest, TellsItsServiceManagerHowItIs) {
  const test::TemporaryDirectory directory;
  const std::string name = directory.path("notify");
  const test::NotificationSocket manager(name);
  Config config;
  config.host = "127.0.0.1";
  config.port = 0;
  auto created =
      Server::create(io_, config, {}, ServiceManager([&](const char* variable) {
                       return variable == std::string("NOTIFY_SOCKET") ? name.c_str() : nullptr;
                     }));
  ASSERT_TRUE(created);
  server_ = std::move(*created);
  EXPECT_EQ(manager.hear(), "") << "it does not accept yet";
  server_->start();
  EXPECT_EQ(manager.hear(), "READY=1");
  const auto hears = [&](const std::string& expected) {
    return run_until([&] { return manager.hear() == expected; });
  };
  EXPECT_TRUE(hears("STATUS=peers: 0, connections: 0"));
  const auto a = join("a");
  const auto other = raw();
  EXPECT_TRUE(hears("STATUS=peers: 1, connections: 2"));
  server_->heed_signals([&] { return config; });
  std::raise(SIGHUP);
  EXPECT_TRUE(run_until([&] { return manager.hear().starts_with("RELOADING=1\n"); }));
  EXPECT_EQ(manager.hear(), "READY=1");
  server_->stop();
  EXPECT_EQ(manager.hear(), "STOPPING=1");
}

TEST_F(ServerTest, ClosesEveryoneWithServiceRestartAndTellsNobodyToLeave) {
  start();
  std::vector<std::unique_ptr<test::WebSocketClient>> clients;
  for (int i = 0; i < 20; ++i) clients.push_back(join("p" + std::to_string(i)));
  clients[0]->send(R"({"type":"OFFER","dst":"p1"})");
  ASSERT_TRUE(run_until([&] { return clients[1]->received.size() == 1; }));
  clients[1]->take();
  const auto idle = raw();
  server_->stop();
  io_.run_for(20s);
  EXPECT_TRUE(io_.stopped()) << "the loop ends by itself";
  EXPECT_TRUE(idle->ended);
  for (const auto& client : clients) {
    EXPECT_EQ(client->close_code, 1012);
    EXPECT_TRUE(client->received.empty());
  }
}

TEST_F(ServerTest, SpreadsItsGoodbyes) {
  Config config;
  config.drain_timeout = 20s;
  start(config);
  std::vector<std::unique_ptr<test::WebSocketClient>> clients;
  for (int i = 0; i < 40; ++i) clients.push_back(join("p" + std::to_string(i)));
  const auto ended = [&] {
    return std::ranges::count_if(clients, [](const auto& client) { return client->ended; });
  };
  server_->stop();
  ASSERT_TRUE(run_until([&] { return ended() > 0; }));
  io_.poll();
  EXPECT_LT(ended(), 40) << "all would come back in the same moment";
}

TEST_F(ServerTest, GivesUpOnWhoDoesNotGo) {
  Config config;
  config.drain_timeout = 200ms;
  start(config);
  test::RawClient mute(io_, server_->endpoint());
  mute.write(test::handshake("mute"));
  ASSERT_TRUE(run_until([&] { return peers() == 1; }));
  server_->stop();
  io_.run_for(20s);
  EXPECT_TRUE(io_.stopped());
  EXPECT_EQ(peers(), 0U);
}

TEST_F(ServerTest, ASecondSignalEndsEveryRegistrationAtOnce) {
  Config config;
  config.drain_timeout = 1h;
  start(config);
  server_->heed_signals([&] { return config; });
  const auto mute = raw();
  mute->write(test::handshake("mute"));
  ASSERT_TRUE(run_until([&] { return mute->received.ends_with(R"({"type":"OPEN"})"); }));
  const std::string received = mute->received;
  std::raise(SIGTERM);
  std::raise(SIGINT);
  io_.run_for(20s);
  EXPECT_TRUE(io_.stopped());
  EXPECT_EQ(peers(), 0U);
  EXPECT_TRUE(mute->ended);
  EXPECT_EQ(mute->received, received) << "no time for a goodbye";
}

TEST_F(ServerTest, GivesNoIdRatherThanOneThatCouldBeGuessed) {
  start();
  const auto ask = [this] {
    test::RawClient client(io_, server_->endpoint());
    client.read();
    client.write("GET /peerjs/id HTTP/1.0\r\n\r\n");
    run_until([&] { return client.ended; });
    return client.received;
  };
  EXPECT_NE(ask().find(" 200 OK\r\n"), std::string::npos);
  EXPECT_EXIT(
      {
        test::fail_calls(SYS_getrandom, 2, 0, ENOSYS);
        std::fprintf(stderr, "answer: '%s'\n", ask().c_str());
        std::_Exit(EXIT_SUCCESS);
      },
      testing::ExitedWithCode(EXIT_SUCCESS), "answer: ''");
}

TEST_F(ServerTest, AcceptsNobodyWhileItStops) {
  start();
  const auto a = join("a");
  const auto endpoint = server_->endpoint();
  server_->stop();
  boost::asio::ip::tcp::socket late(io_);
  boost::system::error_code error;
  late.connect(endpoint, error);
  EXPECT_EQ(error, boost::asio::error::connection_refused);
}

// What the clients' connections still hold when it is destroyed must not outlive it: a sanitizer
// would tell.
TEST_F(ServerTest, MayBeDestroyedAtAnyMoment) {
  for (int handlers = 0; handlers < 40; ++handlers) {
    io_.restart();
    start();
    test::RawClient a(io_, server_->endpoint());
    test::RawClient b(io_, server_->endpoint());
    test::RawClient idle(io_, server_->endpoint());
    test::RawClient stream(io_, server_->endpoint());
    test::RawClient successor(io_, server_->endpoint());
    a.write(test::handshake("a") + test::text_frame(R"({"type":"OFFER","dst":"b"})"));
    b.write(test::handshake("b") + test::text_frame(R"({"type":"OFFER","dst":"a"})"));
    stream.write("POST /peerjs/s/token/id HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
    successor.write(test::handshake("s") + test::text_frame(R"({"type":"OFFER","dst":"s"})"));
    for (int i = 0; i < handlers; ++i) io_.poll_one();
    server_.reset();
    io_.restart();
    io_.poll();
  }
}

}  // namespace
}  // namespace peerjsd::app
