#include "support/server_fixture.hpp"

#include <string>

#include <gtest/gtest.h>

namespace peerjsd::net {
namespace {

class HttpSessionTest : public test::ServerFixture {
 protected:
  /// All that the server says to `request` on a connection of its own until it ends it.
  std::string ask(const std::string& request) {
    const auto client = raw();
    client->write(request);
    EXPECT_TRUE(run_until([&] { return client->ended; })) << client->received;
    return client->received;
  }

  static std::size_t count(const std::string& text, const std::string& part) {
    std::size_t n = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
    return n;
  }
};

TEST_F(HttpSessionTest, AnswersPipelinedRequestsInOrder) {
  start();
  const std::string answer =
      ask("GET / HTTP/1.1\r\nHost: x\r\n\r\nGET /nope HTTP/1.1\r\nHost: x\r\n\r\n"
          "GET /peerjs/id HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(count(answer, "HTTP/1.1 "), 3U);
  EXPECT_LT(answer.find("200 OK"), answer.find("404 Not Found"));
  EXPECT_LT(answer.find("404 Not Found"), answer.rfind("200 OK"));
}

TEST_F(HttpSessionTest, AnswersAllWhoReadLate) {
  app::Config config;
  config.message_rate = 0;
  start(config);
  test::RawClient client(io_, server_->endpoint(), 4096);
  // Far more than the system's buffers hold, of requests and of answers: of a large page.
  const std::string request =
      "GET / HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\nA: " + std::string(7000, 'a') + "\r\n\r\n";
  constexpr std::size_t count = 3000;
  std::string requests;
  for (std::size_t i = 0; i < count; ++i) requests += request;
  client.write_all(requests + "GET / HTTP/1.0\r\n\r\n");
  for (int i = 0; i < 1000; ++i) io_.poll();
  EXPECT_FALSE(client.all_written) << "the server takes what it cannot answer";
  client.read();
  ASSERT_TRUE(run_until([&] { return client.ended; }));
  EXPECT_EQ(this->count(client.received, "HTTP/1.1 200 OK"), count);
}

TEST_F(HttpSessionTest, ReadsARequestThatComesByteByByte) {
  start();
  const auto client = raw();
  const std::string request =
      "POST /nope HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
      "GET /peerjs/id HTTP/1.0\r\n\r\n";
  for (const char byte : request) {
    client->write(std::string_view(&byte, 1));
    io_.poll();
  }
  EXPECT_TRUE(run_until([&] { return client->ended; })) << client->received;
  EXPECT_NE(client->received.find("404 Not Found"), std::string::npos) << client->received;
  EXPECT_NE(client->received.find("200 OK"), std::string::npos) << client->received;
}

TEST_F(HttpSessionTest, ReadsChunksThatComeByteByByte) {
  start();
  const auto client = raw();
  const std::string head = "POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const std::string body : {"0\r\n\r\n", "5\r\nhello\r\n0\r\n\r\n", "0\r\nX: y\r\n\r\n"}) {
    client->received.clear();
    client->write(head);
    for (const char byte : body) {
      client->write(std::string(1, byte));
      io_.poll();
    }
    ASSERT_TRUE(run_until([&] { return client->received.starts_with("HTTP/1.1 404"); })) << body;
  }
}

TEST_F(HttpSessionTest, BoundsWhatHasNoEnd) {
  app::Config config;
  config.max_header_bytes = 1 * app::kMiB;
  start(config);
  const std::string head = "POST /x HTTP/1.1\r\nHost: x\r\n";
  const std::string chunked = head + "Transfer-Encoding: chunked\r\n\r\n";
  const std::string much(200000, 'a');
  for (const std::string& request :
       {head + "A: " + much + "\r\n\r\n", chunked + "0\r\nA: " + much + "\r\n\r\n",
        chunked + "1;" + much, chunked + "0;" + much, chunked + std::string(200000, '0')}) {
    const auto client = raw();
    client->write_all(request);
    ASSERT_TRUE(run_until([&] { return client->received.size() > 12; }));
    EXPECT_EQ(client->received.substr(9, 3), "431") << request.substr(0, 80);
  }
}

TEST_F(HttpSessionTest, BoundsAHeadThatComesInSuchPiecesThatAllOfItIsTaken) {
  start();
  const auto client = raw();
  client->write("GET / HTTP/1.1\r\nHost: x\r\nA");
  ASSERT_TRUE(run_until([&] {
    if (!client->received.empty()) return true;
    client->write(": " + std::string(100, 'a') + "\r\nA");
    return false;
  }));
  EXPECT_EQ(client->received.substr(9, 3), "431");
}

TEST_F(HttpSessionTest, RefusesARequestWhoseLengthIsInDoubt) {
  start();
  const auto refuses = [this](const std::string& headers, const std::string& version = "1.1") {
    const std::string smuggled = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n";
    const std::string answer =
        ask("POST /x HTTP/" + version + "\r\nHost: x\r\n" + headers + "\r\n0\r\n\r\n" + smuggled);
    return answer.starts_with("HTTP/1.1 400") && answer.find("404") == std::string::npos;
  };
  const std::string length = "Content-Length: 5\r\n";
  const std::string chunked = "Transfer-Encoding: chunked\r\n";
  EXPECT_TRUE(refuses(length + chunked));
  EXPECT_TRUE(refuses(length + length));
  EXPECT_TRUE(refuses("Content-Length: 5, 5\r\n"));
  EXPECT_TRUE(refuses(chunked + chunked));
  EXPECT_TRUE(refuses("Transfer-Encoding: gzip\r\n"));
  EXPECT_TRUE(refuses("Transfer-Encoding: gzip, chunked\r\n"));
  EXPECT_TRUE(refuses("Transfer-Encoding: xchunked\r\n"));
  EXPECT_TRUE(refuses(chunked, "1.0"));
}

TEST_F(HttpSessionTest, AnswersHeadWithoutTheBody) {
  start();
  const std::string answer = ask("HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_NE(answer.find("Content-Length: 140"), std::string::npos) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\n")) << answer;
}

TEST_F(HttpSessionTest, RefusesWhatIsNoRequestAndThenCloses) {
  start();
  const std::string host = "Host: x\r\n";
  const auto status = [&](const std::string& request) { return ask(request).substr(9, 3); };
  EXPECT_EQ(status("nonsense\r\n\r\n"), "400");
  EXPECT_EQ(status("GET / HTTP/1.1\r\n\r\n"), "400");
  EXPECT_EQ(status("GET / HTTP/1.1\r\n" + host + host + "\r\n"), "400");
  EXPECT_EQ(status("GET / HTTP/1.1\r\n" + host + "A: " + std::string(20000, 'x') + "\r\n\r\n"),
            "431");
  EXPECT_EQ(status("POST / HTTP/1.1\r\n" + host + "Content-Length: 3000000\r\n\r\n"), "413");
}

TEST_F(HttpSessionTest, BoundsTheHeadOfARequest) {
  app::Config config;
  config.max_header_bytes = 100;
  start(config);
  const auto status = [&](std::size_t size) {
    const std::string head = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nA: ";
    return ask(head + std::string(size - head.size() - 4, 'a') + "\r\n\r\n").substr(9, 3);
  };
  EXPECT_EQ(status(100), "200");
  EXPECT_EQ(status(101), "431");
}

TEST_F(HttpSessionTest, RefusesAHeadWithoutABody) {
  start();
  const std::string answer = ask("HEAD / HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 ")) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\n")) << answer;
}

