#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

// Checks JSON texts (RFC 8259) and cuts them into slices, without interpreting numbers and escapes.
//
// Why not a library: simdjson's DOM, nlohmann and Boost.JSON refuse what JSON.stringify writes
// ("\ud800"), simdjson's on-demand API leaves values that it skips unchecked, and what is sliced
// here goes to another client's JSON.parse as it is.
namespace peerjsd::core::json {

// Objects and arrays open at once, the outermost included. PeerJS messages nest about four deep;
// Foundation's reader, under iOS clients, takes no more than this, and the scanner's recursion is
// bounded by it.
inline constexpr std::size_t kMaxDepth = 512;

bool is_valid_utf8(std::string_view text);

// Walks a text and hands out the members of its outermost object, in order and with duplicates.
// The whole text is checked on the way, so members mean nothing until next() has returned End.
// Whether the text is UTF-8 is not checked: bytes above 0x7f may stand anywhere in a string.
class ObjectScanner {
 public:
  enum class Step {
    Member,       // key() and value() are those of the next member
    End,          // the text is a JSON object and has no more members
    NotAnObject,  // the text is JSON, but not an object
    Malformed,    // the text is not JSON
    TooDeep,      // the text nests deeper than kMaxDepth, and was not read any further
  };

  // `text` must outlive the scanner and the slices of it.
  explicit ObjectScanner(std::string_view text);
  ObjectScanner(const ObjectScanner&) = delete;
  ObjectScanner& operator=(const ObjectScanner&) = delete;

  // Not to be called again after anything but Member.
  Step next();

  // Decoded; valid until the next call of next().
  std::string_view key() const { return key_; }
  // The slice of the text that holds the value, without the whitespace around it.
  std::string_view value() const { return value_; }

 private:
  const char* at_;
  const char* const end_;
  bool inside_ = false;  // past the opening brace
  std::string_view key_;
  std::string_view value_;
  std::string unquoted_key_;
};

// What a string literal stands for; nothing if `literal` is anything but one string literal in
// UTF-8. A surrogate without its partner becomes U+FFFD, as when Node writes it as UTF-8.
std::optional<std::string> unquote(std::string_view literal);

// Appends `utf8` as a string literal, escaping no more than JSON.stringify does. Bytes that are not
// UTF-8 become U+FFFD.
void append_quoted(std::string& out, std::string_view utf8);
std::string quoted(std::string_view utf8);

}  // namespace peerjsd::core::json
