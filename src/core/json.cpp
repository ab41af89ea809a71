#include "peerjsd/core/json.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <utility>

#include <nlohmann/json.hpp>
#include <simdjson.h>

namespace peerjsd::core::json {
namespace {

using Step = ObjectScanner::Step;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_hex_digit(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// Whether a byte cannot stand for itself in a string literal; also for sixteen bytes at once.
template <class Bytes>
auto is_special(Bytes bytes) {
  return (bytes == '"') | (bytes == '\\') | (bytes < 0x20);
}

// The first special byte, or `end`.
inline const char* find_special(const char* p, const char* end) {
  using Block = unsigned char __attribute__((vector_size(16)));
  using Halves = std::uint64_t __attribute__((vector_size(16)));
  for (; end - p >= 16; p += 16) {
    Block block;
    std::memcpy(&block, p, sizeof block);
    const auto halves = std::bit_cast<Halves>(is_special(block));
    const auto first_byte = [](std::uint64_t half) {
      const bool little_endian = std::endian::native == std::endian::little;
      return (little_endian ? std::countr_zero(half) : std::countl_zero(half)) / 8;
    };
    if (halves[0] != 0) return p + first_byte(halves[0]);
    if (halves[1] != 0) return p + 8 + first_byte(halves[1]);
  }
  while (p != end && !is_special(static_cast<unsigned char>(*p))) ++p;
  return p;
}

// The characters that may follow a backslash, apart from u.
constexpr auto kSimpleEscapes = [] {
  std::array<bool, 256> table{};
  for (const char c : std::string_view(R"("\/bfnrt)")) table[static_cast<unsigned char>(c)] = true;
  return table;
}();

// RFC 8259's grammar. Each function takes the place where its construct must begin and returns the
// place behind it. A failure is noted and moves to the end of the text, where nothing can begin: so
// callers need not look at each step whether the one before has failed.
class Scanner {
 public:
  explicit Scanner(const char* end) : end_(end) {}

  const std::optional<Step>& failure() const { return failure_; }

  // What the text is, when `p` is behind its outermost value.
  Step finish(const char* p, Step if_well_formed) const {
    if (failure_) return *failure_;
    return space(p) == end_ ? if_well_formed : Step::Malformed;
  }

  // NUL at the end: it begins nothing.
  char at(const char* p) const { return p != end_ ? *p : '\0'; }

  const char* space(const char* p) const {
    if (static_cast<unsigned char>(at(p)) > ' ') return p;  // as always in compact texts
    while (at(p) == ' ' || at(p) == '\n' || at(p) == '\r' || at(p) == '\t') ++p;
    return p;
  }

  const char* separator(const char* p, char which) {
    p = space(p);
    return at(p) == which ? space(p + 1) : fail(Step::Malformed);
  }

  const char* string(const char* p);
  // `depth` counts the objects and arrays around the value.
  const char* value(const char* p, std::size_t depth);

 private:
  const char* fail(Step why) {
    if (!failure_) failure_ = why;
    return end_;
  }

  const char* unicode_escape(const char* p);
  const char* container(const char* p, char closer, std::size_t depth);
  const char* word(const char* p, std::string_view expected);
  const char* number(const char* p);
  const char* digits(const char* p);

  const char* const end_;
  std::optional<Step> failure_;  // the first
};

const char* Scanner::string(const char* p) {
  if (at(p) != '"') return fail(Step::Malformed);
  ++p;
  for (;;) {
    p = find_special(p, end_);
    if (at(p) == '"') return p + 1;
    if (at(p) != '\\') return fail(Step::Malformed);
    // An SDP's lines end in \r\n: escapes come in pairs.
    do {
      const bool simple = kSimpleEscapes[static_cast<unsigned char>(at(p + 1))];
      p = simple ? p + 2 : unicode_escape(p);
    } while (at(p) == '\\');
  }
}

const char* Scanner::unicode_escape(const char* p) {
  const bool valid = end_ - p >= 6 && p[1] == 'u' && std::all_of(p + 2, p + 6, is_hex_digit);
  return valid ? p + 6 : fail(Step::Malformed);
}

const char* Scanner::value(const char* p, std::size_t depth) {
  switch (at(p)) {
    case '"':
      return string(p);
    case '{':
      return container(p, '}', depth + 1);
    case '[':
      return container(p, ']', depth + 1);
    case 't':
      return word(p, "true");
    case 'f':
      return word(p, "false");
    case 'n':
      return word(p, "null");
    default:
      return number(p);
  }
}

const char* Scanner::container(const char* p, char closer, std::size_t depth) {
  if (depth > kMaxDepth) return fail(Step::TooDeep);
  p = space(p + 1);
  if (at(p) == closer) return p + 1;
  for (;;) {
    if (closer == '}') p = separator(string(p), ':');
    p = space(value(p, depth));
    if (at(p) == closer) return p + 1;
    if (at(p) != ',') return fail(Step::Malformed);
    p = space(p + 1);
  }
}

const char* Scanner::word(const char* p, std::string_view expected) {
  const std::string_view rest(p, static_cast<std::size_t>(end_ - p));
  return rest.starts_with(expected) ? p + expected.size() : fail(Step::Malformed);
}

const char* Scanner::number(const char* p) {
  if (at(p) == '-') ++p;
  p = at(p) == '0' ? p + 1 : digits(p);
  if (at(p) == '.') p = digits(p + 1);
  if (at(p) != 'e' && at(p) != 'E') return p;
  ++p;
  if (at(p) == '+' || at(p) == '-') ++p;
  return digits(p);
}

const char* Scanner::digits(const char* p) {
  if (!is_digit(at(p))) return fail(Step::Malformed);
  while (is_digit(at(p))) ++p;
  return p;
}

// The second hex digit of a surrogate.
constexpr std::string_view kHigh = "89abAB";
constexpr std::string_view kLow = "cdefCDEF";

// Whether the escape at `i` of a well-formed literal is a surrogate with one of these digits.
bool is_surrogate(std::string_view literal, std::size_t i, std::string_view digits) {
  const auto escape = literal.substr(i, 4);
  return (escape.starts_with("\\ud") || escape.starts_with("\\uD")) &&
         digits.find(escape[3]) != std::string_view::npos;
}

// A well-formed literal with the surrogates that lack their partner replaced.
std::string with_paired_surrogates(std::string_view literal) {
  std::string paired(literal);
  std::size_t i = 0;
  while ((i = paired.find('\\', i)) != std::string::npos) {
    if (is_surrogate(paired, i, kHigh) && is_surrogate(paired, i + 6, kLow)) {
      i += 12;
      continue;
    }
    if (is_surrogate(paired, i, kHigh) || is_surrogate(paired, i, kLow))
      paired.replace(i + 2, 4, "fffd");
    i += 2;
  }
  return paired;
}

}  // namespace

bool is_valid_utf8(std::string_view text) {
  return simdjson::validate_utf8(text.data(), text.size());
}

ObjectScanner::ObjectScanner(std::string_view text)
    : at_(text.data()), end_(text.data() + text.size()) {}

ObjectScanner::Step ObjectScanner::next() {
  Scanner scan(end_);
  const char* p = scan.space(at_);
  const bool first = !std::exchange(inside_, true);
  if (first) {
    if (scan.at(p) != '{') return scan.finish(scan.value(p, 0), Step::NotAnObject);
    p = scan.space(p + 1);
  }
  if (scan.at(p) == '}') return scan.finish(p + 1, Step::End);
  const char* const key = first ? p : scan.separator(p, ',');
  const char* const key_end = scan.string(key);
  const char* const value = scan.separator(key_end, ':');
  at_ = scan.value(value, 1);
  if (scan.failure()) return *scan.failure();

  value_ = std::string_view(value, static_cast<std::size_t>(at_ - value));
  key_ = std::string_view(key + 1, static_cast<std::size_t>(key_end - key - 2));
  if (find_special(key + 1, end_) != key_end - 1) {
    unquoted_key_ = unquote({key, key_end}).value_or(std::string());
    key_ = unquoted_key_;
  }
  return Step::Member;
}

std::optional<std::string> unquote(std::string_view literal) {
  const char* const end = literal.data() + literal.size();
  Scanner scan(end);
  if (scan.string(literal.data()) != end || scan.failure()) return std::nullopt;
  // Without exceptions, what is not UTF-8 gives no string.
  const auto decoded = nlohmann::json::parse(with_paired_surrogates(literal), nullptr, false);
  if (!decoded.is_string()) return std::nullopt;
  return decoded.get<std::string>();
}

void append_quoted(std::string& out, std::string_view utf8) {
  const char* const end = utf8.data() + utf8.size();
  if (find_special(utf8.data(), end) == end && is_valid_utf8(utf8)) {
    out += '"';
    out += utf8;
    out += '"';
  } else {
    using nlohmann::json;
    out += json(utf8).dump(-1, ' ', false, json::error_handler_t::replace);
  }
}

std::string quoted(std::string_view utf8) {
  std::string json;
  append_quoted(json, utf8);
  return json;
}

}  // namespace peerjsd::core::json
