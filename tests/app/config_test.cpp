#include "peerjsd/app/config.hpp"

#include "support/tls_files.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

namespace peerjsd::app {
namespace {

using std::chrono::milliseconds;
using Arguments = std::vector<std::string>;
using Variables = std::map<std::string, std::string>;
using List = std::vector<std::string>;

Loaded load(const Arguments& arguments, const Variables& variables = {}) {
  std::vector<const char*> argv = {"peerjsd"};
  for (const std::string& argument : arguments) argv.push_back(argument.c_str());
  const auto lookup = [&](const char* name) -> const char* {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  };
  VariableNames names;
  for (const auto& [name, value] : variables) names.push_back(name);
  return load_config(static_cast<int>(argv.size()), argv.data(), lookup, names);
}

Config config_of(const Arguments& arguments, const Variables& variables = {}) {
  const auto result = load(arguments, variables);
  if (const auto* exit = std::get_if<Exit>(&result)) {
    ADD_FAILURE() << "ends with " << exit->code << ": " << exit->text;
    return {};
  }
  return std::get<Start>(result).config;
}

// The line of a start that fails, without "peerjsd: " and the newline.
std::string error_of(const Arguments& arguments, const Variables& variables = {}) {
  const auto result = load(arguments, variables);
  const auto* exit = std::get_if<Exit>(&result);
  if (exit == nullptr) return "(it started)";
  EXPECT_EQ(exit->code, 2);
  const std::string prefix = "peerjsd: ";
  EXPECT_EQ(exit->text.substr(0, prefix.size()), prefix);
  EXPECT_EQ(exit->text.find('\n'), exit->text.size() - 1) << "is not one line: " << exit->text;
  return exit->text.substr(prefix.size(), exit->text.size() - prefix.size() - 1);
}

std::string output_of(const Arguments& arguments, const Variables& variables = {}) {
  const auto result = load(arguments, variables);
  const auto* exit = std::get_if<Exit>(&result);
  if (exit == nullptr || exit->code != 0) {
    ADD_FAILURE() << (exit == nullptr ? "it started" : exit->text);
    return {};
  }
  return exit->text;
}

class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& content) {
    const int handle = mkstemp(path_.data());
    if (handle < 0) throw std::runtime_error("no temporary file");
    close(handle);
    std::ofstream(path_, std::ios::binary) << content;
  }
  ~TemporaryFile() { std::filesystem::remove(path_); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_ = testing::TempDir() + "peerjsd_config_XXXXXX";
};

Config config_of_file(const std::string& content) {
  const TemporaryFile file(content);
  return config_of({"--config", file.path()});
}

// What follows "FILE:" in the error line.
std::string error_of_file(const std::string& content) {
  const TemporaryFile file(content);
  const std::string error = error_of({"--config", file.path()});
  EXPECT_EQ(error.substr(0, file.path().size() + 1), file.path() + ":");
  return error.substr(std::min(file.path().size() + 1, error.size()));
}

List lines_of(const std::string& text) {
  List lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

struct KeyAndValue {
  std::string key, value;
  bool is_given;  ///< false: it has no value, and none can be given for that
};

// Of every option, from the file format.
std::vector<KeyAndValue> options_of(const Config& config) {
  std::vector<KeyAndValue> options;
  for (const std::string& line : lines_of(to_text(config))) {
    const bool is_given = !line.starts_with('#');
    const std::size_t equals = line.find(" =");
    const std::size_t begin = is_given ? 0 : 1;
    options.push_back({line.substr(begin, equals - begin),
                       line.substr(std::min(equals + 3, line.size())), is_given});
  }
  return options;
}

Config unlike_the_defaults() {
  Config config;
  config.port = 1;
  config.host = "::1";
  config.path = "/a/b/";
  config.keys = {"one", "two words"};
  config.cors = {"https://a.example", "http://localhost:3000"};
  config.proxied = "10.0.0.0/8, ::1/128";
  config.sslkey = "k.pem";
  config.sslcert = "/a b/c.pem";
  config.concurrent_limit = 2;
  config.ip_limit = 21;
  config.connection_limit = 22;
  config.ip_connections = 23;
  config.ip_rate = 24;
  config.message_rate = 25;
  config.id_pattern = "[a-z]{1,2}";
  config.reserved_ids = {"admin", "the root"};
  config.max_id_bytes = 26;
  config.max_token_bytes = 27;
  config.allow_discovery = true;
  config.id_format = core::IdFormat::Token;
  config.compat_http_key = true;
  config.allow_types = {"CHAT", "a.b:c_d-1"};
  config.expire_timeout = milliseconds{3};
  config.alive_timeout = milliseconds{4};
  config.ping_interval = milliseconds{5};
  config.request_timeout = milliseconds{51};
  config.leave = core::LeavePolicy::Always;
  config.leave_grace = milliseconds{6};
  config.takeover_probe = milliseconds{7};
  config.flood_timeout = milliseconds{81};
  config.drain_timeout = milliseconds{8};
  config.stream_pacing = milliseconds{14};
  config.max_header_bytes = 91;
  config.max_message_bytes = 9;
  config.send_queue_bytes = std::size_t{10} * 1024;
  config.outstanding_per_destination = 11 * kMiB;
  config.outstanding_per_sender = 12 * kMiB + 1;
  config.outstanding_total = 13 * kMiB;
  config.admin_port = 16;
  config.admin_host = "::1";
  config.auth_public_key = {"a.pem", "b c.pem"};
  config.auth_jwks = "keys.json";
  config.auth_issuer = {"https://a", "b"};
  config.auth_audience = {"c"};
  config.auth_leeway = milliseconds{17};
  config.auth_expiry = AuthExpiry::Ignore;
  config.event_queue = 21;
  config.auth_timeout = milliseconds{19};
  config.auth_down = AuthDown::Accept;
  config.auth_cache = milliseconds{20};
  config.turn_ttl = milliseconds{18};
  config.cluster_down = ClusterDown::Refuse;
  config.log_level = "warn";
  config.log_format = LogFormat::Json;
  config.log_file = "/var/log/peerjsd.log";
  config.access_log = true;
  config.demo = true;
  config.demo_client = "/peerjs.min.js";
  return config;
}

Arguments as_flags(const Config& config) {
  Arguments arguments;
  const std::map<std::string, std::vector<std::string>> lists = {
      {"key", config.keys},
      {"cors", config.cors},
      {"reserved_ids", config.reserved_ids},
      {"allow_types", config.allow_types},
      {"auth_public_key", config.auth_public_key},
      {"auth_issuer", config.auth_issuer},
      {"auth_audience", config.auth_audience},
      {"auth_headers", config.auth_headers},
      {"turn_urls", config.turn_urls},
  };
  for (const auto& [key, value, is_given] : options_of(config)) {
    if (is_given && !lists.contains(key)) arguments.push_back("--" + key + "=" + value);
  }
  for (const auto& [key, values] : lists) {
    for (const std::string& value : values) arguments.push_back("--" + key + "=" + value);
  }
  return arguments;
}

Variables as_variables(const Config& config) {
  Variables variables;
  for (const auto& [key, value, is_given] : options_of(config)) {
    if (!is_given) continue;
    std::string name = "PEERJSD_" + key;
    for (char& c : name) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    variables[name] = value;
  }
  return variables;
}

const std::string kNotAPort = " is not a whole number from 0 to 65535";
const std::string kNotAHost = " is not an address or a host name, like 0.0.0.0, ::1 or localhost";
const std::string kNotAPath =
    " is not a URL path like / or /myapp (of letters, digits and -._~!$&()*+,;=:@/)";
const std::string kNotAKey =
    " is not a key: it must not be empty, nor have / ? # % , quotes, a backslash, control "
    "characters or blanks around it";

// --- defaults and layers

TEST(Config, IsAllDefaultsWithoutInput) {
  EXPECT_EQ(config_of({}), Config{});
  EXPECT_EQ(std::get<Start>(load_config(0, nullptr, [](const char*) { return nullptr; })).config,
            Config{});
}

TEST(Config, TakesEveryOptionAsAFlag) {
  EXPECT_EQ(config_of(as_flags(unlike_the_defaults())), unlike_the_defaults());
}

TEST(Config, TakesEveryOptionFromTheEnvironment) {
  EXPECT_EQ(config_of({}, as_variables(unlike_the_defaults())), unlike_the_defaults());
}

TEST(Config, TakesEveryOptionFromTheFile) {
  EXPECT_EQ(config_of_file(to_text(unlike_the_defaults())), unlike_the_defaults());
}

TEST(Config, EndsForAVariableThatIsMistyped) {
  EXPECT_EQ(error_of({}, {{"PEERJSD_AUTH_SECERT", "sesame"}}),
            "environment variable PEERJSD_AUTH_SECERT: unknown; did you mean PEERJSD_AUTH_SECRET? "
            "If it is meant for another program, give it another name");
  EXPECT_EQ(error_of({}, {{"PEERJSD_CONFG", ""}}).substr(0, 43),
            "environment variable PEERJSD_CONFG: unknown");
  for (const std::string name :
       {"PEERJSD_AUTH_SECRET_FILE", "PEERJSD_AUTH_KEY", "PEERJSD_JWKS", "PEERJSD_SECRET",
        "PEERJSD_Auth_Secret", "PEERJSD_TOKEN", "PEERJSD_AUTH_JWKS_FILE", "PEERJSD_CORS_ORIGINS",
        "PEERJSD_PROT", "PEERJSD_port", "peerjsd_auth_secret", "PEERJSD_AUTH_SECRET_TCP",
        "PEERJSD_CONF", "PEERJSD_CFG", "PEERJSD_AUTH", "PEERJSD_JWT_KEY", "PEERJSD_ISSUER",
        "PEERJSD_PUBLIC_KEY"}) {
    EXPECT_NE(error_of({}, {{name, "sesame"}}).find(name + ": unknown; "), std::string::npos);
  }
  const Variables others = {{"PEERJSD_SERVICE_HOST", "10.0.0.1"},
                            {"PEERJSD_SERVICE_PORT", "9000"},
                            {"PEERJSD_PORT", "tcp://10.0.0.1:9000"},
                            {"PEERJSD_PORT_9000_TCP_ADDR", "10.0.0.1"},
                            {"PEERJSD_0_PORT", "tcp://10.0.0.1:9000"},
                            {"PEERJSD_AUTH_PORT", "tcp://10.0.0.2:80"},
                            {"PEERJSD_AUTH_PORT_80_TCP_ADDR", "10.0.0.2"},
                            {"PEERJSD_AUTH_SERVICE_HOST", "10.0.0.2"},
                            {"PEERJSD_CERT", "x"},
                            {"PEERJSD_AUTHOR", "x"},
                            {"PEERJSD_PORT_SECRET_PORT_80_TCP_ADDR", "10.0.0.1"},
                            {"PEERJSD_TEMP", "x"},
                            {"PEERJSD_LOGS", "x"},
                            {"PEERJSD_VERSION", "1"},
                            {"PEERJSD_ENV", "x"},
                            {"PEERJSD", "x"},
                            {"OTHER_AUTH_SECERT", "x"}};
  EXPECT_EQ(config_of({}, others), Config{});
}

TEST(Config, RemarksWhatMayNotBeMeantSo) {
  const Variables variables = {
      {"PEERJSD_CLUSTER", ""}, {"PEERJSD_SERVICE_HOST", "10.0.0.1"}, {"PEERJSD_VERSION", "1"}};
  const auto result = load({"--alive_timeout", "60", "--leave_grace", "30s"}, variables);
  EXPECT_EQ(std::get<Start>(result).remarks,
            (List{"environment variable PEERJSD_VERSION: unknown, and passed over; see --help",
                  "--alive_timeout: 60 ms is short; for seconds write 60s",
                  "environment variable PEERJSD_CLUSTER: empty; this server knows of no other"}));
  EXPECT_EQ(std::get<Start>(load({"--alive_timeout", "0"})).remarks, List{});
  EXPECT_EQ(std::get<Start>(load({}, {{"PEERJSD_CLUSTER", "  "}})).remarks.size(), 1U);
  const auto joined = load({"--cluster", "redis://127.0.0.1"}, {{"PEERJSD_CLUSTER", ""}});
  EXPECT_EQ(std::get<Start>(joined).remarks, List{});
  EXPECT_EQ(std::get<Check>(load({"--check_config", "--leave_grace", "9"})).remarks.size(), 1U);
}

TEST(Config, PrefersAFlagToTheEnvironmentToTheFileToTheDefault) {
  const TemporaryFile file("port = 1\nhost = file\nalive_timeout = 1\n");
  const Config config = config_of({"--config", file.path(), "--port", "3"},
                                  {{"PEERJSD_PORT", "2"}, {"PEERJSD_HOST", "environment"}});
  EXPECT_EQ(config.port, 3);
  EXPECT_EQ(config.host, "environment");
  EXPECT_EQ(config.alive_timeout, milliseconds{1});
  EXPECT_EQ(config.expire_timeout, milliseconds{5000});
}

TEST(Config, ReplacesAListOfALowerLayerWhole) {
  const TemporaryFile file("key = a, b\ncors = https://a.example\n");
  const Variables variables = {{"PEERJSD_KEY", "c,d"}};
  EXPECT_EQ(config_of({"--config", file.path()}).keys, (List{"a", "b"}));
  EXPECT_EQ(config_of({"--config", file.path()}, variables).keys, (List{"c", "d"}));
  EXPECT_EQ(config_of({"--config", file.path(), "--key", "e"}, variables).keys, (List{"e"}));
  EXPECT_EQ(config_of({"--config", file.path(), "--cors", "*"}).cors, List{});
}

TEST(Config, PrefersItsOwnVariablesToThoseOfNpmPeer) {
  const Variables npm = {{"PORT", "1"}, {"PEERSERVER_PATH", "npm"}};
  EXPECT_EQ(config_of({}, npm).port, 1);
  EXPECT_EQ(config_of({}, npm).path, "/npm/");
  const Variables both = {
      {"PORT", "1"}, {"PEERSERVER_PATH", "npm"}, {"PEERJSD_PORT", "2"}, {"PEERJSD_PATH", "own"}};
  EXPECT_EQ(config_of({}, both).port, 2);
  EXPECT_EQ(config_of({}, both).path, "/own/");
  EXPECT_EQ(config_of({"--port", "3", "--path", "flag"}, npm).port, 3);
  EXPECT_EQ(config_of({"--port", "3", "--path", "flag"}, npm).path, "/flag/");
}

TEST(Config, LooksAtPortOnlyIfNothingElseGivesThePort) {
  const Variables variables = {{"PORT", "/dev/pipe"}};
  EXPECT_EQ(error_of({}, variables), "environment variable PORT: '/dev/pipe'" + kNotAPort);
  EXPECT_EQ(config_of({"--port", "3"}, variables).port, 3);
  EXPECT_EQ(config_of({}, {{"PORT", "/dev/pipe"}, {"PEERJSD_PORT", "4"}}).port, 4);
}

TEST(Config, PrefersPortToTheFile) {
  const TemporaryFile file("port = 1\n");
  EXPECT_EQ(config_of({"--config", file.path()}, {{"PORT", "2"}}).port, 2);
}

TEST(Config, TakesTheFileFromTheEnvironmentUnlessAFlagNamesOne) {
  const TemporaryFile first("port = 1\n");
  const TemporaryFile second("port = 2\n");
  const Variables variables = {{"PEERJSD_CONFIG", first.path()}};
  EXPECT_EQ(config_of({}, variables).port, 1);
  EXPECT_EQ(config_of({"--config=" + second.path()}, variables).port, 2);
}

TEST(Config, IgnoresEmptyVariables) {
  EXPECT_EQ(config_of({}, {{"PORT", ""}, {"PEERJSD_HOST", ""}, {"PEERJSD_CONFIG", ""}}), Config{});
}

TEST(Config, IgnoresWhatKubernetesSetsForAServiceOfItsName) {
  const Variables variables = {
      {"PEERJSD_SERVICE_HOST", "10.0.0.1"},         {"PEERJSD_SERVICE_PORT", "80"},
      {"PEERJSD_PORT", "tcp://10.0.0.1:80"},        {"PEERJSD_ADMIN_PORT", "tcp://10.0.0.1:9001"},
      {"PEERJSD_PORT_80_TCP", "tcp://10.0.0.1:80"}, {"PEERJSD_PORT_80_TCP_PROTO", "tcp"}};
  EXPECT_EQ(config_of({}, variables), Config{});
  Variables with_port = variables;
  with_port["PORT"] = "9001";
  EXPECT_EQ(config_of({}, with_port).port, 9001);
  EXPECT_EQ(error_of({}, {{"PEERJSD_HOST", "tcp://10.0.0.1:80"}}),
            "environment variable PEERJSD_HOST: 'tcp://10.0.0.1:80'" + kNotAHost);
}

// --- command line

TEST(CommandLine, TakesTheShortFormsOfNpmPeer) {
  const Config config = config_of({"-p", "1", "-H", "h", "-k", "k", "-t", "2", "-c", "3"});
  EXPECT_EQ(config.port, 1);
  EXPECT_EQ(config.host, "h");
  EXPECT_EQ(config.keys, List{"k"});
  EXPECT_EQ(config.expire_timeout, milliseconds{2});
  EXPECT_EQ(config.concurrent_limit, 3U);
}

TEST(CommandLine, TakesAValueThatIsAttached) {
  EXPECT_EQ(config_of({"--port=1"}).port, 1);
  EXPECT_EQ(config_of({"-p1"}).port, 1);
  EXPECT_EQ(config_of({"-p=1"}).port, 1);
  EXPECT_EQ(config_of({"--key=a=b"}).keys, List{"a=b"});
  EXPECT_EQ(config_of({"-k=a=b"}).keys, List{"a=b"});
  EXPECT_EQ(config_of({"--key=-a"}).keys, List{"-a"});
}

TEST(CommandLine, TakesAnEmptyValue) {
  const Variables variables = {{"PEERJSD_HOST", "h"}, {"PEERJSD_PATH", "p"}};
  EXPECT_EQ(config_of({"--host", ""}, variables).host, "");
  EXPECT_EQ(config_of({"--host=", "--port", "1"}, variables).host, "");
  EXPECT_EQ(config_of({"-H="}, variables).host, "");
  EXPECT_EQ(config_of({"--path="}, variables).path, "/");
}

TEST(CommandLine, TakesHyphensForUnderscores) {
  const Config config =
      config_of({"--alive-timeout", "1", "--outstanding-per_sender=2", "--allow-discovery"});
  EXPECT_EQ(config.alive_timeout, milliseconds{1});
  EXPECT_EQ(config.outstanding_per_sender, 2U);
  EXPECT_TRUE(config.allow_discovery);
  EXPECT_EQ(config_of({"--host", "a-b"}).host, "a-b");
  EXPECT_EQ(config_of({"--host=a-b"}).host, "a-b");
}

TEST(CommandLine, TakesSwitchesInAllForms) {
  const Variables on = {{"PEERJSD_ALLOW_DISCOVERY", "true"}};
  for (const Arguments& arguments : std::vector<Arguments>{{"--allow_discovery"},
                                                           {"--allow_discovery", "true"},
                                                           {"--allow_discovery", "1"},
                                                           {"--allow_discovery=yes"},
                                                           {"--allow_discovery", "--proxied"}}) {
    EXPECT_TRUE(config_of(arguments).allow_discovery) << arguments.back();
  }
  for (const Arguments& arguments : std::vector<Arguments>{{"--allow_discovery", "false"},
                                                           {"--allow_discovery=no"},
                                                           {"--allow_discovery", "0"},
                                                           {"--no-allow_discovery"},
                                                           {"--no-allow-discovery"}}) {
    EXPECT_FALSE(config_of(arguments, on).allow_discovery) << arguments.back();
  }
}

TEST(CommandLine, TakesTheLastOfAFlagThatIsNoList) {
  EXPECT_EQ(config_of({"--port", "1", "-p", "2"}).port, 2);
  EXPECT_EQ(config_of({"--proxied", "--no-proxied"}).proxied, "false");
  EXPECT_EQ(config_of({"--no-proxied", "--proxied"}).proxied, "true");
}

TEST(CommandLine, CollectsKeysAndOrigins) {
  EXPECT_EQ(config_of({"--key", "a", "-k", "b", "--key=a"}).keys, (List{"a", "b"}));
  EXPECT_EQ(config_of({"--cors", "http://a", "http://b", "--port", "1", "--cors=http://c"}).cors,
            (List{"http://a", "http://b", "http://c"}));
}

TEST(CommandLine, RefusesWhatIsNoFlag) {
  EXPECT_EQ(error_of({"--prot", "1"}), "--prot: unknown option; did you mean --port?");
  EXPECT_EQ(error_of({"--alive-timeuot=1"}),
            "--alive-timeuot: unknown option; did you mean --alive_timeout?");
  EXPECT_EQ(error_of({"--bogus-flag"}), "--bogus-flag: unknown option; see --help");
  EXPECT_EQ(error_of({"--xy"}), "--xy: unknown option; see --help");
  EXPECT_EQ(error_of({"-x"}), "-x: unknown option; see --help");
  EXPECT_EQ(error_of({"--no-port"}), "--no-port: unknown option; see --help");
  EXPECT_EQ(error_of({"---"}), "---: unknown option; see --help");
  EXPECT_EQ(error_of({"--=1"}), "--: unknown option; see --help");
  const std::string rest = ": no argument is expected here; options begin with --";
  EXPECT_EQ(error_of({"9000"}), "'9000'" + rest);
  EXPECT_EQ(error_of({"--port", "1", "2"}), "'2'" + rest);
  EXPECT_EQ(error_of({"--", "9000"}), "'9000'" + rest);
  EXPECT_EQ(error_of({"a\nb\x01"}), "'a\\x0ab\\x01'" + rest);
}

TEST(CommandLine, RefusesAFlagWithoutItsValue) {
  EXPECT_EQ(error_of({"--port"}), "--port: a value must follow");
  EXPECT_EQ(error_of({"-H", "--port", "1"}), "--host: a value must follow");
  EXPECT_EQ(error_of({"--cors"}), "--cors: a value must follow");
  EXPECT_EQ(error_of({"--port", "1", "--config"}), "--config: a value must follow");
}

// --- values

TEST(ConfigValues, PortIsFrom0To65535) {
  EXPECT_EQ(config_of({"--port", "0"}).port, 0);
  EXPECT_EQ(config_of({"--port", "65535"}).port, 65535);
  for (const std::string bad :
       {"65536", "-1", "abc", "", "1 ", "1.0", "0x10", "+1", "9e3", "18446744073709551617"}) {
    EXPECT_EQ(error_of({"--port", bad}), "--port: '" + bad + "'" + kNotAPort);
  }
}

TEST(ConfigValues, CountIsAtLeast1) {
  EXPECT_EQ(config_of({"--concurrent_limit", "1"}).concurrent_limit, 1U);
  for (const std::string bad : {"0", "4294967296", "1k"}) {
    EXPECT_EQ(error_of({"-c", bad}),
              "--concurrent_limit: '" + bad + "' is not a whole number from 1 to 4294967295");
  }
}

TEST(ConfigValues, LimitIsAtLeast0) {
  EXPECT_EQ(config_of({"--ip_limit", "0"}).ip_limit, 0U);
  EXPECT_EQ(error_of({"--ip_limit", "-1"}),
            "--ip_limit: '-1' is not a whole number from 0 to 4294967295");
}

TEST(ConfigValues, TimeIsMillisecondsOrSecondsBelow24Days) {
  EXPECT_EQ(config_of({"--expire_timeout", "0"}).expire_timeout, milliseconds{0});
  EXPECT_EQ(config_of({"--expire_timeout", "7ms"}).expire_timeout, milliseconds{7});
  EXPECT_EQ(config_of({"--expire_timeout", "7s"}).expire_timeout, milliseconds{7000});
  EXPECT_EQ(config_of({"--expire_timeout", "2073599999"}).expire_timeout, milliseconds{2073599999});
  for (const std::string bad :
       {"2073600000", "2073600s", "-5", "", "s", "5 s", "1.5", "5m", "18446744073709552s"}) {
    EXPECT_EQ(error_of({"-t", bad}),
              "--expire_timeout: '" + bad +
                  "' is not a time from 0 to below 24 days in whole milliseconds (or seconds, as "
                  "in 5s)");
  }
}

TEST(ConfigValues, SizeIsBytesOrKiBOrMiB) {
  const std::map<std::string, std::size_t> good = {{"1", 1},
                                                   {"2k", 2048},
                                                   {"2K", 2048},
                                                   {"2KiB", 2048},
                                                   {"3m", 3 * kMiB},
                                                   {"3MiB", 3 * kMiB},
                                                   {"5000000000", 5000000000}};
  for (const auto& [text, bytes] : good) {
    EXPECT_EQ(config_of({"--max_message_bytes", text}).max_message_bytes, bytes) << text;
  }
  for (const std::string bad : {"0", "0k", "", "k", "1kb", "1g", "-1", "17592186044416MiB"}) {
    EXPECT_EQ(error_of({"--max_message_bytes", bad}),
              "--max_message_bytes: '" + bad +
                  "' is not a number of bytes from 1 on (or of KiB or MiB, as in 2MiB)");
  }
}

TEST(ConfigValues, SwitchIsTrueOrFalse) {
  for (const std::string good : {"true", "1", "yes", "True"}) {
    EXPECT_TRUE(config_of_file("allow_discovery = " + good).allow_discovery) << good;
  }
  for (const std::string good : {"false", "0", "no"}) {
    const TemporaryFile file("allow_discovery = " + good);
    EXPECT_FALSE(config_of({"--config", file.path()}).allow_discovery) << good;
  }
  const std::string flag = "allow_discovery";
  EXPECT_EQ(error_of({"--" + flag, "maybe"}), "--" + flag + ": 'maybe' is not true or false");
  EXPECT_EQ(error_of({"--" + flag + "="}), "--" + flag + ": '' is not true or false");
  EXPECT_EQ(error_of_file(flag + " ="), "1: " + flag + ": '' is not true or false");
}

TEST(ConfigValues, ProxiesAreASwitchOrNetworks) {
  for (const std::string good : {"true", "1", "yes"}) {
    EXPECT_EQ(config_of_file("proxied = " + good).proxied, "true") << good;
  }
  EXPECT_EQ(config_of({"--proxied"}).proxied, "true");
  EXPECT_EQ(config_of({"--proxied", "no"}).proxied, "false");
  EXPECT_EQ(config_of({"--proxied", "10.1.2.3/8,::1"}).proxied, "10.0.0.0/8, ::1/128");
  const std::string rest = "' is not true, false, or addresses and networks like 10.0.0.0/8, ::1";
  for (const std::string bad : {"maybe", "", "10.0.0.0/33", "a.example"}) {
    EXPECT_EQ(error_of({"--proxied", bad}), "--proxied: '" + bad + rest);
  }
}

TEST(ConfigValues, IdPatternIsARegularExpression) {
  EXPECT_EQ(config_of({"--id_pattern", "[a-z]+"}).id_pattern, "[a-z]+");
  EXPECT_EQ(error_of({"--id_pattern", "["}),
            "--id_pattern: '[' is not a regular expression like [a-z0-9-]{8,64} (RE2: without "
            "lookahead and backreferences, and nothing more than 1000 times)");
  EXPECT_NE(error_of({"--id_pattern", ".{1,1001}"}), "");
}

TEST(ConfigValues, HostIsAnAddressOrAName) {
  for (const std::string good : {"0.0.0.0", "::", "fe80::1%eth0", "my-host.example"}) {
    EXPECT_EQ(config_of({"--host", good}).host, good);
  }
  for (const std::string bad : {"http://a", "a b", "\"a\"", "[::1]"}) {
    EXPECT_EQ(error_of({"--host", bad}), "--host: '" + bad + "'" + kNotAHost);
  }
}

TEST(ConfigValues, PathBeginsAndEndsWithASlash) {
  const std::map<std::string, std::string> good = {
      {"", "/"}, {"/", "/"}, {"a", "/a/"}, {"/a", "/a/"}, {"a/", "/a/"}, {"//a//b//", "/a/b/"}};
  for (const auto& [text, path] : good) EXPECT_EQ(config_of({"--path", text}).path, path) << text;
  for (const std::string bad : {"/a?b", "/a#b", "/a b", "/a%20b", "/\"a\"", "C:\\a"}) {
    EXPECT_EQ(error_of({"--path", bad}), "--path: '" + bad + "'" + kNotAPath);
  }
  EXPECT_EQ(error_of({"--path", "/a\nb"}), "--path: '/a\\x0ab'" + kNotAPath);
}

TEST(ConfigValues, KeyFitsIntoAUrlAndIntoAList) {
  EXPECT_EQ(config_of({"--key", "my key"}).keys, List{"my key"});
  for (const std::string bad :
       {"", "a/b", "a?b", "a#b", "a%b", "a,b", "\"a\"", "'a'", "a\\b", " a", "a "}) {
    EXPECT_EQ(error_of({"--key", bad}), "--key: '" + bad + "'" + kNotAKey);
  }
  EXPECT_EQ(error_of({"--key", "a\tb"}), "--key: 'a\\x09b'" + kNotAKey);
  EXPECT_EQ(error_of_file("key ="), "1: key: ''" + kNotAKey);
  EXPECT_EQ(error_of_file("key = a,"), "1: key: ''" + kNotAKey);
  EXPECT_EQ(error_of({}, {{"PEERJSD_KEY", "a,,b"}}),
            "environment variable PEERJSD_KEY: ''" + kNotAKey);
}

TEST(ConfigValues, CorsIsOriginsOrAny) {
  const List good = {"https://a.example",
                     "http://localhost:3000",
                     "http://[::1]:80",
                     "capacitor://localhost",
                     "https://*.a.example",
                     "file://",
                     "null"};
  for (const std::string& origin : good) {
    EXPECT_EQ(config_of({"--cors", origin}).cors, List{origin});
  }
  EXPECT_EQ(config_of({"--cors", "HTTPS://A.Example"}).cors, List{"https://a.example"});
  EXPECT_EQ(config_of({"--cors", "https://a.example", "*"}).cors, List{});
  for (const std::string bad :
       {"a.example", "https://a.example/", "https://*", "https://a.*.example", "https://", "://a",
        "https://a,https://b", "https://u@a"}) {
    EXPECT_EQ(error_of({"--cors", bad}),
              "--cors: '" + bad +
                  "' is not an origin like https://example.com, https://*.example.com or "
                  "http://localhost:3000 (without a "
                  "path), null or *");
  }
}

TEST(ConfigValues, TheDemosClientIsAUrlOrAPath) {
  EXPECT_EQ(config_of({"--demo_client", "/a/peerjs.js?v=1"}).demo_client, "/a/peerjs.js?v=1");
  EXPECT_EQ(config_of({"--demo_client", "http://cdn.example/x.js"}).demo_client,
            "http://cdn.example/x.js");
  for (const std::string bad :
       {"peerjs.js", "javascript:alert(1)", "https://a b", "/a\"b", "/<b"}) {
    EXPECT_NE(error_of({"--demo_client", bad})
                  .find(" is not a URL like https://example.com/peerjs.min.js or /peerjs.min.js"),
              std::string::npos)
        << bad;
  }
}

TEST(ConfigValues, TypesOfMessagesAreShortNamesThatPeerJsHasNot) {
  EXPECT_EQ(config_of({"--allow_types", "CHAT", "PING-PONG", "CHAT", "--port", "1"}).allow_types,
            (List{"CHAT", "PING-PONG"}));
  EXPECT_EQ(config_of_file("allow_types = CHAT, offer\n").allow_types, (List{"CHAT", "offer"}));
  const std::string longest(64, 'x');
  EXPECT_EQ(config_of({"--allow_types", longest}).allow_types, List{longest});
  EXPECT_EQ(config_of({"--allow_types", "custom", "unknown"}).allow_types,
            (List{"custom", "unknown"}));
  for (const std::string& bad : {std::string(), std::string(65, 'x'), std::string("A B"),
                                 std::string("A,B"), std::string("\"A\""), std::string("\u00c4")}) {
    EXPECT_NE(error_of({"--allow_types", bad})
                  .find("' is not a type like CHAT (1 to 64 of letters, digits and -_.:)"),
              std::string::npos)
        << bad;
  }
  for (const std::string taken : {"OFFER", "ANSWER", "CANDIDATE", "LEAVE", "HEARTBEAT", "OPEN",
                                  "ERROR", "ID-TAKEN", "INVALID-KEY", "EXPIRE"}) {
    EXPECT_EQ(error_of({"--allow_types", "CHAT", taken}),
              "--allow_types: '" + taken +
                  "' is a type of PeerJS itself; leave it out, or name yours otherwise");
  }
}

TEST(ConfigValues, ChoicesNameWhatThereIs) {
  EXPECT_EQ(config_of({"--leave", "auto"}).leave, core::LeavePolicy::Auto);
  EXPECT_EQ(config_of({"--leave", "never"}).leave, core::LeavePolicy::Never);
  EXPECT_EQ(config_of({"--id_format", "uuid"}).id_format, core::IdFormat::Uuid);
  for (const std::string level : {"trace", "debug", "info", "warn", "error", "off"}) {
    EXPECT_EQ(config_of({"--log_level", level}).log_level, level);
  }
  EXPECT_EQ(error_of({"--leave", "soon"}), "--leave: 'soon' is not one of auto, always and never");
  EXPECT_EQ(error_of({"--id_format", ""}), "--id_format: '' is not one of uuid and token");
  EXPECT_EQ(config_of({"--log_level", "warning"}).log_level, "warn");
  EXPECT_EQ(error_of({"--log_level", "loud"}),
            "--log_level: 'loud' is not one of trace, debug, info, warn, error and off");
}

TEST(ConfigValues, TakeAHeadThatCanBeReadOnly) {
  EXPECT_EQ(config_of({"--max_header_bytes", "60KiB"}).max_header_bytes, 60U * 1024);
  EXPECT_EQ(
      error_of({"--max_header_bytes", "61441"}),
      "--max_header_bytes: '61441' is not a number of bytes from 1 to 60KiB (or of KiB, as in "
      "32KiB)");
}

TEST(ConfigValues, TlsTakesBothKeyAndCertificate) {
  EXPECT_EQ(error_of({"--sslkey", "k.pem"}),
            "--sslkey: its certificate must be given too, with --sslcert");
  EXPECT_EQ(error_of({"--sslcert", "c.pem"}),
            "--sslcert: its key must be given too, with --sslkey");
  EXPECT_EQ(config_of({"--sslkey", "k"}, {{"PEERJSD_SSLCERT", "c"}}).sslcert, "c");
}

TEST(ConfigValues, AreTrimmedInTheEnvironment) {
  EXPECT_EQ(config_of({}, {{"PEERJSD_PORT", " 1 "}, {"PEERJSD_KEY", " a , b "}}).keys,
            (List{"a", "b"}));
  EXPECT_EQ(config_of({}, {{"PEERJSD_PORT", " 1 "}}).port, 1);
}

TEST(ConfigValues, AreRefusedInEveryLayer) {
  EXPECT_EQ(error_of({"--port", "abc"}), "--port: 'abc'" + kNotAPort);
  EXPECT_EQ(error_of({}, {{"PEERJSD_PORT", "abc"}}),
            "environment variable PEERJSD_PORT: 'abc'" + kNotAPort);
  EXPECT_EQ(error_of_file("# one\n\nport = abc\n"), "3: port: 'abc'" + kNotAPort);
}

// --- file

TEST(ConfigFile, TakesCommentsBlanksCrLfAndAByteOrderMark) {
  const Config config = config_of_file(
      "\xEF\xBB\xBFport=1\r\n  # comment\r\n\r\n\talive-timeout\t=  2 # comment\r\n"
      "turn_urls =  # none\r\n key = a, b");
  EXPECT_EQ(config.port, 1);
  EXPECT_EQ(config.alive_timeout, milliseconds{2});
  EXPECT_EQ(config.turn_urls, List{});
  EXPECT_EQ(config.keys, (List{"a", "b"}));
}

TEST(ConfigFile, NamesTheLineThatIsMalformed) {
  const std::string rest = " is not of the form 'key = value'";
  EXPECT_EQ(error_of_file("port 9000"), "1: 'port'" + rest);
  EXPECT_EQ(error_of_file("\n\nport"), "3: 'port'" + rest);
  for (const std::string line : {"[server]", "= 1", "x", "a secret", "\x7f\x1b"}) {
    EXPECT_EQ(error_of_file(line + "\nport = 1"), "1: the line" + rest) << "it may be a secret";
  }
}

TEST(ConfigFile, NamesAKeyThatIsUnknown) {
  EXPECT_EQ(error_of_file("host = a\nprot = 1"), "2: unknown key 'prot'; did you mean 'port'?");
  EXPECT_EQ(error_of_file("server.port = 1"),
            "1: unknown key 'server.port'; see --check_config for all keys");
  EXPECT_EQ(error_of_file("check_config = true"),
            "1: unknown key 'check_config'; see --check_config for all keys");
}

TEST(ConfigFile, DoesNotShowASecretThatStandsOnALineOfItsOwn) {
  const std::string problem = "2: unknown key; it is not shown, for it may be a secret";
  EXPECT_EQ(error_of_file("auth_secret = x\nc2VzYW1lIHNlc2FtZSBzZXNhbWUgc2VzYW1l="), problem);
  EXPECT_EQ(error_of_file("auth_secret = x\nc2VzYW1lIHNlc2FtZSBzZXNhbWUgc2Vz=="), problem);
  EXPECT_EQ(error_of_file("leave_grce ="),
            "1: unknown key 'leave_grce'; did you mean 'leave_grace'?");
}

TEST(ConfigFile, RefusesAKeyThatStandsThereTwice) {
  EXPECT_EQ(error_of_file("leave_grace = 1\n\nleave-grace = 2"),
            "3: 'leave-grace' is set on line 1 already; leave one of the two out");
}

TEST(ConfigFile, MustBeReadable) {
  const std::string missing = testing::TempDir() + "peerjsd_no_such_file";
  const std::string rest = "'" + missing + "' cannot be read: No such file or directory";
  EXPECT_EQ(error_of({"--config", missing}), "--config: " + rest);
  EXPECT_EQ(error_of({}, {{"PEERJSD_CONFIG", missing}}),
            "environment variable PEERJSD_CONFIG: " + rest);
  EXPECT_EQ(error_of({"--config="}), "--config: '' cannot be read: No such file or directory");
  EXPECT_EQ(error_of({"--config", "/"}), "--config: '/' cannot be read: Is a directory");
}

// --- output

TEST(CheckConfig, IsOfAFileThatGivesTheSameConfiguration) {
  for (const Config& config : {Config{}, unlike_the_defaults()}) {
    Arguments arguments = as_flags(config);
    arguments.emplace_back("--check-config");
    const auto result = load(arguments);
    const auto* const check = std::get_if<Check>(&result);
    ASSERT_NE(check, nullptr);
    EXPECT_EQ(check->config, config);
    EXPECT_FALSE(check->is_quiet);
    EXPECT_EQ(config_of_file(to_text(config)), config);
  }
}

TEST(CheckConfig, PrintsTheConfigurationOnlyIfItIsGood) {
  EXPECT_EQ(error_of({"--check_config", "--port", "abc"}), "--port: 'abc'" + kNotAPort);
  EXPECT_EQ(config_of({"--check_config=false"}), Config{});
}

TEST(CommandLine, WhatAsksForSomethingElseThanToServeTakesNoValue) {
  EXPECT_EQ(error_of({"--check_config=file.conf"}),
            "--check_config: nothing but =quiet may follow");
  EXPECT_EQ(error_of({"--health_check=http://127.0.0.1"}), "--health_check: no value may follow");
}

TEST(CommandLine, TakesAClusterUrlThatIsNeitherPrintedNorRepeated) {
  const Config config = config_of({"--cluster", "redis://:sesame@10.0.0.9"});
  EXPECT_EQ(config.cluster, "redis://:sesame@10.0.0.9");
  EXPECT_EQ(to_text(config).find("sesame"), std::string::npos);
  EXPECT_EQ(error_of({"--cluster", "http://:sesame@10.0.0.9"}),
            "--cluster: it must be like redis://host:6379, "
            "redis://:password@host1:6379,host2:6379/0 or unix:///run/redis/redis.sock "
            "(rediss:// for TLS; user and password escaped as in a URL)");
  EXPECT_EQ(error_of_file("cluster: redis://:sesame@10.0.0.9").find("sesame"), std::string::npos);
}

TEST(Config, KeepsASecretToItself) {
  Config config = config_of({}, {{"PEERJSD_ADMIN_TOKEN", "0123456789abcdef"}});
  EXPECT_EQ(config.admin_token, "0123456789abcdef");
  EXPECT_NE(to_text(config).find("\n# admin_token is set, and not shown\n"), std::string::npos);
  EXPECT_EQ(to_text(config).find("0123456789abcdef"), std::string::npos);
  EXPECT_EQ(error_of({"--admin_token", "0123456789abcde"}),
            "--admin_token: it must have 16 characters or more; make one with: openssl rand "
            "-hex 16");
  EXPECT_EQ(config_of({"--admin_token="}).admin_token, "");
  EXPECT_EQ(error_of({"--admin_token=", "0123456789abcdef"}),
            "(not shown): no argument is expected here; options begin with --");
  EXPECT_EQ(error_of_file("admin_token: 0123456789abcdef"),
            "1: 'admin_token' is not of the form 'key = value'");
  EXPECT_EQ(error_of_file("admin_token: 0123456789abcdef=="),
            "1: 'admin_token' is not of the form 'key = value'");
}

TEST(Config, ASecretMayBeginLikeAFlag) {
  for (const std::string secret : {"-Zk3456789abcdef0", "-p56789abcdef012", "--6789abcdef01234"}) {
    EXPECT_EQ(config_of({"--turn_secret", secret, "--turn_urls", "turn:a"}).turn_secret, secret);
    EXPECT_EQ(config_of({"--turn-secret", secret, "--turn_urls", "turn:a"}).turn_secret, secret);
  }
  for (const std::string flag : {"--turn-urls=turn:a", "--no-allow-discovery"}) {
    EXPECT_EQ(error_of({"--turn_secret", flag}), "--turn_secret: a value must follow") << flag;
  }
}

TEST(Config, KeepsTheSecretsOfAuthToItself) {
  const std::string secret = "0123456789abcdef0123456789abcdef";
  const Config config = config_of({"--auth_secret", secret, "--auth_secret=another", "--id_secret",
                                   secret, "--turn_secret", secret, "--turn_urls", "turn:a"},
                                  {{"PEERJSD_IDS", "server"}});
  EXPECT_EQ(config.auth_secret, (std::vector<std::string>{secret, "another"}));
  EXPECT_EQ(config.id_secret, secret);
  EXPECT_EQ(config.ids, IdSource::Server);
  EXPECT_EQ(config.turn_secret, secret);
  for (const std::string& hidden : {secret, std::string("another")}) {
    EXPECT_EQ(to_text(config).find(hidden), std::string::npos);
  }
  const std::string shown = to_text(config);
  EXPECT_NE(shown.find("\n# auth_secret is set, and not shown\nauth_secret =\n"), std::string::npos)
      << "what is printed does not become a server that is open";
  EXPECT_NE(shown.find("\n# turn_secret is set, and not shown\n"), std::string::npos);
  EXPECT_EQ(shown.find("\nturn_secret ="), std::string::npos);
  EXPECT_EQ(error_of({"--id_secret", "sesame"}).find("sesame"), std::string::npos);
  EXPECT_EQ(error_of({"--turn_secret", "sesame"}), "--turn_secret: --turn_urls must be given too");
  EXPECT_EQ(config_of({}, {{"PEERJSD_AUTH_SECRET", secret + ", another"}}).auth_secret,
            (std::vector<std::string>{secret, "another"}));
}

TEST(Config, KeepsWhatAServiceIsAskedByToItself) {
  const std::string secret = "0123456789abcdef0123456789abcdef";
  const Config config = config_of({"--auth_url", "https://a.example/x?key=sesame", "--auth_headers",
                                   "Cookie", "X-A", "cookie", "--hook_secret", secret});
  EXPECT_EQ(config.auth_url, "https://a.example/x?key=sesame");
  EXPECT_EQ(config.auth_headers, (List{"cookie", "x-a"}));
  EXPECT_EQ(to_text(config).find("sesame"), std::string::npos);
  EXPECT_EQ(to_text(config).find(secret), std::string::npos);
  EXPECT_EQ(error_of({"--auth_url", "ftp://u:sesame@a"}),
            "--auth_url: it must be like https://example.com/peers or "
            "http://127.0.0.1:8080/peers?key=x (without a user, and escaped as in a URL)");
}

TEST(Config, DoesNotLetInEverybodyForAValueThatGotLost) {
  const std::string problem =
      ": it is empty, as if its value had got lost; give one, or leave it out";
  for (const std::string name :
       {"auth_secret", "auth_public_key", "auth_jwks", "auth_issuer", "auth_audience", "auth_url",
        "cors", "hook_secret", "id_pattern", "ids", "reserved_ids", "sslcert", "sslkey"}) {
    std::string variable = "PEERJSD_" + name;
    std::ranges::transform(variable, variable.begin(), [](char c) { return std::toupper(c); });
    EXPECT_EQ(error_of({}, {{variable, ""}}), "environment variable " + variable + problem);
    EXPECT_EQ(error_of({"--" + name, ""}), "--" + name + problem);
    EXPECT_EQ(error_of({"--" + name + "="}), "--" + name + problem);
    EXPECT_EQ(error_of_file(name + " ="), "1: " + name + problem);
  }
  EXPECT_EQ(error_of({}, {{"PEERJSD_AUTH_SECRET", " , "}}),
            "environment variable PEERJSD_AUTH_SECRET" + problem);
  EXPECT_EQ(error_of({"--auth_secret", "", "--auth_secret", ""}), "--auth_secret" + problem);
  EXPECT_EQ(config_of({"--auth_secret", "", "--auth_secret", "one"}).auth_secret, List{"one"})
      << "one is left";
  EXPECT_EQ(config_of({"--cors", "https://a"}, {{"PEERJSD_CORS", ""}}).cors, List{"https://a"});
}

TEST(Config, TakesNoFileNameForASecret) {
  const test::TemporaryDirectory directory;
  const std::string file = directory.write("secret-of-32-characters-or-more", "x");
  for (const std::string name :
       {"admin_token", "auth_secret", "hook_secret", "id_secret", "turn_secret"}) {
    EXPECT_EQ(error_of({"--" + name, file}).find("--" + name + ": it is the name of a file; "), 0U);
  }
  EXPECT_EQ(config_of({"--auth_secret", "/no/such/file/but/a/secret/as/any"}).auth_secret.size(),
            1U);
}

TEST(Config, ASecretForIdsNeedsThatTheServerGivesThem) {
  EXPECT_EQ(error_of({"--id_secret", "0123456789abcdef"}), "--id_secret: it needs --ids server");
}

TEST(Config, SaysWhatAServiceThatIsAskedNeeds) {
  const std::string url = "--auth_url=http://a";
  EXPECT_EQ(error_of({"--auth_headers", "cookie"}), "--auth_headers: it needs --auth_url");
  EXPECT_EQ(error_of({url, "--auth_headers", "a:"}),
            "--auth_headers: 'a:' is not the name of a header like cookie");
  EXPECT_EQ(error_of({"--hook_secret", "whsec_0123456789abcdef0123456789abcdef"}),
            "--hook_secret: it needs --auth_url or --event_url");
  EXPECT_EQ(error_of({"--event_url=http://a"}),
            "--event_url: --hook_secret must be given too; make one with: openssl rand -hex 32");
  EXPECT_EQ(
      to_text(config_of({"--event_url=http://a/?sesame", "--hook_secret", std::string(32, 'x')}))
          .find("sesame"),
      std::string::npos);
  EXPECT_EQ(error_of({url, "--hook_secret", "sesame"}),
            "--hook_secret: it must have 32 characters or more; make one with: openssl rand -hex "
            "32");
  EXPECT_EQ(error_of({url, "--hook_secret", "whsec_0123456789 abcdef 0123456789 abcdef"}),
            "--hook_secret: what follows whsec_ must be base64 of 24 bytes or more; make some "
            "with: openssl rand -base64 32");
  EXPECT_EQ(error_of({url, "--auth_timeout", "0"}),
            "--auth_timeout: '0' is not a time from 1 to below 24 days in whole milliseconds (or "
            "seconds, as in 5s)");
  EXPECT_EQ(error_of({url, "--auth_down", "x"}),
            "--auth_down: 'x' is not one of refuse and accept");
}

TEST(Config, WhetherTokensAreAskedForCannotChangeButTheirKeysCan) {
  Config running;
  Config wanted;
  wanted.auth_secret = {"0123456789abcdef0123456789abcdef"};
  EXPECT_EQ(change_of(running, wanted).fixed, std::vector<std::string>{"--auth_secret"});
  EXPECT_EQ(change_of(running, wanted).config.auth_secret, std::vector<std::string>{});
  running = wanted;
  wanted.auth_secret.clear();
  wanted.auth_jwks = "keys.json";
  EXPECT_EQ(change_of(running, wanted).fixed, std::vector<std::string>{});
  EXPECT_EQ(change_of(running, wanted).config.auth_jwks, "keys.json");
  wanted.auth_jwks.clear();
  EXPECT_EQ(change_of(running, wanted).fixed, std::vector<std::string>{"--auth_secret"});
}

TEST(CheckConfig, IsQuietOnRequest) {
  const auto result = load({"--check_config=quiet", "--port", "1"});
  const auto* const check = std::get_if<Check>(&result);
  ASSERT_NE(check, nullptr);
  EXPECT_TRUE(check->is_quiet);
  EXPECT_EQ(check->config.port, 1);
}

TEST(CheckConfig, KeepsSizesAndTimesExact) {
  Config config;
  config.max_message_bytes = 1025;
  config.send_queue_bytes = 3 * 1024;
  config.expire_timeout = milliseconds{1500};
  const List lines = lines_of(to_text(config));
  for (const std::string line :
       {"max_message_bytes = 1025", "send_queue_bytes = 3KiB", "expire_timeout = 1500"}) {
    EXPECT_EQ(std::count(lines.begin(), lines.end(), line), 1) << line;
  }
}

TEST(Version, IsPrintedWithTheName) {
  const List lines = lines_of(output_of({"--version", "--bogus"}));
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0].find_first_of("0123456789"), std::string("peerjsd ").size()) << lines[0];
  EXPECT_EQ(lines[0].substr(0, 8), "peerjsd ");
  EXPECT_EQ(lines_of(output_of({"-v"})), lines);
}

