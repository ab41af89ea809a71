#include "peerjsd/hooks/auth_answer.hpp"

#include "peerjsd/auth/terms.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>

#include <nlohmann/json.hpp>

namespace peerjsd::hooks {
namespace {

using Json = nlohmann::json;

/// Thrown and caught in this file only.
struct Nonsense {
  std::string problem;
};

std::uint32_t limit_of(const Json& json) {
  const auto limit = auth::read_limit(json);
  if (!limit) throw Nonsense{"has a limit that is no whole number from 1 on"};
  return *limit;
}

core::Duration time_of(const Json& seconds) {
  if (!seconds.is_number()) throw Nonsense{"has an expires_in that is no number"};
  constexpr double most = 1e9;  // about thirty years
  const double bounded = std::clamp(seconds.get<double>(), 0.0, most);
  return core::Duration(static_cast<std::int64_t>(bounded * 1000));
}

void read_may(const Json& json, AuthTerms& terms) {
  const auto may = auth::read_permissions(json);
  if (!may) throw Nonsense{"has a may that is no list of call, answer and list"};
  terms.rights = may->rights;
  terms.may_list = may->may_list;
}

constexpr std::array kYes = {"accept",        "accepted",   "admit",      "admitted", "allow",
                             "allowed",       "authorised", "authorized", "granted",  "ok",
                             "authenticated", "permitted",  "success",    "valid"};
constexpr std::array kNo = {"denied", "error", "errors", "forbidden", "reason", "rejected"};

/// As a service may mean it that has forgotten the status: `{"allow": false}`.
bool says_no(const Json& json) {
  const auto is_not_true = [&json](const char* name) {
    return json.contains(name) && json[name] != true;
  };
  const auto is_there = [&json](const char* name) {
    return json.contains(name) && !json[name].is_null() && json[name] != false;
  };
  return std::ranges::any_of(json, [](const Json& each) { return each == false; }) ||
         std::ranges::any_of(kYes, is_not_true) || std::ranges::any_of(kNo, is_there);
}

AuthTerms terms_of(const std::string& body) {
  AuthTerms terms;
  if (body.empty()) return terms;
  const Json json = Json::parse(body, nullptr, false);
  if (!json.is_object()) throw Nonsense{"is no JSON object"};
  if (says_no(json)) throw Nonsense{"says no, with a status that says yes"};
  if (const auto limit = json.find("limit"); limit != json.end()) {
    terms.owner_limit = limit_of(*limit);
  }
  if (const auto time = json.find("expires_in"); time != json.end()) {
    terms.expires_in = time_of(*time);
  }
  if (const auto may = json.find("may"); may != json.end()) read_may(*may, terms);
  return terms;
}

bool is_continuation(char byte) {
  return (static_cast<unsigned char>(byte) & 0xc0U) == 0x80;
}

/// Fit for one line, of not too many characters. `text` is UTF-8.
std::string one_line_of(std::string_view text) {
  constexpr std::size_t most = 200;
  std::string line;
  std::size_t characters = 0;
  for (const char byte : text) {
    if (static_cast<unsigned char>(byte) < 0x20 || byte == 0x7f) continue;
    if (!is_continuation(byte) && ++characters > most) break;
    line += byte;
  }
  return line;
}

/// Whatever its body is, a refusal stays one.
std::string reason_of(const std::string& body) {
  const Json json = Json::parse(body, nullptr, false);
  const bool has_reason = json.is_object() && json.contains("reason") && json["reason"].is_string();
  const std::string reason = has_reason ? one_line_of(json["reason"].get<std::string>()) : "";
  return reason.empty() ? "Unauthorized" : reason;
}

/// As of a question that the service does not like.
bool is_refusal(unsigned status) {
  constexpr unsigned request_timeout = 408;
  constexpr unsigned too_many_requests = 429;
  return status >= 400 && status < 500 && status != request_timeout && status != too_many_requests;
}

std::string problem_of(unsigned status) {
  const bool redirects = status >= 300 && status < 400;
  return "it answers with status " + std::to_string(status) +
         (redirects ? ": redirections are not followed" : "");
}

}  // namespace

AuthAnswer read_auth_answer(const WebClient::Outcome& outcome) {
  const auto* const answer = std::get_if<WebAnswer>(&outcome);
  if (answer == nullptr) {
    const auto& failure = std::get<WebFailure>(outcome);
    return AuthFailure{failure.why, failure.is_down};
  }
  if (answer->status == 401 || answer->status == 403) return AuthRefusal{reason_of(answer->body)};
  if (is_refusal(answer->status)) return AuthRefusal{"Unauthorized", problem_of(answer->status)};
  if (answer->status < 200 || answer->status > 299) {
    return AuthFailure{problem_of(answer->status), answer->is_of_proxy()};
  }
  try {
    const AuthTerms terms = terms_of(answer->body);
    const bool has_time = !terms.expires_in || *terms.expires_in > core::Duration::zero();
    if (!has_time) return AuthRefusal{"Token has expired", "it gives no time"};
    return terms;
  } catch (const Nonsense& nonsense) {
    return AuthFailure{"its answer " + nonsense.problem};
  }
}

}  // namespace peerjsd::hooks
