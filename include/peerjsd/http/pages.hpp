#pragma once

#include <string>
#include <string_view>

namespace peerjsd::http {

/// The page with which clients can be tried: what it needs to know.
struct Demo {
  std::string key;     ///< under which it registers
  std::string client;  ///< URL of the peerjs client; may be relative to the page

  bool operator==(const Demo&) const = default;
};

/// A page for people. Each is HTML that needs nothing else from this server; its scripts and styles
/// run by the nonce in its Content-Security-Policy.
struct Page {
  std::string body;
  std::string content_security_policy;
};

/// That the server is there, how to connect, and the way to the demo if there is one. `path`: the
/// server's. `nonce`: of letters and digits, and another one for each answer.
Page root_page(std::string_view path, bool has_demo, std::string_view nonce);

/// A call, a chat and files between two pages, by what the client itself offers.
Page demo_page(const Demo& demo, std::string_view nonce);

}  // namespace peerjsd::http
