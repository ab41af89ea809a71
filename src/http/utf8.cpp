#include "peerjsd/http/utf8.hpp"

#include "peerjsd/core/json.hpp"

#include <cstddef>

namespace peerjsd::http {
namespace {

/// What a first byte allows: how many bytes follow it, and the range of the first of those
/// (Unicode 15, table 3-7). The others are 80..BF.
struct Sequence {
  int following = -1;
  unsigned char low = 0x80;
  unsigned char high = 0xBF;
};

Sequence sequence_of(unsigned char first) {
  if (first < 0x80) return {0};
  if (first >= 0xC2 && first <= 0xDF) return {1};
  if (first == 0xE0) return {2, 0xA0, 0xBF};
  if (first == 0xED) return {2, 0x80, 0x9F};
  if (first >= 0xE1 && first <= 0xEF) return {2};
  if (first == 0xF0) return {3, 0x90, 0xBF};
  if (first >= 0xF1 && first <= 0xF3) return {3};
  if (first == 0xF4) return {3, 0x80, 0x8F};
  return {};
}

struct Part {
  std::size_t length;
  bool valid;
};

/// The character, or the maximal part of one, at the start of `text`.
Part first_part(std::string_view text) {
  Sequence sequence = sequence_of(static_cast<unsigned char>(text[0]));
  if (sequence.following < 0) return {1, false};
  std::size_t length = 1;
  for (; sequence.following > 0; --sequence.following, ++length) {
    if (length == text.size()) return {length, false};
    const auto byte = static_cast<unsigned char>(text[length]);
    if (byte < sequence.low || byte > sequence.high) return {length, false};
    sequence.low = 0x80;
    sequence.high = 0xBF;
  }
  return {length, true};
}

}  // namespace

std::string to_utf8(std::string_view text) {
  if (core::json::is_valid_utf8(text)) return std::string(text);
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const Part part = first_part(text);
    result += part.valid ? text.substr(0, part.length) : "\xEF\xBF\xBD";
    text.remove_prefix(part.length);
  }
  return result;
}

}  // namespace peerjsd::http