TEST_F(HttpSessionTest, RefusesARequestThatTakesTooLong) {
  app::Config config;
  config.request_timeout = std::chrono::milliseconds(100);
  start(config);
  const std::string head = " HTTP/1.1\r\nHost: x\r\n";
  for (const std::string& part :
       {"GET /" + head + "A: ", "POST /peerjs/a/t/offer" + head + "Content-Length: 2\r\n\r\n{"}) {
    EXPECT_EQ(ask(part).substr(0, 28), "HTTP/1.1 408 Request Timeout") << part;
  }
}

TEST_F(HttpSessionTest, TheBytesOfARequestBuyNoTime) {
  app::Config config;
  config.request_timeout = std::chrono::milliseconds(100);
  start(config);
  const auto client = raw();
  client->write("GET / HTTP/1.1\r\nA: ");
  auto next = std::chrono::steady_clock::now();
  EXPECT_TRUE(run_until([&] {
    const auto now = std::chrono::steady_clock::now();
    if (client->received.empty() && now >= next) {
      client->write("a");
      next = now + std::chrono::milliseconds(5);
    }
    return client->ended;
  }));
  EXPECT_EQ(client->received.substr(9, 3), "408");
}

TEST_F(HttpSessionTest, ClosesWhereNothingIsAsked) {
  app::Config config;
  config.request_timeout = std::chrono::milliseconds(100);
  start(config);
  EXPECT_EQ(ask(""), "");
}

