#pragma once

#include "peerjsd/app/config.hpp"
#include "peerjsd/cluster/redis_url.hpp"
#include "peerjsd/hooks/signature.hpp"
#include "peerjsd/hooks/web_url.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "config_kinds.hpp"
#include "config_text.hpp"

// How the value of an option gets into a Config, and out of it again. What reads one says what is
// wrong with it: nothing if that is empty.
namespace peerjsd::app {

inline std::string refusal(std::string_view text, std::string_view expected) {
  return in_quotes(text) + " is not " + std::string(expected);
}

template <const auto& kKind, auto kField>
std::string read_value(Config& config, const std::vector<std::string>& texts) {
  const auto value = kKind.parse(texts.back());
  if (!value) return refusal(texts.back(), kKind.expected);
  config.*kField = *value;
  return {};
}

template <const auto& kKind, auto kField>
std::string write_value(const Config& config) {
  return kKind.print(config.*kField);
}

template <const auto& kKind, auto kField>
constexpr Option::Binding bind(Arity arity = Arity::Value) {
  return {arity, kKind.placeholder, read_value<kKind, kField>, write_value<kKind, kField>};
}

template <auto kField>
constexpr Option::Binding bind_switch() {
  return bind<kSwitch, kField>(Arity::Switch);
}

// Each once, in the order given.
inline std::string read_list(const ValueKind<std::string>& kind,
                             const std::vector<std::string>& texts,
                             std::vector<std::string>& list) {
  list.clear();
  for (const std::string& text : texts) {
    const auto value = kind.parse(text);
    if (!value) return refusal(text, kind.expected);
    if (std::find(list.begin(), list.end(), *value) == list.end()) list.push_back(*value);
  }
  return {};
}

template <auto kField>
std::string write_list(const Config& config) {
  std::string result;
  for (const std::string& item : config.*kField) result += (result.empty() ? "" : ", ") + item;
  return result;
}

template <const auto& kKind, auto kField>
std::string read_list_of(Config& config, const std::vector<std::string>& texts) {
  return read_list(kKind, texts, config.*kField);
}

inline std::string read_keys(Config& config, const std::vector<std::string>& texts) {
  if (texts.empty()) return refusal("", kKey.expected);
  return read_list(kKey, texts, config.keys);
}

inline std::string read_cors(Config& config, const std::vector<std::string>& texts) {
  std::string problem = read_list(kOrigin, texts, config.cors);
  if (std::find(config.cors.begin(), config.cors.end(), "*") != config.cors.end()) {
    config.cors.clear();
  }
  return problem;
}

inline std::string read_types(Config& config, const std::vector<std::string>& texts) {
  const auto taken = std::ranges::find_if(texts, is_type_of_peerjs);
  if (taken == texts.end()) return read_list(kType, texts, config.allow_types);
  return in_quotes(*taken) + " is a type of PeerJS itself; leave it out, or name yours otherwise";
}

template <const auto& kKind, auto kField>
constexpr Option::Binding bind_list(Arity arity, decltype(Option::Binding::read) read) {
  return {arity, kKind.placeholder, read, write_list<kField>};
}

// Whatever is wrong with a secret, it is not repeated.

template <auto kField, std::size_t kFewest>
std::string read_secret(Config& config, const std::vector<std::string>& texts) {
  if (!texts.back().empty() && texts.back().size() < kFewest) {
    return "it must have " + std::to_string(kFewest) +
           " characters or more; make one with: openssl rand -hex " + std::to_string(kFewest);
  }
  config.*kField = texts.back();
  return {};
}

template <auto kField, std::size_t kFewest>
constexpr Option::Binding bind_secret(std::string_view placeholder) {
  return {Arity::Value, placeholder, read_secret<kField, kFewest>, write_value<kFile, kField>};
}

/// How long they have to be is for the keys to say.
inline std::string read_auth_secret(Config& config, const std::vector<std::string>& texts) {
  config.auth_secret.clear();
  std::ranges::copy_if(texts, std::back_inserter(config.auth_secret),
                       [](const std::string& text) { return !text.empty(); });
  return {};
}

/// There may be a password in it.
inline std::string read_cluster(Config& config, const std::vector<std::string>& texts) {
  if (!texts.back().empty() && !cluster::parse_redis_url(texts.back())) {
    return "it must be like redis://host:6379, redis://:password@host1:6379,host2:6379/0 or "
           "unix:///run/redis/redis.sock (rediss:// for TLS; user and password escaped as in a "
           "URL)";
  }
  config.cluster = texts.back();
  return {};
}

/// There may be a secret in its query.
template <auto kField>
std::string read_web_url(Config& config, const std::vector<std::string>& texts) {
  if (!texts.back().empty() && !hooks::parse_web_url(texts.back())) {
    return "it must be like https://example.com/peers or http://127.0.0.1:8080/peers?key=x "
           "(without "
           "a user, and escaped as in a URL)";
  }
  config.*kField = texts.back();
  return {};
}

inline std::string read_hook_secret(Config& config, const std::vector<std::string>& texts) {
  std::string problem = read_secret<&Config::hook_secret, 32>(config, texts);
  if (problem.empty() && !hooks::webhook_key(texts.back())) {
    return "what follows whsec_ must be base64 of 24 bytes or more; make some with: "
           "openssl rand -base64 32";
  }
  return problem;
}

}  // namespace peerjsd::app
