#include "config_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <fstream>
#include <map>
#include <optional>
#include <string_view>
#include <system_error>
#include <vector>

#include "config_text.hpp"

namespace peerjsd::app {
namespace {

// CLI11's own parser is not used: it takes a line without '=' for a key set to true, drops short
// lines, splits values at blanks, and knows no line numbers.
class Reader {
 public:
  explicit Reader(std::string path) : path_(std::move(path)) {}

  Layer read(const std::string& named_by) {
    errno = 0;
    std::ifstream file(path_, std::ios::binary);
    std::string line;
    while (layer_.error.empty() && std::getline(file, line)) {
      ++number_;
      take(number_ == 1 && line.starts_with("\xEF\xBB\xBF") ? line.substr(3) : line);
    }
    if (layer_.error.empty() && (!file.is_open() || file.bad())) {
      layer_.error = named_by + ": " + in_quotes(path_) +
                     " cannot be read: " + std::generic_category().message(errno);
    }
    return std::move(layer_);
  }

 private:
  static std::string_view without_comment(std::string_view line) {
    for (std::size_t at = line.find('#'); at != line.npos; at = line.find('#', at + 1)) {
      if (at == 0 || line[at - 1] == ' ' || line[at - 1] == '\t') return line.substr(0, at);
    }
    return line;
  }

  /// What follows may be a secret.
  static std::string_view first_word(std::string_view text) {
    return text.substr(0, text.find_first_of(" \t:="));
  }

  /// A secret in base64 that stands on a line of its own ends in = or ==.
  static bool is_base64_end(std::string_view value) {
    return trimmed(value).empty() || trimmed(value) == "=";
  }

  void take(std::string_view whole_line) {
    const std::string_view line = trimmed(without_comment(whole_line));
    if (line.empty()) return;
    const std::size_t equals = line.find('=');
    const std::string_view key = trimmed(line.substr(0, equals));
    if (equals == line.npos || key.empty() || key != first_word(key)) {
      const std::string_view word = first_word(line);
      return fail((find_option(word) == nullptr ? "the line" : in_quotes(word)) +
                  " is not of the form 'key = value'");
    }
    set(key, line.substr(equals + 1));
  }

  void set(std::string_view key, std::string_view value) {
    const Option* option = find_option(key);
    if (option == nullptr) {
      const auto meant = nearest_key(key);
      if (!meant && is_base64_end(value)) {
        return fail("unknown key; it is not shown, for it may be a secret");
      }
      return fail("unknown key " + in_quotes(key) +
                  (meant ? "; did you mean " + in_quotes(*meant) + "?"
                         : "; see --check_config for all keys"));
    }
    const auto [first, is_new] = lines_.emplace(option, number_);
    if (!is_new) {
      return fail(in_quotes(key) + " is set on line " + std::to_string(first->second) +
                  " already; leave one of the two out");
    }
    layer_.settings.push_back(
        {option, here() + std::string(option->name), texts_of(*option, value)});
  }

  static std::optional<std::string_view> nearest_key(std::string_view key) {
    std::vector<std::string_view> names;
    for (const Option& option : all_options()) names.push_back(option.name);
    return nearest(underscored(key), names);
  }

  std::string here() const { return printable(path_) + ":" + std::to_string(number_) + ": "; }

  void fail(const std::string& problem) { layer_.error = here() + problem; }

  std::string path_;
  std::size_t number_ = 0;
  std::map<const Option*, std::size_t> lines_;
  Layer layer_;
};

}  // namespace

Layer read_config_file(const std::string& path, const std::string& named_by) {
  return Reader(path).read(named_by);
}

}  // namespace peerjsd::app
