#include "peerjsd/net/request_reader.hpp"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace peerjsd::net {
namespace {

using Result = RequestReader::Result;

constexpr std::size_t kMostHeadBytes = 300;
constexpr std::size_t kMostBodyBytes = 20;
const std::string kGet = "GET /a HTTP/1.1\r\nHost: x\r\n";
const std::string kPost = "POST /b HTTP/1.1\r\nHost: x\r\n";
const std::string kChunks = "Transfer-Encoding: chunked\r\n";

/// What a reader makes of a client's bytes: each request's target and body, and the fault's status.
std::vector<std::string> read(const std::string& bytes, std::size_t piece) {
  RequestReader reader({kMostHeadBytes, kMostBodyBytes});
  std::vector<std::string> found;
  std::string unread;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    unread += bytes.substr(at, piece);
    std::string_view rest = unread;
    Result result = Result::Complete;
    while (result == Result::Complete && !rest.empty()) {
      result = reader.read(rest);
      if (result != Result::Complete) break;
      const HttpRequest request = reader.release();
      found.push_back(std::string(request.target()) + " " + request.body());
    }
    if (result == Result::Faulty) {
      found.push_back(std::to_string(reader.fault().status));
      return found;
    }
    unread = std::string(rest);
  }
  if (reader.has_begun()) found.emplace_back("more");
  return found;
}

/// The same, whatever the pieces.
std::vector<std::string> read(const std::string& bytes) {
  const auto at_once = read(bytes, bytes.size());
  for (const std::size_t piece : {1U, 2U, 3U, 7U, 50U}) {
    EXPECT_EQ(read(bytes, piece), at_once) << bytes << "\nin pieces of " << piece;
  }
  return at_once;
}

using Found = std::vector<std::string>;

TEST(RequestReader, ReadsOneRequestAfterAnother) {
  const std::string sized = kPost + "Content-Length: 5\r\n\r\nhello";
  const std::string chunked = kPost + kChunks + "\r\n3\r\nhel\r\n2;a=b\r\nlo\r\n0\r\nX: y\r\n\r\n";
  EXPECT_EQ(read(kGet + "\r\n" + sized + chunked + kGet + "\r\n"),
            (Found{"/a ", "/b hello", "/b hello", "/a "}));
}

TEST(RequestReader, SkipsEmptyLinesBeforeARequest) {
  EXPECT_EQ(read("\r\n\r\n" + kGet + "\r\n\r\n" + kGet + "\r\n\r\n"), (Found{"/a ", "/a "}));
}

TEST(RequestReader, WaitsForWhatIsMissing) {
  for (const std::string& part : {std::string("G"), kGet, kPost + "Content-Length: 5\r\n\r\nhell",
                                  kPost + kChunks + "\r\n5\r\nhello\r\n0\r\n"}) {
    EXPECT_EQ(read(part), Found{"more"}) << part;
  }
}

TEST(RequestReader, RefusesADoubtfulHead) {
  for (const char* line :
       {"Host: y", "Content-Length: 1\r\nContent-Length: 1", "Content-Length: +1",
        "Content-Length: 1\r\nTransfer-Encoding: chunked", "Transfer-Encoding: gzip, chunked",
        "X: y\r\n z", "X: y\r\n\tz", "X: y\r\n ", "X : y", "X"}) {
    EXPECT_EQ(read(kGet + line + "\r\n\r\n"), Found{"400"}) << line;
  }
  for (const char* host :
       {"x y", "x, y", "x/y", "x@y", "x:y", "x:1:2", "[::1", "[::1]2", "[x/y]"}) {
    EXPECT_EQ(read("GET /a HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n"), Found{"400"})
        << host;
  }
  EXPECT_EQ(read("GET /a HTTP/1.1\r\n\r\n"), Found{"400"});
}

TEST(RequestReader, KnowsATlsHandshake) {
  RequestReader reader({100, 100});
  std::string_view input("\x16\x03\x01\x02\x00\x01\x00", 7);
  EXPECT_EQ(reader.read(input), RequestReader::Result::Faulty);
  EXPECT_EQ(reader.fault().reason, "This is TLS, and this port speaks none");
  EXPECT_EQ(reader.request().target(), "") << "there is a request, of which nothing has come";
}

TEST(RequestReader, KnowsHosts) {
  for (const char* host : {"", "x", "x:", "x:9000", "a-b.c", "[::1]", "[::1]:9000", "a%20b"}) {
    EXPECT_EQ(read("GET /a HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n"), Found{"/a "})
        << host;
  }
  EXPECT_EQ(read("GET /a HTTP/1.0\r\n\r\n"), Found{"/a "});
}

