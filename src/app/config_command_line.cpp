#include "config_command_line.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <sstream>

#include "config_text.hpp"
#include "config_values.hpp"
#include <CLI/CLI.hpp>

namespace peerjsd::app {
namespace {

// What CLI11 reports for a flag that came without a value. No argument can hold a NUL.
constexpr std::string_view kNoValue{"\0", 1};
constexpr std::array<std::string_view, 5> kActions = {"config", "check_config", "health_check",
                                                      "version", "help"};

constexpr std::string_view kQuiet = "quiet";

constexpr std::size_t kNameColumn = 38;
constexpr std::size_t kHelpColumns = 100;
constexpr int kAnyNumber = -1;

std::string flag_of(const Option& option) {
  return "--" + std::string(option.name);
}

std::string wrapped(const std::vector<std::string>& words, std::size_t width) {
  std::string result;
  std::size_t column = 0;
  for (const std::string& word : words) {
    const bool fits = column + 1 + word.size() <= width;
    if (column != 0) result += fits ? ' ' : '\n';
    column = (fits && column != 0 ? column + 1 : 0) + word.size();
    result += word;
  }
  return result;
}

std::string default_of(const Option& option) {
  std::string value = option.binding.write(Config{});
  if (!value.empty()) return value;
  return option.keeps_out() ? "none" : "empty";
}

std::string help_of(const Option& option) {
  std::istringstream help{std::string(option.help)};
  std::vector<std::string> words{std::istream_iterator<std::string>(help), {}};
  words.push_back("(default: " + default_of(option) + ")");
  return wrapped(words, kHelpColumns - kNameColumn);
}

// Values are optional for CLI11, which would take the flag that follows for a required one.
void declare(CLI::App& app, const Option& option) {
  const std::string letter = option.letter == '\0' ? "" : std::string{'-', option.letter, ','};
  CLI::Option* flag = app.add_option(letter + flag_of(option), CLI::callback_t{}, help_of(option));
  flag->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->option_text(std::string(option.binding.placeholder))
      ->group(std::string(option.group))
      ->default_str(option.binding.arity == Arity::Switch ? "true" : std::string(kNoValue))
      ->expected(0, 1);
  if (option.binding.arity == Arity::SpreadList) flag->expected(0, kAnyNumber)->allow_extra_args();
}

void declare_actions(CLI::App& app) {
  app.set_help_flag();
  app.add_option("--config", CLI::callback_t{}, "file to read options from")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->option_text("FILE")
      ->default_str(std::string(kNoValue))
      ->expected(0, 1);
  app.add_flag("--check_config")
      ->description("check the configuration, print it (not with =quiet) and end");
  app.add_flag("--health_check")
      ->description("ask the server with this configuration how it is, and end");
  app.add_flag("-v,--version")->description("print the version and end");
  app.add_flag("-h,--help")->description("print this and end");
  for (const std::string_view name : kActions) {
    app.get_option("--" + std::string(name))->group("Program");
  }
}

void declare_all(CLI::App& app) {
  app.name("peerjsd");
  app.description("A signaling server for PeerJS clients.");
  app.get_formatter()->column_width(kNameColumn);
  app.allow_extras();
  for (const Option& option : all_options()) declare(app, option);
  declare_actions(app);
}

bool is_known(std::string_view name) {
  return find_option(name) != nullptr ||
         std::find(kActions.begin(), kActions.end(), name) != kActions.end();
}

bool is_switch(std::string_view name) {
  const Option* option = find_option(name);
  return option != nullptr && option->binding.arity == Arity::Switch;
}

// The forms that yargs knows and CLI11 does not: --a-b for --a_b, --no-switch, -p=9000; and
// --name=, which CLI11 reads as a flag without a value.
void push_argument(const std::string& argument, std::vector<std::string>& arguments) {
  if (!argument.starts_with("--")) {
    const bool assigned = argument.size() > 2 && argument[0] == '-' && argument[2] == '=';
    arguments.push_back(assigned ? argument.substr(0, 2) + argument.substr(3) : argument);
    if (assigned && argument.size() == 3) arguments.emplace_back();
    return;
  }
  const std::size_t end = std::min(argument.find('='), argument.size());
  const std::string name = underscored(argument.substr(2, end - 2));
  if (end == argument.size() && name.starts_with("no_") && is_switch(name.substr(3))) {
    arguments.push_back("--" + name.substr(3) + "=false");
  } else if (!is_known(name)) {
    arguments.push_back(argument);
  } else if (end + 1 == argument.size()) {
    arguments.insert(arguments.end(), {"--" + name, ""});
  } else {
    arguments.push_back("--" + name + argument.substr(end));
  }
}

/// --name of a secret, without its value.
bool is_secret_flag(std::string_view argument) {
  if (!argument.starts_with("--")) return false;
  const Option* const option = find_option(underscored(std::string(argument.substr(2))));
  return option != nullptr && option->is_secret();
}

/// Whether it is a flag, by its full name.
bool is_flag(const std::string& argument) {
  if (!argument.starts_with("--")) return false;
  const std::string name = underscored(argument.substr(2, argument.find('=') - 2));
  return is_known(name) || (name.starts_with("no_") && is_switch(name.substr(3)));
}

std::vector<std::string> arguments_of(int argc, const char* const* argv) {
  std::vector<std::string> arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    // A random secret may begin with a dash, and shall not be taken for a flag, and shown.
    if (is_secret_flag(argument) && i + 1 < argc && !is_flag(argv[i + 1])) {
      push_argument(argument + "=" + argv[++i], arguments);
    } else if (argument != "--") {  // separates flags from arguments, of which there are none
      push_argument(argument, arguments);
    }
  }
  return arguments;
}

/// `is_secret`: it may be one, so that it is not repeated.
std::string unexpected(const std::string& argument, bool is_secret) {
  if (!argument.starts_with('-') || argument == "-") {
    return (is_secret ? "(not shown)" : in_quotes(argument)) +
           ": no argument is expected here; options begin with --";
  }
  const std::string flag = argument.substr(0, argument.find('='));
  std::vector<std::string_view> names(kActions.begin(), kActions.end());
  for (const Option& option : all_options()) names.push_back(option.name);
  const std::size_t name = std::min(flag.find_first_not_of('-'), flag.size());
  const auto meant = nearest(underscored(flag.substr(name)), names);
  return printable(flag) + ": unknown option; " +
         (meant ? "did you mean --" + std::string(*meant) + "?" : "see --help");
}

// For CLI11 `--version=false` counts as given.
bool asked(const CLI::App& app, const std::string& flag) {
  const auto& texts = app.get_option(flag)->results();
  return !texts.empty() && parse_switch(texts.back()).value_or(true);
}

/// With a value that means nothing for it; empty: there is none.
std::string problem_with_action(const CLI::App& app, const std::string& flag) {
  const auto& texts = app.get_option(flag)->results();
  if (texts.empty() || parse_switch(texts.back())) return {};
  if (flag == "--check_config") {
    return texts.back() == kQuiet ? "" : flag + ": nothing but =quiet may follow";
  }
  return flag + ": no value may follow";
}

std::string missing_value(const std::string& flag) {
  return flag + ": a value must follow";
}

bool has_secret(const CLI::App& app) {
  return std::ranges::any_of(all_options(), [&app](const Option& option) {
    return option.is_secret() && app.count(flag_of(option)) > 0;
  });
}

Layer layer_of(const CLI::App& app) {
  const std::vector<std::string> rest = app.remaining();
  Layer layer{{}, rest.empty() ? "" : unexpected(rest.front(), has_secret(app))};
  for (const Option& option : all_options()) {
    const auto& texts = app.get_option(flag_of(option))->results();
    if (texts.empty()) continue;
    if (std::find(texts.begin(), texts.end(), kNoValue) != texts.end() && layer.error.empty()) {
      layer.error = missing_value(flag_of(option));
    }
    layer.settings.push_back({&option, flag_of(option), texts});
  }
  return layer;
}

}  // namespace

