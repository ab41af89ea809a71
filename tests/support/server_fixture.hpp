#pragma once

#include "peerjsd/app/config.hpp"
#include "peerjsd/app/server.hpp"
#include "support/loop.hpp"
#include "support/raw_client.hpp"
#include "support/websocket_client.hpp"

#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

namespace peerjsd::test {

/// A server on a free port, and clients on the same loop.
class ServerFixture : public testing::Test {
 protected:
  void start(app::Config config = {}) {
    config.host = "127.0.0.1";
    config.port = 0;
    auto server = app::Server::create(io_, config);
    ASSERT_TRUE(server) << server.error().message();
    server_ = std::move(*server);
    server_->start();
  }

  template <class Condition>
  bool run_until(Condition condition) {
    return test::run_until(io_, std::move(condition));
  }

  std::unique_ptr<RawClient> raw() {
    auto client = std::make_unique<RawClient>(io_, server_->endpoint());
    client->read();
    return client;
  }

  /// A peer that has had its OPEN.
  std::unique_ptr<WebSocketClient> join(const std::string& id, const std::string& token = "token",
                                        const std::string& origin = "") {
    auto client = std::make_unique<WebSocketClient>(io_, server_->endpoint(), id, token, origin);
    EXPECT_TRUE(run_until([&] { return !client->received.empty(); })) << id;
    EXPECT_EQ(client->take(), std::vector<std::string>{R"({"type":"OPEN"})"}) << id;
    return client;
  }

  std::size_t peers() const { return server_->relay().realm("peerjs")->size(); }

  boost::asio::io_context io_{1};
  std::unique_ptr<app::Server> server_;
};

}  // namespace peerjsd::test
