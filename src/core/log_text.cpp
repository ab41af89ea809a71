#include "peerjsd/core/log_text.hpp"

#include "peerjsd/core/json.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace peerjsd::core {
namespace {

/// In UTF-8, which keeps the order of characters.
struct Range {
  std::string_view first;
  std::string_view last;
};

/// What JSON need not escape, but a viewer may take for the end of a line, or show text in another
/// order for.
constexpr std::array kMisleading = {
    Range{"\x7f", "\x7f"},
    Range{"\xc2\x80", "\xc2\x9f"},          // C1, with NEXT LINE
    Range{"\xd8\x9c", "\xd8\x9c"},          // ARABIC LETTER MARK
    Range{"\xe2\x80\x8e", "\xe2\x80\x8f"},  // marks of direction
    Range{"\xe2\x80\xa8", "\xe2\x80\xae"},  // separators, embeddings and overrides
    Range{"\xe2\x81\xa6", "\xe2\x81\xa9"},  // isolates
};

/// The bytes of the misleading character with which the text begins; 0: it begins with another one.
std::size_t misleading_bytes(std::string_view text) {
  const auto is_in = [text](const Range& range) {
    const std::string_view start = text.substr(0, range.first.size());
    return range.first <= start && start <= range.last;
  };
  const auto* const range = std::ranges::find_if(kMisleading, is_in);
  return range == kMisleading.end() ? 0 : range->first.size();
}

/// Of one character of up to three bytes, as JSON has it.
std::string escaped(std::string_view character) {
  std::uint32_t code = static_cast<unsigned char>(character.front());
  if (character.size() > 1) code &= character.size() == 2 ? 0x1FU : 0x0FU;
  for (const char byte : character.substr(1)) {
    code = (code << 6) | (static_cast<unsigned char>(byte) & 0x3FU);
  }
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
    const std::size_t misleading = misleading_bytes(rest);
    result += misleading == 0 ? std::string(1, rest.front()) : escaped(rest.substr(0, misleading));
    rest.remove_prefix(std::max<std::size_t>(misleading, 1));
  }
  if (text.size() > longest) result += "...";
  return result;
}

}  // namespace peerjsd::core