TEST_F(HttpSessionTest, LetsAPageReadWhyItWasRefused) {
  start();
  const std::string head = " HTTP/1.1\r\nHost: x\r\nOrigin: http://page\r\n";
  for (const std::string& request :
       {"POST /" + head + "Content-Length: 3000000\r\n\r\n", "GET /" + head + "Host: y\r\n\r\n",
        "GET /" + head + "A: " + std::string(20000, 'x') + "\r\n\r\n",
        "GET /" + head + "no header\r\n\r\n"}) {
    EXPECT_NE(ask(request).find("\r\nAccess-Control-Allow-Origin: http://page\r\n"),
              std::string::npos)
        << request.substr(0, 100);
  }
}

TEST_F(HttpSessionTest, BecomesAWebSocketAfterOtherAnswers) {
  start();
  const auto client = raw();
  client->write("GET /nope HTTP/1.1\r\nHost: x\r\n\r\n" + test::handshake("a"));
  ASSERT_TRUE(run_until([&] { return client->received.ends_with(R"({"type":"OPEN"})"); }));
  EXPECT_LT(client->received.find("404 Not Found"), client->received.find("101 Switching"));
}

TEST_F(HttpSessionTest, HandsOverWhatCameWithTheUpgrade) {
  start();
  const auto client = raw();
  client->write(test::handshake("a") + test::text_frame(R"({"type":"OFFER","dst":"a"})"));
  EXPECT_TRUE(run_until([&] {
    return client->received.ends_with(R"({"type":"OFFER","src":"a","dst":"a"})");
  })) << client->received;
}

TEST_F(HttpSessionTest, RefusesUpgradesItCannotMake) {
  start();
  const auto with = [](std::string request, const std::string& what, const std::string& instead) {
    return request.replace(request.find(what), what.size(), instead);
  };
  const std::string good = test::handshake("a");
  EXPECT_EQ(ask(with(good, "Version: 13", "Version: 8")).substr(9, 3), "426");
  EXPECT_NE(ask(with(good, "Version: 13", "Version: 8")).find("Sec-WebSocket-Version: 13"),
            std::string::npos);
  EXPECT_EQ(ask(with(good, "dGhlIHNhbXBsZSBub25jZQ==", "short")).substr(9, 3), "400");
  for (const std::string wrong : {"GET /wrong?", "GET /?", "GET /peerjs/id?"}) {
    EXPECT_EQ(ask(with(good, "GET /peerjs?", wrong) + "GET / HTTP/1.0\r\n\r\n").substr(9, 3), "404")
        << wrong;
  }
  EXPECT_EQ(peers(), 0U);
}

TEST_F(HttpSessionTest, WhoAsksTooFastIsReadFromMoreSlowlyAndGetsAllAnswers) {
  app::Config config;
  config.message_rate = 20;
  start(config);
  const std::string request = "GET /x HTTP/1.1\r\nHost: x\r\n\r\n";
  const auto fast = raw();
  std::string burst;
  for (int i = 0; i < 230; ++i) burst += request;
  fast->write(burst);
  const auto answers = [](const test::RawClient& client) {
    std::size_t count = 0;
    for (std::size_t at = 0; (at = client.received.find("HTTP/1.1 404", at)) != std::string::npos;
         ++at) {
      ++count;
    }
    return count;
  };
  ASSERT_TRUE(run_until([&] { return answers(*fast) == 230; }));
  fast->write(request);
  for (int i = 0; i < 10; ++i) {
    const auto calm = raw();
    calm->write(request);
    ASSERT_TRUE(run_until([&] { return answers(*calm) == 1; }));
  }
  EXPECT_EQ(answers(*fast), 230U);
  ASSERT_TRUE(run_until([&] { return answers(*fast) == 231; }));
}

}  // namespace
}  // namespace peerjsd::net