TEST(Help, ListsEveryFlagWithItsDefault) {
  const std::string help = output_of({"--help"});
  EXPECT_EQ(output_of({"-h", "--bogus"}), help);
  const auto options = options_of(Config{});
  EXPECT_EQ(options.size(), 69U);
  for (const auto& [key, value, is_given] : options) {
    const std::size_t flag = help.find("--" + key + " ");
    ASSERT_NE(flag, help.npos) << key;
    const std::size_t start = help.find("(default: ", flag) + 10;
    const std::string shown = !is_given ? "none" : value.empty() ? "empty" : value;
    EXPECT_EQ(help.substr(start, help.find(')', start) - start), shown) << key;
  }
}

TEST(Help, ListsShortFormsUnitsActionsAndVariables) {
  const std::string help = output_of({"--help"});
  for (const std::string text :
       {"-p,--port PORT ", "-H,--host ", "-k,--key ", "-t,--expire_timeout MS ",
        "-c,--concurrent_limit N ", "--max_message_bytes SIZE ", "--config FILE ",
        "--check_config ", "-v,--version ", "-h,--help ", "PEERJSD_PORT", "PEERSERVER_PATH",
        "MS is milliseconds"}) {
    EXPECT_NE(help.find(text), help.npos) << text;
  }
}

