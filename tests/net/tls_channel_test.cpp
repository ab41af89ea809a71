#include "peerjsd/net/tls.hpp"
#include "support/tls_client.hpp"
#include "support/tls_files.hpp"

#include <array>
#include <optional>
#include <string>
#include <variant>

#include <boost/asio/error.hpp>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

namespace peerjsd::net {
namespace {

using boost::system::error_code;
using Client = test::TlsClient;

class TlsChannelTest : public testing::Test {
 protected:
  TlsChannelTest() : context_(test::make_tls_context()), channel_(std::in_place, context_) {}

  std::string take_output() {
    std::string output(channel_->output());
    channel_->consume_output(output.size());
    return output;
  }

  /// What the server makes of what it receives.
  std::string read(std::string_view received) {
    std::string plain(received.size() + TlsChannel::kMostRecord, '\0');
    plain.resize(channel_->read(received, plain, error_));
    return plain;
  }

  /// All of it, in as many records as it takes.
  void write(std::string text) {
    while (!text.empty()) {
      const std::array<iovec, 2> buffers = {
          {{text.data(), text.size() / 2},
           {text.data() + text.size() / 2, text.size() - text.size() / 2}}};
      const std::size_t written = channel_->write(buffers, error_);
      ASSERT_FALSE(error_) << error_.message();
      ASSERT_GT(written, 0U);
      text.erase(0, written);
    }
  }

  void shake_hands(Client& client) {
    client.read({});
    for (int i = 0; i < 3; ++i) {
      read(client.output());
      client.read(take_output());
    }
    ASSERT_EQ(SSL_is_init_finished(client.ssl()), 1);
  }

  TlsContext context_;
  std::optional<TlsChannel> channel_;
  error_code error_;
};

class TlsVersionTest : public TlsChannelTest, public testing::WithParamInterface<int> {};

INSTANTIATE_TEST_SUITE_P(All, TlsVersionTest, testing::Values(TLS1_2_VERSION, TLS1_3_VERSION));

TEST_P(TlsVersionTest, CarriesWhatIsSaidEitherWay) {
  Client client(GetParam());
  shake_hands(client);
  client.write("hello");
  EXPECT_EQ(read(client.output()), "hello");
  write("good day");
  EXPECT_EQ(client.read(take_output()), "good day");
}

TEST_F(TlsChannelTest, RefusesOlderVersions) {
  Client client(TLS1_1_VERSION);
  SSL_set_security_level(client.ssl(), 0);
  client.read({});
  EXPECT_EQ(read(client.output()), "");
  EXPECT_TRUE(error_);
  EXPECT_FALSE(take_output().empty()) << "an alert says why";
}

TEST_F(TlsChannelTest, TakesBytesOneByOne) {
  Client client;
  client.read({});
  for (int i = 0; i < 3; ++i) {
    for (const char byte : client.output()) EXPECT_EQ(read({&byte, 1}), "");
    client.read(take_output());
  }
  client.write("hello");
  std::string plain;
  for (const char byte : client.output()) plain += read({&byte, 1});
  EXPECT_EQ(plain, "hello");
}

TEST_F(TlsChannelTest, CarriesMoreThanARecord) {
  Client client;
  shake_hands(client);
  std::string text;
  for (int i = 0; text.size() < 200'000; ++i) text += std::to_string(i);
  write(text);
  EXPECT_EQ(client.read(take_output()), text);
  client.write(text.substr(0, 90'000));
  EXPECT_EQ(read(client.output()), text.substr(0, 90'000));
}

TEST_F(TlsChannelTest, WritesNothingBeforeTheHandshake) {
  std::string text = "early";
  const std::array<iovec, 1> buffers = {{{text.data(), text.size()}}};
  EXPECT_EQ(channel_->write(buffers, error_), 0U);
  EXPECT_TRUE(take_output().empty());
}

TEST_F(TlsChannelTest, GivesOutInPiecesWhatTheSocketTakesInPieces) {
  Client client;
  shake_hands(client);
  write("hello");
  const std::string all(channel_->output());
  channel_->consume_output(3);
  EXPECT_EQ(channel_->output(), std::string_view(all).substr(3));
  write(" again");
  EXPECT_EQ(client.read(all.substr(0, 3)), "");
  EXPECT_EQ(client.read(take_output()), "hello again");
}

TEST_F(TlsChannelTest, EndsWhoAsksForAnswersAndTakesNone) {
  Client client;
  shake_hands(client);
  write(std::string(60'000, 'x'));
  client.write("more");
  EXPECT_EQ(read(client.output()), "more");
  EXPECT_FALSE(error_);
  write(std::string(10'000, 'x'));
  client.write("more");
  read(client.output());
  EXPECT_EQ(error_, boost::asio::error::no_buffer_space);
}

TEST_F(TlsChannelTest, KnowsAGoodbyeAndSaysOne) {
  Client client;
  shake_hands(client);
  SSL_shutdown(client.ssl());
  EXPECT_EQ(read(client.output()), "");
  EXPECT_EQ(error_, boost::asio::error::eof);
  channel_->end_writing();
  client.read(take_output());
  EXPECT_NE(SSL_get_shutdown(client.ssl()) & SSL_RECEIVED_SHUTDOWN, 0);
}

TEST_F(TlsChannelTest, FailsOnWhatIsNoTls) {
  EXPECT_EQ(read(std::string(100, 'x')), "");
  EXPECT_TRUE(error_);
}

TEST_F(TlsChannelTest, FailsOnWhatWasTamperedWith) {
  Client client;
  shake_hands(client);
  client.write("hello");
  std::string sent = client.output();
  sent.back() ^= 1;
  EXPECT_EQ(read(sent), "");
  EXPECT_TRUE(error_);
}

TEST_F(TlsChannelTest, TellsAPlainClientWhatIsWrong) {
  EXPECT_EQ(read("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), "");
  EXPECT_TRUE(error_);
  const std::string answer = take_output();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 Bad Request\r\n")) << answer;
  const std::size_t body = answer.find("\r\n\r\n") + 4;
  EXPECT_NE(answer.find("\r\nContent-Length: " + std::to_string(answer.size() - body) + "\r\n"),
            std::string::npos);
  EXPECT_NE(answer.find("secure: true", body), std::string::npos);
}

TEST_F(TlsChannelTest, ChoosesHttp11OrNothing) {
  const auto offer = [this](const std::string& protocols) {
    Client client;
    SSL_set_alpn_protos(client.ssl(), reinterpret_cast<const unsigned char*>(protocols.data()),
                        static_cast<unsigned>(protocols.size()));
    TlsChannel channel(context_);
    client.read({});
    const std::string hello = client.output();
    std::string plain(hello.size() + TlsChannel::kMostRecord, '\0');
    error_code error;
    channel.read(hello, plain, error);
    client.read(channel.output());
    const unsigned char* chosen = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(client.ssl(), &chosen, &size);
    return error ? "refused" : std::string(reinterpret_cast<const char*>(chosen), size);
  };
  EXPECT_EQ(offer("\x02h2\x08http/1.1"), "http/1.1");
  EXPECT_EQ(offer("\x02h2"), "refused");
}

TEST_P(TlsVersionTest, ResumesASession) {
  Client one(GetParam());
  shake_hands(one);
  const std::unique_ptr<SSL_SESSION, decltype(&SSL_SESSION_free)> session(
      SSL_get1_session(one.ssl()), SSL_SESSION_free);
  Client two(GetParam(), session.get());
  channel_.emplace(context_);
  shake_hands(two);
  EXPECT_EQ(SSL_session_reused(two.ssl()), 1);
}

}  // namespace
}  // namespace peerjsd::net
