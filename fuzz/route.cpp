// A router finds what a second, slower one finds; and where a target may be spelled otherwise, that
// changes nothing.

#include "peerjsd/http/route.hpp"

#include "peerjsd/core/message.hpp"
#include "support/bytes.hpp"
#include "support/require.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iomanip>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

using namespace peerjsd;
using core::MessageType;
using fuzz::require;
using http::Route;
using http::Router;
using Json = nlohmann::json;
using Texts = std::vector<std::string>;

namespace {

constexpr std::array<const char*, 5> kPaths = {"/", "/app", "/a/Bc/", "/peerjs", "//id/"};
constexpr std::array<const char*, 8> kMethods = {"GET",  "POST",    "GET", "POST",
                                                 "HEAD", "OPTIONS", "PUT", "get"};

/// All that may stand in a route, of whatever kind.
struct Facts {
  std::size_t kind = 0;
  std::string key{};
  std::string id{};
  std::string token{};
  MessageType verb{};
  bool is_renewal = false;
  std::optional<std::string> version{};
  bool operator==(const Facts&) const = default;
};

template <class Kind>
const std::size_t kKind = Route(Kind{}).index();

Facts facts_of(const Route& route) {
  Facts facts{route.index()};
  std::visit(
      [&facts](const auto& asked) {
        if constexpr (requires { asked.key; }) facts.key = asked.key;
        if constexpr (requires { asked.id; }) facts.id = asked.id;
        if constexpr (requires { asked.token; }) facts.token = asked.token;
        if constexpr (requires { asked.verb; }) facts.verb = asked.verb;
        if constexpr (requires { asked.is_renewal; }) facts.is_renewal = asked.is_renewal;
        if constexpr (requires { asked.version; }) facts.version = asked.version;
      },
      route);
  return facts;
}

// The second router

Texts split(const std::string& text, char separator) {
  Texts parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) {
    if (!part.empty()) parts.push_back(part);
  }
  return parts;
}

std::string with_case(std::string text, int (*convert)(int)) {
  for (char& c : text) c = static_cast<char>(convert(static_cast<unsigned char>(c)));
  return text;
}

std::string lower(const std::string& text) {
  return with_case(text, [](int c) { return std::tolower(c); });
}

std::string swap_case(const std::string& text) {
  return with_case(text, [](int c) { return std::islower(c) ? std::toupper(c) : std::tolower(c); });
}

/// A broken escape stands for itself, and is told of.
std::string unescape(const std::string& text, bool& has_broken) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string digits = text.substr(i + 1, 2);
    const bool are_digits =
        digits.size() == 2 && digits.find_first_not_of("0123456789abcdefABCDEF") == digits.npos;
    if (text[i] == '%' && are_digits) {
      plain += static_cast<char>(std::stoi(digits, nullptr, 16));
      i += 2;
    } else {
      has_broken |= text[i] == '%';
      plain += text[i];
    }
  }
  return plain;
}

std::string as_utf8(const std::string& text) {
  return Json::parse(Json(text).dump(-1, ' ', false, Json::error_handler_t::replace))
      .get<std::string>();
}

std::vector<std::pair<std::string, std::string>> parameters(const std::string& query) {
  std::vector<std::pair<std::string, std::string>> parameters;
  for (std::string each : split(query, '&')) {
    std::ranges::replace(each, '+', ' ');
    const std::size_t equals = std::min(each.find('='), each.size());
    bool ignored = false;
    parameters.emplace_back(
        as_utf8(unescape(each.substr(0, equals), ignored)),
        as_utf8(unescape(each.substr(std::min(equals + 1, each.size())), ignored)));
  }
  return parameters;
}

Facts websocket(const std::string& query) {
  Facts facts{kKind<http::route::WebSocket>};
  for (const auto& [name, value] : parameters(query)) {
    if (name == "key") facts.key = value;
    if (name == "id") facts.id = value;
    if (name == "token") facts.token = value;
    if (name == "version") facts.version = value;
  }
  return facts;
}

