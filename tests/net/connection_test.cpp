#include "peerjsd/net/connection.hpp"

#include "peerjsd/core/relay.hpp"
#include "peerjsd/http/service.hpp"
#include "peerjsd/net/session_context.hpp"
#include "peerjsd/net/tls.hpp"
#include "support/loop.hpp"
#include "support/tls_client.hpp"
#include "support/tls_files.hpp"

#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <gtest/gtest.h>
#include <unistd.h>

namespace peerjsd::net {
namespace {

class Talker final : public Connection {
 public:
  Talker(SessionContext& context, Socket socket)
      : Connection(context, std::move(socket),
                   ClientAddress(boost::asio::ip::make_address("127.0.0.1"))) {}

  void begin() {
    context().await_request(*this);
    start();
  }

  void say(std::string text) { write(std::move(text)); }
  void say_and_rest(std::string text) {
    say(std::move(text));
    pause_reading();
  }
  bool is_open() const { return descriptor() >= 0; }
  void drain(core::Instant) override { close(); }

  bool has_heard = false;

 private:
  void on_bytes(std::span<char> bytes) override {
    has_heard = true;
    if (bytes.front() == '!') throw std::runtime_error("a bug");
  }
  void on_flushed() override { throw std::runtime_error("a bug"); }
  void on_released() override { throw std::runtime_error("a bug"); }
  void on_lost() override {}
  void on_timeout(core::Instant) override { throw std::runtime_error("a bug"); }
};

/// A connection, to a client whose system takes little at once.
class ConnectionTest : public testing::Test {
 protected:
  ConnectionTest() {
    const int least = 1;  // the system makes of it the least that it can
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends_.data()), 0);
    EXPECT_EQ(::setsockopt(ends_[0], SOL_SOCKET, SO_SNDBUF, &least, sizeof least), 0);
  }

  ~ConnectionTest() override {
    context_.close_all(SessionContext::now());
    io_.restart();
    io_.poll();
    ::close(ends_[1]);
  }

  void connect(std::unique_ptr<TlsChannel> tls = nullptr) {
    Socket socket(ends_[0]);
    if (tls != nullptr) socket.secure(std::move(tls));
    talker_.reset(new Talker(context_, std::move(socket)));
    talker_->begin();
  }

  std::size_t unread() const {
    int bytes = 0;
    EXPECT_EQ(::ioctl(ends_[1], FIONREAD, &bytes), 0);
    return static_cast<std::size_t>(bytes);
  }

  /// Says one thing after another until the system takes no more, and returns all of it.
  std::string talk() {
    std::string said;
    for (char letter = 'a'; letter <= 'z'; ++letter) {
      const std::string text(1000, letter);
      const std::size_t before = unread();
      talker_->say(text);
      said += text;
      io_.poll();
      if (unread() < before + text.size()) return said;
    }
    ADD_FAILURE() << "the system takes all";
    return said;
  }

  std::string receive() const {
    std::array<char, 4096> data;
    const ssize_t size = ::read(ends_[1], data.data(), data.size());
    return size > 0 ? std::string(data.data(), static_cast<std::size_t>(size)) : std::string();
  }

  std::array<int, 2> ends_{-1, -1};
  boost::asio::io_context io_{1};
  core::Relay relay_{{}};
  http::Service service_{{}, relay_, [](std::span<std::byte>) {}};
  SessionContext context_{io_, relay_, service_, {}};
  boost::intrusive_ptr<Talker> talker_;
};

TEST_F(ConnectionTest, WritesWhatTheSystemDidNotTakeWhenItDoes) {
  connect();
  const std::string said = talk();
  std::string heard;
  EXPECT_TRUE(test::run_until(io_, [&] {
    heard += receive();
    return heard.size() == said.size();
  }));
  EXPECT_EQ(heard, said);
}

TEST_F(ConnectionTest, WhatAClientsBytesMakeThrowEndsItAlone) {
  connect();
  ASSERT_EQ(::write(ends_[1], "!", 1), 1);
  EXPECT_TRUE(test::run_until(io_, [&] { return !talker_->is_open(); }));
}

TEST_F(ConnectionTest, WhatThrowsLaterEndsItAlone) {
  connect();
  talker_->say_and_rest("hello");
  EXPECT_TRUE(test::run_until(io_, [&] { return !talker_->is_open(); }));
}

TEST_F(ConnectionTest, WhatThrowsAtTheTimeThatItAskedForEndsItAlone) {
  connect();
  talker_->release();
  EXPECT_FALSE(talker_->is_open());
}

TEST_F(ConnectionTest, WhatThrowsAtATimeoutEndsItAlone) {
  connect();
  talker_->time_out(SessionContext::now());
  EXPECT_FALSE(talker_->is_open());
}

TEST_F(ConnectionTest, WritesWhatIsEncipheredAndTheSystemDidNotTakeWhenItDoes) {
  const TlsContext tls = test::make_tls_context();
  connect(std::make_unique<TlsChannel>(tls));
  test::TlsClient client;
  std::string heard;
  const auto listen = [&] {
    heard += client.read(receive());
    const std::string output = client.output();
    EXPECT_EQ(::write(ends_[1], output.data(), output.size()), static_cast<ssize_t>(output.size()));
  };
  client.write("hello");  // with which it begins its handshake
  ASSERT_TRUE(test::run_until(io_, [&] {
    listen();
    if (SSL_is_init_finished(client.ssl()) == 1 && !talker_->has_heard) client.write("hello");
    return talker_->has_heard;
  }));
  const std::string said = talk();
  EXPECT_TRUE(test::run_until(io_, [&] {
    listen();
    return heard.size() == said.size();
  }));
  EXPECT_EQ(heard, said);
}

}  // namespace
}  // namespace peerjsd::net