TEST(RequestReader, KnowsTargets) {
  const auto ask = [](const std::string& line) {
    return read(line + " HTTP/1.1\r\nHost: x\r\n\r\n");
  };
  for (const char* line : {"GET a", "GET *", "GET x:80", "CONNECT x:80", "CONNECT /a", "OPTIONS a",
                           "GET http://:80/a", "GET http://x,y/a", "GET http://u@x/a"}) {
    EXPECT_EQ(ask(line), Found{"400"}) << line;
  }
  EXPECT_EQ(ask("OPTIONS *"), Found{"* "});
  EXPECT_EQ(ask("GET http://y/a"), Found{"http://y/a "});
}

TEST(RequestReader, HasLimits) {
  const std::string much(kMostHeadBytes, 'a');
  EXPECT_EQ(read("GET /" + much), Found{"414"});
  EXPECT_EQ(read("GET /" + much + " HTTP/1.1\r\nHost: x\r\n\r\n"), Found{"414"});
  EXPECT_EQ(read(kGet + "X: " + much), Found{"431"});
  EXPECT_EQ(read(kGet + "X: " + much + "\r\n\r\n"), Found{"431"});
  const std::string half(kMostHeadBytes / 2, 'a');
  EXPECT_EQ(read("GET /" + half + " HTTP/1.1\r\nHost: x\r\nX: " + half + "\r\n\r\n"), Found{"431"});
  const std::string exact = kGet + "X: ";
  const std::string fitting = exact + std::string(kMostHeadBytes - exact.size() - 4, 'a');
  EXPECT_EQ(read(fitting + "\r\n\r\n"), Found{"/a "});
  EXPECT_EQ(read(fitting + "a\r\n\r\n"), Found{"431"});
  EXPECT_EQ(read(kPost + kChunks + "\r\n5;" + much + "\r\nhello"), Found{"431"});
  EXPECT_EQ(read(kPost + kChunks + "\r\n0\r\nX: " + much + "\r\n\r\n"), Found{"431"});
  EXPECT_EQ(read(kPost + "Content-Length: 21\r\n\r\n"), Found{"413"});
  EXPECT_EQ(read(kPost + kChunks + "\r\n15\r\nx"), Found{"413"});
}

TEST(RequestReader, RefusesControlCharactersBesideChunks) {
  for (const char* extension : {";a=\"\x01\"", ";a=\"\n\""}) {
    const std::string chunks = "\r\n5" + std::string(extension) + "\r\nhello\r\n0\r\n\r\n";
    EXPECT_EQ(read(kPost + kChunks + chunks), Found{"400"});
  }
}

TEST(RequestReader, KnowsWhoWaitsToBeEncouraged) {
  const auto waits = [](const std::string& head) {
    RequestReader reader({kMostHeadBytes, kMostBodyBytes});
    std::string_view rest = head;
    reader.read(rest);
    const bool first = reader.take_expectation();
    EXPECT_FALSE(reader.take_expectation()) << "twice";
    return first;
  };
  const std::string expecting = "Expect: 100-Continue\r\nContent-Length: 5\r\n";
  EXPECT_TRUE(waits(kPost + expecting + "\r\n"));
  EXPECT_FALSE(waits(kPost + "Content-Length: 5\r\n\r\n"));
  EXPECT_FALSE(waits(kPost + expecting)) << "its head is not complete";
  EXPECT_FALSE(waits("POST /b HTTP/1.0\r\n" + expecting + "\r\n"));
  EXPECT_FALSE(waits(""));
}

TEST(RequestReader, TrailersAreNoHeaders) {
  RequestReader reader({kMostHeadBytes, kMostBodyBytes});
  const std::string bytes = kPost + kChunks + "\r\n0\r\nX-Forwarded-For: y\r\n\r\n";
  std::string_view rest = bytes;
  ASSERT_EQ(reader.read(rest), Result::Complete);
  EXPECT_EQ(reader.release().count("X-Forwarded-For"), 0U);
}

TEST(RequestReader, TrailersAreNoHeadersOfARefusedRequestEither) {
  RequestReader reader({kMostHeadBytes, kMostBodyBytes});
  const std::string bytes = kPost + kChunks + "\r\n0\r\nOrigin: b\r\nX\r\n\r\n";
  std::string_view rest = bytes;
  ASSERT_EQ(reader.read(rest), Result::Faulty);
  EXPECT_EQ(reader.request().count("Origin"), 0U);
  EXPECT_EQ(reader.request().count("Host"), 1U);
}

}  // namespace
}  // namespace peerjsd::net
