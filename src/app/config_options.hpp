#pragma once

#include "peerjsd/app/config.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace peerjsd::app {

enum class Arity {
  Switch,  ///< true or false; the bare flag means true
  Value,
  List,        ///< several values, one per flag
  SpreadList,  ///< several values, any number of them per flag, as yargs' arrays
};

enum class Trait : std::uint8_t {
  None,
  Secret,  ///< never to be shown
  Fixed,   ///< while the server runs
  SecretAndFixed,
};

// What an option has to do with who may connect; one or both.

/// Fixed is whether there are any of these that ask for tokens.
inline constexpr unsigned kOfTokens = 1;
/// Empty it would let in more, or protect less: that is not taken for its value.
inline constexpr unsigned kKeepsOut = 2;

/// One row per option: all that the command line, the environment, the config file and --help need.
struct Option {
  /// How the texts that one layer gives become the field's value, and back. `read` returns what is
  /// wrong with them, without their source; empty: nothing. A list takes them all, and gives up
  /// what it held before; everything else takes the last.
  struct Binding {
    Arity arity;
    std::string_view placeholder;
    std::string (*read)(Config& config, const std::vector<std::string>& texts);
    std::string (*write)(const Config& config);
  };

  std::string_view name;
  char letter;                       ///< short form of the flag, '\0': none
  std::string_view shared_variable;  ///< variable that npm peer reads for it too; empty: none
  std::string_view group;            ///< heading in --help
  std::string_view help;
  Binding binding;
  Trait trait = Trait::None;
  unsigned roles = 0;  ///< of kOfTokens, kKeepsOut

  constexpr bool is_of_tokens() const { return (roles & kOfTokens) != 0; }
  constexpr bool keeps_out() const { return (roles & kKeepsOut) != 0; }
  constexpr bool is_secret() const {
    return trait == Trait::Secret || trait == Trait::SecretAndFixed;
  }
  constexpr bool is_fixed() const {
    return trait == Trait::Fixed || trait == Trait::SecretAndFixed;
  }
};

/// What one layer says about one option.
struct Setting {
  const Option* option;
  std::string source;  ///< for the user: "--port", "environment variable PORT", "a.conf:3: port"
  std::vector<std::string> texts;
};

/// All the settings of one layer, or the first thing wrong with it as a line for the user.
struct Layer {
  std::vector<Setting> settings;
  std::string error;
};

/// In the order of --help and of the config file.
std::span<const Option> all_options();

/// '-' and '_' are the same. Null if there is none.
const Option* find_option(std::string_view name);

std::string underscored(std::string_view name);

/// What a variable or a line of the config file says: a list is separated by commas there.
std::vector<std::string> texts_of(const Option& option, std::string_view text);

}  // namespace peerjsd::app
