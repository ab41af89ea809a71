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
