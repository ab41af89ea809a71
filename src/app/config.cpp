#include "peerjsd/app/config.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>

#include "config_command_line.hpp"
#include "config_file.hpp"
#include "config_options.hpp"
#include "config_text.hpp"
#include <unistd.h>

namespace peerjsd::app {
namespace {

constexpr int kBadInput = 2;
constexpr std::string_view kPrefix = "PEERJSD_";
constexpr std::size_t kFewestLetters = 4;  // of three anything is nearly KEY

/// A variable with one of these is about who may connect, or about the file that says so.
constexpr std::array<std::string_view, 12> kAccessWords = {
    "AUTH_", "AUDIENCE", "CFG",        "CONF",   "CORS",   "ISSUER",
    "JWKS",  "JWT",      "PUBLIC_KEY", "ORIGIN", "SECRET", "TOKEN"};

Exit failed(const std::string& problem) {
  return {kBadInput, "peerjsd: " + problem + "\n"};
}

std::string upper(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return result;
}

std::string variable_of(std::string_view name) {
  return std::string(kPrefix) + upper(name);
}

std::string in_environment(const std::string& variable) {
  return "environment variable " + variable;
}

// Kubernetes describes a service called peerjsd by PEERJSD_PORT=tcp://10.0.0.1:9000 to its pods,
// and one called peerjsd-admin by PEERJSD_ADMIN_PORT.
bool is_service_link(std::string_view value) {
  return value.starts_with("tcp://") || value.starts_with("udp://") || value.starts_with("sctp://");
}

/// One that is empty is none, but of what keeps out: its value may have got lost.
std::optional<std::string> variable(const Environment& environment, const std::string& name,
                                    bool keeps_out = false) {
  const char* value = environment(name.c_str());
  if (value == nullptr || (*value == '\0' && !keeps_out)) return std::nullopt;
  if (name.ends_with("_PORT") && is_service_link(value)) return std::nullopt;
  return value;
}

std::string_view rest_of(std::string_view variable) {
  return variable.substr(kPrefix.size());
}

bool sets(const std::vector<Setting>& settings, const Option& option) {
  return std::any_of(settings.begin(), settings.end(),
                     [&](const Setting& setting) { return setting.option == &option; });
}

// PORT may be meant for another program: as in npm peer it is not even looked at if the port is
// given in another way.
std::vector<Setting> environment_settings(const Environment& environment,
                                          const std::vector<Setting>& flags) {
  std::vector<Setting> settings;
  const auto take = [&](const Option& option, const std::string& name) {
    const auto value = variable(environment, name, option.keeps_out());
    if (value) settings.push_back({&option, in_environment(name), texts_of(option, *value)});
    return value.has_value();
  };
  for (const Option& option : all_options()) {
    if (take(option, variable_of(option.name)) || option.shared_variable.empty()) continue;
    if (!sets(flags, option)) take(option, std::string(option.shared_variable));
  }
  return settings;
}

/// Kubernetes describes each service so to all pods of its namespace: those of peerjsd-auth begin
/// with PEERJSD_AUTH.
bool is_of_service(std::string_view name, const Environment& environment) {
  const auto has = [name](std::string_view part) { return name.find(part) != name.npos; };
  const char* const value = environment(std::string(name).c_str());
  const auto has_port = [&has](char digit) { return has(std::string("_PORT_") + digit); };
  return has("_SERVICE_HOST") || has("_SERVICE_PORT") ||
         std::ranges::any_of(std::string_view("123456789"), has_port) ||
         (value != nullptr && is_service_link(value));
}

/// The option that a variable which is none is for; nothing: for another program. As Docker has it,
/// NAME_FILE would be a file with the value of NAME in it.
std::optional<std::string_view> meant_by(std::string_view name,
                                         const std::vector<std::string>& variables) {
  const std::string sought = upper(name);
  for (const std::string& variable : variables) {
    if (sought == variable || sought == variable + "_FILE") return variable;
  }
  std::vector<std::string_view> rests;
  rests.reserve(variables.size());
  for (const std::string& variable : variables) rests.push_back(rest_of(variable));
  const auto meant = nearest(rest_of(sought), rests);
  if (!meant) return std::nullopt;
  return *std::ranges::find(variables, *meant, [](const auto& each) { return rest_of(each); });
}

/// Variables that begin as those of this program, and are no option.
std::vector<std::string> unknown_variables(const VariableNames& names,
                                           const Environment& environment,
                                           const std::vector<std::string>& known) {
  std::vector<std::string> unknown;
  for (const std::string& name : names) {
    const bool is_ours = upper(name).starts_with(kPrefix) && name.size() > kPrefix.size();
    if (!is_ours || std::ranges::find(known, name) != known.end()) continue;
    if (!is_of_service(name, environment)) unknown.push_back(name);
  }
  return unknown;
}

/// Of one that is nearly an option, or about who may connect; empty: of another one.
std::string problem_with_variable(std::string_view name, const std::vector<std::string>& known) {
  const bool is_short = rest_of(name).size() < kFewestLetters;
  const auto meant = is_short ? std::nullopt : meant_by(name, known);
  const std::string sought = upper(name);
  const auto has = [&](std::string_view part) { return sought.find(part) != sought.npos; };
  const bool is_about_access = sought.ends_with("AUTH") || std::ranges::any_of(kAccessWords, has);
  if (!meant && !is_about_access) return {};
  return in_environment(printable(name)) + ": unknown; " +
         (meant ? "did you mean " + std::string(*meant) + "?" : "see --help for what there is.") +
         " If it is meant for another program, give it another name";
}

/// Times are in milliseconds, as npm peer has them: so short they were most likely meant for
/// seconds.
void remark_times(const Config& config, std::vector<std::string>& remarks) {
  constexpr std::chrono::milliseconds most{300};
  const auto look = [&](const char* name, std::chrono::milliseconds time) {
    if (time == std::chrono::milliseconds(0) || time > most) return;
    const std::string number = std::to_string(time.count());
    remarks.push_back(std::string("--") + name + ": " + number +
                      " ms is short; for seconds write " + number + "s");
  };
  look("alive_timeout", config.alive_timeout);
  look("leave_grace", config.leave_grace);
}

// No file named: an empty layer.
Layer file_layer(const CommandLine& line, const Environment& environment) {
  if (line.config_file) return read_config_file(*line.config_file, "--config");
  const std::string name = "PEERJSD_CONFIG";
  const auto file = variable(environment, name);
  return file ? read_config_file(*file, in_environment(name)) : Layer{};
}

/// Options that do nothing, or cannot do what they say, without another.
std::string problem_with_auth(const Config& config) {
  const bool has_keys = asks_for_tokens(config);
  const std::string need_keys = ": it needs --auth_secret, --auth_public_key or --auth_jwks";
  if (!has_keys && !config.auth_issuer.empty()) return "--auth_issuer" + need_keys;
  if (!has_keys && !config.auth_audience.empty()) return "--auth_audience" + need_keys;
  if (config.auth_url.empty() && !config.auth_headers.empty()) {
    return "--auth_headers: it needs --auth_url";
  }
  if (config.auth_url.empty() && config.event_url.empty() && !config.hook_secret.empty()) {
    return "--hook_secret: it needs --auth_url or --event_url";
  }
  if (!config.event_url.empty() && config.hook_secret.empty()) {
    return "--event_url: --hook_secret must be given too; make one with: openssl rand -hex 32";
  }
  if (config.ids == IdSource::Server && config.id_secret.empty()) {
    return "--ids: for server, --id_secret must be given too; make one with: openssl rand -hex 16";
  }
  if (config.ids == IdSource::Any && !config.id_secret.empty()) {
    return "--id_secret: it needs --ids server";
  }
  if (config.turn_secret.empty() != config.turn_urls.empty()) {
    return config.turn_urls.empty() ? "--turn_secret: --turn_urls must be given too"
                                    : "--turn_urls: --turn_secret must be given too";
  }
  return {};
}

bool is_file_name(const std::string& text) {
  return text.starts_with('/') && ::access(text.c_str(), F_OK) == 0;
}

/// `is_last`: no other setting of the option replaces it.
std::string take(Config& config, const Setting& setting, bool is_last) {
  const auto is_empty = [](const std::string& text) { return text.empty(); };
  if (setting.option->keeps_out() && std::ranges::all_of(setting.texts, is_empty)) {
    return is_last ? "it is empty, as if its value had got lost; give one, or leave it out" : "";
  }
  if (setting.option->is_secret() && std::ranges::any_of(setting.texts, is_file_name)) {
    return "it is the name of a file; give what is in it, as in " +
           variable_of(setting.option->name) + "=\"$(cat FILE)\"";
  }
  return setting.option->binding.read(config, setting.texts);
}

Loaded apply(const std::vector<Setting>& settings) {
  Config config;
  for (auto setting = settings.begin(); setting != settings.end(); ++setting) {
    const bool is_last = std::none_of(std::next(setting), settings.end(), [&](const auto& later) {
      return later.option == setting->option;
    });
    const std::string problem = take(config, *setting, is_last);
    if (!problem.empty()) return failed(setting->source + ": " + problem);
  }
  if (config.sslkey.empty() != config.sslcert.empty()) {
    const bool has_key = config.sslcert.empty();
    return failed(std::string(has_key
                                  ? "--sslkey: its certificate must be given too, with --sslcert"
                                  : "--sslcert: its key must be given too, with --sslkey"));
  }
  const std::string problem = problem_with_auth(config);
  if (!problem.empty()) return failed(problem);
  return Start{std::move(config)};
}

void append(std::vector<Setting>& settings, std::vector<Setting> more) {
  std::move(more.begin(), more.end(), std::back_inserter(settings));
}

}  // namespace

std::string_view version() {
  return PEERJSD_VERSION;
}

std::chrono::milliseconds effective_ping_interval(const Config& config) {
  using std::chrono::milliseconds;
  if (config.ping_interval == milliseconds{0} || config.alive_timeout == milliseconds{0}) {
    return config.ping_interval;
  }
  return std::clamp(config.alive_timeout / 2, milliseconds{1}, config.ping_interval);
}

bool asks_for_tokens(const Config& config) {
  return !config.auth_secret.empty() || !config.auth_public_key.empty() ||
         !config.auth_jwks.empty();
}

Loaded load_config(int argc, const char* const* argv, const Environment& environment,
                   const VariableNames& names) {
  CommandLine line = read_command_line(argc, argv);
  if (line.help) return Exit{0, help_text()};
  if (line.version) return Exit{0, "peerjsd " + std::string(version()) + "\n"};
  if (!line.layer.error.empty()) return failed(line.layer.error);

  std::vector<std::string> known = {variable_of("config")};
  for (const Option& option : all_options()) known.push_back(variable_of(option.name));
  std::vector<std::string> remarks;
  for (const std::string& name : unknown_variables(names, environment, known)) {
    const std::string problem = problem_with_variable(name, known);
    if (!problem.empty()) return failed(problem);
    remarks.push_back(in_environment(printable(name)) + ": unknown, and passed over; see --help");
  }
  Layer file = file_layer(line, environment);
  if (!file.error.empty()) return failed(file.error);

  // The highest layer last: what comes later replaces what came before.
  std::vector<Setting> settings = std::move(file.settings);
  append(settings, environment_settings(environment, line.layer.settings));
  append(settings, std::move(line.layer.settings));

  auto result = apply(settings);
  auto* const start = std::get_if<Start>(&result);
  if (start == nullptr) return result;
  remark_times(start->config, remarks);
  const std::string cluster = variable_of("cluster");
  if (environment(cluster.c_str()) != nullptr && start->config.cluster.empty()) {
    remarks.push_back(in_environment(cluster) + ": empty; this server knows of no other");
  }
  if (line.check_config) return Check{std::move(start->config), line.quiet, std::move(remarks)};
  if (line.health_check) return HealthCheck{std::move(start->config)};
  start->remarks = std::move(remarks);
  return result;
}

namespace {

/// To begin, or to cease, to speak TLS or to ask for signed tokens is nothing that clients could
/// follow.
bool is_fixed(const Option& option, const Config& running, const Config& wanted) {
  const bool is_of_tls = option.name == "sslkey" || option.name == "sslcert";
  if (is_of_tls) return running.sslcert.empty() != wanted.sslcert.empty();
  if (option.is_of_tokens()) return asks_for_tokens(running) != asks_for_tokens(wanted);
  return option.is_fixed();
}

}  // namespace

Change change_of(const Config& running, const Config& wanted) {
  Change change{wanted, {}, {}};
  for (const Option& option : all_options()) {
    const std::string value = option.binding.write(running);
    if (value == option.binding.write(wanted)) continue;
    const std::string name = "--" + std::string(option.name);
    if (!is_fixed(option, running, wanted)) {
      change.names.push_back(name);
      continue;
    }
    change.fixed.push_back(name);
    option.binding.read(change.config, texts_of(option, value));
  }
  return change;
}

std::string to_text(const Config& config) {
  std::string text;
  for (const Option& option : all_options()) {
    const std::string value = option.binding.write(config);
    if (option.is_secret() && !value.empty()) {
      text += "# " + std::string(option.name) + " is set, and not shown\n";
      if (option.keeps_out()) text += std::string(option.name) + " =\n";
      continue;
    }
    if (option.keeps_out() && value.empty()) text += '#';
    text += std::string(option.name) + (value.empty() ? " =" : " = ") + value + "\n";
  }
  return text;
}

}  // namespace peerjsd::app