/// `members`: what the segments before the last are.
Facts segments_in(std::size_t kind, const Texts& segments,
                  std::initializer_list<std::string Facts::*> members) {
  Facts facts{kind};
  bool is_broken = false;
  auto segment = segments.begin();
  for (std::string Facts::*const member : members) {
    facts.*member = unescape(*segment++, is_broken);
    is_broken |= as_utf8(facts.*member) != facts.*member;
  }
  return is_broken ? Facts{kKind<http::route::BadTarget>} : facts;
}

Facts get(const Texts& segments) {
  if (segments.empty()) return {kKind<http::route::Info>};
  if (segments.size() == 1 && lower(segments.front()) == "demo") {
    return {kKind<http::route::Demo>};
  }
  if (segments.size() != 2) return {kKind<http::route::NotFound>};
  Facts facts = segments_in(kKind<http::route::NotFound>, segments, {&Facts::key});
  if (facts.kind == kKind<http::route::BadTarget>) return facts;
  const std::string last = lower(segments.back());
  if (last == "id") facts.kind = kKind<http::route::NewId>;
  if (last == "peers") facts.kind = kKind<http::route::Peers>;
  return facts.kind == kKind<http::route::NotFound> ? Facts{facts.kind} : facts;
}

Facts post(const Texts& segments, const std::string& query) {
  static const std::map<std::string, MessageType> verbs = {{"offer", MessageType::Offer},
                                                           {"answer", MessageType::Answer},
                                                           {"candidate", MessageType::Candidate},
                                                           {"leave", MessageType::Leave}};
  if (segments.size() != 4) return {kKind<http::route::NotFound>};
  const std::string last = lower(segments.back());
  const auto verb = verbs.find(last);
  if (last != "id" && verb == verbs.end()) return {kKind<http::route::NotFound>};
  const auto kind = last == "id" ? kKind<http::route::Stream> : kKind<http::route::Message>;
  Facts facts = segments_in(kind, segments, {&Facts::key, &Facts::id, &Facts::token});
  if (facts.kind == kKind<http::route::Message>) facts.verb = verb->second;
  if (facts.kind == kKind<http::route::Stream>) {
    for (const auto& [name, value] : parameters(query)) {
      facts.is_renewal |= name == "i" && !value.empty() && value != "0";
    }
  }
  return facts;
}

/// Without scheme and host, if there are these; nullopt if there should be.
std::optional<std::string> path_and_query(const std::string& target) {
  if (target.starts_with("/")) return target;
  for (const std::string scheme : {"http://", "https://"}) {
    if (!lower(target).starts_with(scheme)) continue;
    const std::string rest = target.substr(scheme.size());
    const std::size_t host = std::min(rest.find_first_of("/?"), rest.size());
    if (host > 0) return rest.substr(host);
  }
  return std::nullopt;
}

Facts expected(const std::string& path, const std::string& method, const std::string& own) {
  if (method == "OPTIONS") return {kKind<http::route::Preflight>};
  const bool is_get = method == "GET" || method == "HEAD";
  const std::size_t mark = std::min(own.find('?'), own.size());
  const std::string query = own.substr(std::min(mark + 1, own.size()));
  Texts segments = split(own.substr(0, mark), '/');
  if (is_get && segments == split(path + "/peerjs", '/')) return websocket(query);
  for (const std::string& segment : split(path, '/')) {
    if (segments.empty() || lower(segments.front()) != lower(segment)) {
      return {kKind<http::route::NotFound>};
    }
    segments.erase(segments.begin());
  }
  if (is_get) return get(segments);
  return method == "POST" ? post(segments, query) : Facts{kKind<http::route::NotFound>};
}

// Other ways to write a target

std::string with_more_slashes(const std::string& target) {
  const std::size_t mark = std::min(target.find('?'), target.size());
  std::string respelled = "/";
  for (const char c : target.substr(0, mark)) respelled += c == '/' ? "//" : std::string(1, c);
  return respelled + "/" + target.substr(mark);
}

