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

std::string demo_url(const Config& config, std::uint16_t port) {
  const std::string host = reachable_host(config.host);
  const bool is_ipv6 = host.find(':') != host.npos;
  return (config.sslcert.empty() ? "http://" : "https://") + (is_ipv6 ? "[" + host + "]" : host) +
         ":" + std::to_string(port) + config.path + "demo";
}

}  // namespace

std::string started(const Config& config, std::uint16_t port) {
  return "Started PeerServer on " + (config.host.empty() ? "::" : config.host) +
         ", port: " + std::to_string(port) + ", path: " + config.path;
}

std::string banner(const Config& config, std::uint16_t port) {
  const std::string number = std::to_string(port);
  std::string text = started(config, port) + "\n\n";
  const bool has_tokens = asks_for_tokens(config);
  if (has_tokens) text += "  // id and token: your backend's, see docs/auth.md\n";
  text += std::string("  const peer = new Peer(") + (has_tokens ? "id, " : "") + "{\n";
  text += "    host: " + literal(reachable_host(config.host)) + ", port: " + number +
          ", path: " + literal(config.path);
  if (!config.sslcert.empty()) text += ", secure: true";
  if (config.keys.front() != "peerjs") text += ", key: " + literal(config.keys.front());
  if (has_tokens) text += ", token";
  text += "\n  });\n\n";
  if (config.demo) text += "  Try it: " + demo_url(config, port) + "\n\n";
  return text;
}

}  // namespace peerjsd::app
