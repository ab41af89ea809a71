#include "peerjsd/hooks/web_url.hpp"

#include <string>

#include <gtest/gtest.h>

namespace peerjsd::hooks {
namespace {

TEST(WebUrl, HasItsParts) {
  EXPECT_EQ(parse_web_url("http://example.com"),
            (WebUrl{{"example.com", 80}, false, "example.com", "/"}));
  EXPECT_EQ(parse_web_url("https://example.com/a/b?c=%20d"),
            (WebUrl{{"example.com", 443}, true, "example.com", "/a/b?c=%20d"}));
  EXPECT_EQ(parse_web_url("https://[::1]:8443?x"),
            (WebUrl{{"::1", 8443}, true, "[::1]:8443", "/?x"}));
  EXPECT_EQ(parse_web_url("http://127.0.0.1:1/"),
            (WebUrl{{"127.0.0.1", 1}, false, "127.0.0.1:1", "/"}));
}

TEST(WebUrl, IsNoOther) {
  for (const std::string text :
       {"", "example.com", "ftp://a", "HTTP://a", "http://", "http:///a", "http://u@a",
        "https://u:p@a/", "http://a:0", "http://a:65536", "http://a:x", "http://a/b c",
        "http://a/\r\nX: y", "http://a/#b", "http://a\\b", "http://a/\xc3\xbc", "http://[::1"}) {
    EXPECT_FALSE(parse_web_url(text)) << text;
  }
}

}  // namespace
}  // namespace peerjsd::hooks
