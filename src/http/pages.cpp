#include "peerjsd/http/pages.hpp"

#include <initializer_list>
#include <utility>

#include "page_text.hpp"

namespace peerjsd::http {
namespace {

using Values = std::initializer_list<std::pair<std::string_view, std::string_view>>;

std::string escaped(std::string_view text) {
  std::string html;
  for (const char c : text) {
    switch (c) {
      case '&':
        html += "&amp;";
        break;
      case '<':
        html += "&lt;";
        break;
      case '"':
        html += "&quot;";
        break;
      default:
        html += c;
    }
  }
  return html;
}

/// Puts each value, which is HTML, where its name stands in double braces.
std::string filled(std::string_view text, Values values) {
  std::string page;
  while (true) {
    const std::size_t begin = text.find("{{");
    page += text.substr(0, begin);
    if (begin == text.npos) return page;
    const std::size_t end = text.find("}}", begin);
    const std::string_view name = text.substr(begin + 2, end - begin - 2);
    for (const auto& [each, value] : values) {
      if (each == name) page += value;
    }
    text.remove_prefix(end + 2);
  }
}

/// Nothing but what the page brings along, and what `more` allows.
std::string policy(std::string_view nonce, std::string_view more) {
  const std::string by_nonce = " 'nonce-" + std::string(nonce) + "'; ";
  return "default-src 'none'; script-src" + by_nonce + "style-src" + by_nonce + std::string(more) +
         "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
}

}  // namespace

Page root_page(std::string_view path, bool has_demo, std::string_view nonce) {
  return {
      filled(page_text::kRoot, {{"nonce", nonce},
                                {"path", escaped(path)},
                                {"demo", has_demo ? page_text::kRootDemo : std::string_view()}}),
      policy(nonce, "")};
}

Page demo_page(const Demo& demo, std::string_view nonce) {
  return {filled(page_text::kDemo,
                 {{"nonce", nonce}, {"key", escaped(demo.key)}, {"client", escaped(demo.client)}}),
          policy(nonce, "connect-src 'self' ws: wss:; media-src blob:; ")};
}

}  // namespace peerjsd::http
