#include "peerjsd/app/banner.hpp"

#include <gtest/gtest.h>

namespace peerjsd::app {
namespace {

TEST(Banner, SaysWhatNpmPeerSaysAndHowToConnect) {
  EXPECT_EQ(banner(Config{}, 9000),
            "Started PeerServer on ::, port: 9000, path: /\n\n"
            "  const peer = new Peer({\n"
            "    host: \"localhost\", port: 9000, path: \"/\"\n"
            "  });\n\n");
}

TEST(Banner, FitsThisVeryServer) {
  Config config;
  config.host = "127.0.0.2";
  config.path = "/my app/";
  config.keys = {"k\"ey", "other"};
  const std::string text = banner(config, 1234);
  EXPECT_NE(text.find("Started PeerServer on 127.0.0.2, port: 1234, path: /my app/\n"),
            std::string::npos);
  EXPECT_NE(text.find(R"(host: "127.0.0.2", port: 1234, path: "/my app/", key: "k\"ey")"),
            std::string::npos)
      << text;
}

TEST(Banner, HasATokenWhereOneIsAskedFor) {
  Config config;
  config.auth_secret = {"secret"};
  EXPECT_EQ(banner(config, 9000),
            "Started PeerServer on ::, port: 9000, path: /\n\n"
            "  // id and token: your backend's, see docs/auth.md\n"
            "  const peer = new Peer(id, {\n"
            "    host: \"localhost\", port: 9000, path: \"/\", token\n"
            "  });\n\n");
}

TEST(Banner, SaysWhereTheDemoIs) {
  Config config;
  EXPECT_EQ(banner(config, 9000).find("demo"), std::string::npos);
  config.demo = true;
  config.path = "/myapp/";
  EXPECT_NE(banner(config, 9000).find("http://localhost:9000/myapp/demo\n"), std::string::npos);
  config.host = "::1";
  config.sslcert = "cert.pem";
  EXPECT_NE(banner(config, 9000).find("https://[::1]:9000/myapp/demo\n"), std::string::npos);
}

}  // namespace
}  // namespace peerjsd::app