TEST(Help, FitsInto100Columns) {
  for (const std::string& line : lines_of(output_of({"--help"})))
    EXPECT_LE(line.size(), 100U) << line;
}

// --- the sample

// Keys are commented out as "#key = value", words as "# words".
TEST(SampleFile, HoldsEveryOptionAtItsDefault) {
  const auto root = std::filesystem::path(__FILE__).parent_path().parent_path().parent_path();
  std::ifstream file(root / "config" / "peerjsd.conf");
  ASSERT_TRUE(file.is_open());
  std::string settings;
  for (std::string line; std::getline(file, line);) {
    EXPECT_TRUE(line.empty() || line.front() == '#') << line;
    if (line.size() > 1 && line[1] != ' ') settings += line.substr(1) + "\n";
  }
  std::string all = to_text(Config{});
  std::erase(all, '#');
  EXPECT_EQ(settings, all);
  EXPECT_EQ(config_of({"--config", (root / "config" / "peerjsd.conf").string()}), Config{});
}

// --- change

TEST(Change, TakesAllButWhatIsFixed) {
  Config wanted = unlike_the_defaults();
  wanted.admin_token = wanted.id_secret = wanted.turn_secret = "0123456789abcdef";
  wanted.auth_secret = {"0123456789abcdef"};
  wanted.ids = IdSource::Server;
  wanted.turn_urls = {"turn:a"};
  wanted.auth_url = wanted.event_url = "https://a";
  wanted.auth_headers = {"cookie"};
  wanted.hook_secret = std::string(32, 'x');
  wanted.cluster = "redis://10.0.0.1";
  const Change change = change_of(Config{}, wanted);
  EXPECT_EQ(change.fixed, (List{"--port",
                                "--host",
                                "--path",
                                "--sslkey",
                                "--sslcert",
                                "--auth_secret",
                                "--auth_public_key",
                                "--auth_jwks",
                                "--auth_issuer",
                                "--auth_audience",
                                "--auth_leeway",
                                "--auth_expiry",
                                "--auth_url",
                                "--hook_secret",
                                "--cluster",
                                "--admin_port",
                                "--admin_host",
                                "--event_url",
                                "--log_format",
                                "--log_file"}));
  Config expected = wanted;
  expected.port = 9000;
  expected.host = "";
  expected.path = "/";
  expected.sslkey = expected.sslcert = "";
  expected.auth_secret = expected.auth_public_key = expected.auth_issuer =
      expected.auth_audience = {};
  expected.auth_jwks = "";
  expected.auth_leeway = milliseconds{30000};
  expected.auth_expiry = AuthExpiry::End;
  expected.auth_url = expected.event_url = expected.hook_secret = "";
  expected.cluster = "";
  expected.admin_port = 0;
  expected.admin_host = "127.0.0.1";
  expected.log_format = LogFormat::Text;
  expected.log_file = "";
  EXPECT_EQ(change.config, expected);
  EXPECT_EQ(change.names.size() + change.fixed.size(), options_of(Config{}).size());
  EXPECT_EQ(change.names.back(), "--access_log");
}

