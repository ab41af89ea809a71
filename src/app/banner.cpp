#include "peerjsd/app/banner.hpp"

#include <nlohmann/json.hpp>

namespace peerjsd::app {
namespace {

/// What a browser on this machine can put into a URL.
std::string reachable_host(const std::string& host) {
  return host.empty() || host == "::" || host == "0.0.0.0" ? "localhost" : host;
}

/// As a JavaScript string.
std::string literal(const std::string& text) {
  return nlohmann::json(text).dump();
}

}  // namespace

std::string banner(const Config& config, std::uint16_t port) {
  const std::string host = config.host.empty() ? "::" : config.host;
  const std::string number = std::to_string(port);
  std::string text =
      "Started PeerServer on " + host + ", port: " + number + ", path: " + config.path + "\n\n";
  text += "  const peer = new Peer({\n";
  text += "    host: " + literal(reachable_host(config.host)) + ", port: " + number +
          ", path: " + literal(config.path);
  if (!config.sslcert.empty()) text += ", secure: true";
  if (config.keys.front() != "peerjs") text += ", key: " + literal(config.keys.front());
  text += "\n  });\n\n";
  return text;
}

}  // namespace peerjsd::app