CommandLine read_command_line(int argc, const char* const* argv) {
  CLI::App app;
  declare_all(app);
  std::vector<std::string> arguments = arguments_of(argc, argv);
  std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants them
  app.parse(std::move(arguments));

  CommandLine line;
  line.help = asked(app, "--help");
  line.version = asked(app, "--version");
  line.check_config = asked(app, "--check_config");
  line.health_check = asked(app, "--health_check");
  const auto& check = app.get_option("--check_config")->results();
  line.quiet = !check.empty() && check.back() == kQuiet;
  line.layer = layer_of(app);
  for (const char* const action : {"--check_config", "--health_check"}) {
    if (line.layer.error.empty()) line.layer.error = problem_with_action(app, action);
  }
  const auto& files = app.get_option("--config")->results();
  if (!files.empty()) line.config_file = files.back();
  if (line.config_file == kNoValue && line.layer.error.empty()) {
    line.layer.error = missing_value("--config");
  }
  return line;
}

std::string help_text() {
  CLI::App app;
  declare_all(app);
  app.footer(
      "MS is milliseconds, or seconds as in 5s; SIZE is bytes, or KiB or MiB as in 2MiB.\n"
      "'-' may stand for '_', and --no-NAME for --NAME=false.\n"
      "Every option is also an environment variable (PEERJSD_PORT for --port; PORT, "
      "PEERSERVER_PATH\n"
      "and PEERJSD_CONFIG too) and a key of the config file (port = 9000). A flag wins over the\n"
      "environment, and that over the file.");
  return app.help();
}

}  // namespace peerjsd::app
