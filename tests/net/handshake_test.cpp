#include "peerjsd/net/handshake.hpp"

#include <gtest/gtest.h>

namespace peerjsd::net {
namespace {

TEST(Handshake, AnswersTheKeyOfRfc6455) {
  EXPECT_EQ(switching_protocols("dGhlIHNhbXBsZSBub25jZQ=="),
            "HTTP/1.1 101 Switching Protocols\r\n"
            "Upgrade: websocket\r\n"
            "Connection: Upgrade\r\n"
            "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
}

HttpRequest request_for_websocket() {
  HttpRequest request(boost::beast::http::verb::get, "/peerjs", 11);
  request.insert("Connection", "keep-alive");
  request.insert("Connection", "x, upgrade");
  request.insert("Upgrade", "WebSocket");
  request.insert("Sec-WebSocket-Version", "13");
  request.insert("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
  return request;
}

TEST(Handshake, IsAskedForInListsOfSeveralLines) {
  EXPECT_TRUE(asks_for_websocket(request_for_websocket()));
  for (const char* missing : {"Connection", "Upgrade"}) {
    HttpRequest request = request_for_websocket();
    request.erase(missing);
    EXPECT_FALSE(asks_for_websocket(request)) << missing;
  }
  HttpRequest old = request_for_websocket();
  old.version(10);
  EXPECT_FALSE(asks_for_websocket(old));
  HttpRequest post = request_for_websocket();
  post.method(boost::beast::http::verb::post);
  EXPECT_FALSE(asks_for_websocket(post));
}

TEST(Handshake, FindsWhatIsWrong) {
  EXPECT_FALSE(fault_of_handshake(request_for_websocket()));
  const auto status = [](auto change) {
    HttpRequest request = request_for_websocket();
    change(request);
    const auto fault = fault_of_handshake(request);
    return fault ? fault->status : 0;
  };
  EXPECT_EQ(status([](auto& r) { r.set("Sec-WebSocket-Version", "8"); }), 426U);
  EXPECT_EQ(status([](auto& r) { r.erase("Sec-WebSocket-Version"); }), 426U);
  EXPECT_EQ(status([](auto& r) { r.insert("Sec-WebSocket-Version", "13"); }), 400U);
  EXPECT_EQ(status([](auto& r) { r.erase("Sec-WebSocket-Key"); }), 400U);
  EXPECT_EQ(status([](auto& r) { r.insert("Sec-WebSocket-Key", r["Sec-WebSocket-Key"]); }), 400U);
  EXPECT_EQ(status([](auto& r) { r.set("Transfer-Encoding", "chunked"); }), 400U);
  EXPECT_EQ(status([](auto& r) { r.body() = "x"; }), 400U);
}

TEST(Handshake, KnowsAKey) {
  EXPECT_TRUE(is_websocket_key("dGhlIHNhbXBsZSBub25jZQ=="));
  for (const char* key :
       {"", "x", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZQAA", "dGhlIHNhbXBsZSBub25jZQ==x",
        "dGhlIHNhbXBsZSBu\r\n5jZQ==", "=====================Q=="}) {
    EXPECT_FALSE(is_websocket_key(key)) << key;
  }
}

}  // namespace
}  // namespace peerjsd::net