/// The path's own segments, and the last one, in the other case.
std::string with_other_case(const std::string& target, std::size_t path_segments) {
  const std::size_t mark = std::min(target.find('?'), target.size());
  Texts segments = split(target.substr(0, mark), '/');
  std::string respelled;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const bool is_fixed = i < path_segments || i + 1 == segments.size();
    respelled += "/" + (is_fixed ? swap_case(segments[i]) : segments[i]);
  }
  return respelled + target.substr(mark);
}

std::string escape(const std::string& text) {
  std::ostringstream out;
  out << std::hex << std::setfill('0');
  for (const char c : text) out << '%' << std::setw(2) << (c & 0xff);
  return out.str();
}

/// A target that means `facts`, all escaped; empty if there is none.
std::string written(const std::string& path, const Facts& facts) {
  const std::string key = escape(facts.key);
  const std::string id = escape(facts.id);
  const std::string token = escape(facts.token);
  if (facts.kind == kKind<http::route::Demo>) return path + "/demo";
  const std::string sender = path + "/" + key + "/" + id + "/" + token + "/";
  if (facts.kind == kKind<http::route::NewId>) return path + "/" + key + "/id";
  if (facts.kind == kKind<http::route::Peers>) return path + "/" + key + "/peers";
  if (facts.kind == kKind<http::route::Stream>) {
    return sender + (facts.is_renewal ? "id?i=1" : "id?i=0");
  }
  if (facts.kind == kKind<http::route::Message>) {
    return sender + lower(std::string(to_string(facts.verb)));
  }
  if (facts.kind != kKind<http::route::WebSocket>) return {};
  return path + "/peerjs?token=" + token + "&id=" + id + "&key=" + key +
         (facts.version ? "&version=" + escape(*facts.version) : "");
}

/// Whatever the token is, it leaves no trace.
void check_log(Route route) {
  const std::string logged = http::without_secrets(route);
  std::visit(
      [](auto& asked) {
        if constexpr (requires { asked.token; }) asked.token = "another";
      },
      route);
  require(http::without_secrets(route) == logged, "no token in a log");
}

/// `own`: a target without scheme and host.
void check_own(const std::string& path, const std::string& method, const std::string& own) {
  const Router router(path);
  const auto finds = [&](const std::string& target) {
    return facts_of(router.route(method, target));
  };
  const Facts found = finds("http://host" + own);
  require(found == expected(path, method, own), "routed to where it belongs");
  check_log(router.route(method, own));
  for (const std::string& text : {found.key, found.id, found.token}) {
    require(as_utf8(text) == text, "UTF-8");
  }
  require(finds("HTTPS://[::1]:9000" + own) == found, "the host does not matter");
  require(finds(with_more_slashes(own)) == found, "surplus slashes do not matter");
  const std::string in_other_case = with_other_case(own, split(path, '/').size());
  if (found.kind == kKind<http::route::WebSocket>) {
    require(finds(in_other_case).kind == kKind<http::route::NotFound>, "byte for byte");
  } else if (found.kind != kKind<http::route::NotFound>) {
    require(finds("http://host" + in_other_case) == found, "case does not matter");
  }
  const std::string canonical = written(path, found);
  if (!canonical.empty()) require(finds(canonical) == found, "nothing is lost by escaping");
  require(finds(path + "/" + own) == facts_of(Router("/").route(method, "/" + own)),
          "below its path a router is as one without");
}

void check(const std::string& path, const std::string& method, const std::string& target) {
  const auto own = path_and_query(target);
  const Facts found = facts_of(Router(path).route(method, target));
  if (own) {
    require(found == expected(path, method, *own), "routed to where its path belongs");
    check_own(path, method, *own);
  } else if (method != "OPTIONS") {
    require(found == Facts{kKind<http::route::NotFound>}, "a target of no known form");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Bytes bytes(data, size);
  const std::string path = bytes.one_of(kPaths);
  const std::string method = bytes.one_of(kMethods);
  check(path, method, bytes.rest());
  return 0;
}