TEST(Change, IsNothingBetweenEquals) {
  const Change change = change_of(unlike_the_defaults(), unlike_the_defaults());
  EXPECT_EQ(change.config, unlike_the_defaults());
  EXPECT_EQ(change.names, List{});
  EXPECT_EQ(change.fixed, List{});
}

TEST(Change, TakesAnotherCertificate) {
  Config other = unlike_the_defaults();
  other.sslkey = "other.pem";
  other.sslcert = "other_cert.pem";
  const Change change = change_of(unlike_the_defaults(), other);
  EXPECT_EQ(change.config, other);
  EXPECT_EQ(change.names, (List{"--sslkey", "--sslcert"}));
}

// --- pings

TEST(EffectivePingInterval, LeavesTimeForTwoPingsWithinAliveTimeout) {
  Config config;
  EXPECT_EQ(effective_ping_interval(config), milliseconds{25000});
  config.alive_timeout = milliseconds{5000};
  EXPECT_EQ(effective_ping_interval(config), milliseconds{2500});
  config.alive_timeout = milliseconds{1};
  EXPECT_EQ(effective_ping_interval(config), milliseconds{1});
  config.alive_timeout = milliseconds{0};
  EXPECT_EQ(effective_ping_interval(config), milliseconds{25000});
  config.alive_timeout = milliseconds{5000};
  config.ping_interval = milliseconds{0};
  EXPECT_EQ(effective_ping_interval(config), milliseconds{0});
}

}  // namespace
}  // namespace peerjsd::app
