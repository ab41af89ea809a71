#include "peerjsd/core/log_text.hpp"

#include "peerjsd/core/json.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace peerjsd::core {
namespace {

struct Range {
  std::uint32_t first;
  std::uint32_t last;
};

/// What JSON need not escape, but a viewer may take for the end of a line, or show text in another
/// order for.
constexpr std::array kMisleading = {
    Range{0x7f, 0x9f},      // DELETE, and C1 with NEXT LINE
    Range{0x61c, 0x61c},    // ARABIC LETTER MARK
    Range{0x200e, 0x200f},  // marks of direction
    Range{0x2028, 0x202e},  // separators, embeddings and overrides
    Range{0x2066, 0x2069},  // isolates
};

struct Character {
  std::uint32_t code;
  std::size_t bytes;
};

/// With which a text in UTF-8 begins.
Character first_of(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  if (lead < 0x80) return {lead, 1};
  const std::size_t bytes = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  std::uint32_t code = lead & (0xffU >> (bytes + 1));
  for (const char byte : text.substr(1, bytes - 1)) {
    code = (code << 6) | (static_cast<unsigned char>(byte) & 0x3fU);
  }
  return {code, std::min(bytes, text.size())};
}

bool is_misleading(std::uint32_t code) {
  return std::ranges::any_of(kMisleading, [code](const Range& range) {
    return range.first <= code && code <= range.last;
  });
}

/// As JSON has it, of a code of four digits.
std::string escaped(std::uint32_t code) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text = "\\u";
  for (const int shift : {12, 8, 4, 0}) text += digits[(code >> shift) & 0xF];
  return text;
}

}  // namespace

std::string log_text(std::string_view text) {
  constexpr std::size_t longest = 128;
  std::string quoted;
  json::append_quoted(quoted, text.substr(0, longest));
  std::string result;
  std::string_view rest = std::string_view(quoted).substr(1, quoted.size() - 2);
  while (!rest.empty()) {
    const Character first = first_of(rest);
    result +=
        is_misleading(first.code) ? escaped(first.code) : std::string(rest.substr(0, first.bytes));
    rest.remove_prefix(first.bytes);
  }
  if (text.size() > longest) result += "...";
  return result;
}

std::string log_id(std::string_view id) {
  return id.empty() ? "a client without an id" : log_text(id);
}

}  // namespace peerjsd::core
