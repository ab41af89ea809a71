#include "peerjsd/hooks/auth_hook.hpp"

#include "peerjsd/hooks/signature.hpp"
#include "peerjsd/outbound/random_name.hpp"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>
#include <variant>

#include <boost/asio/post.hpp>
#include <nlohmann/json.hpp>

namespace peerjsd::hooks {
namespace {

using Json = nlohmann::ordered_json;

std::string_view to_string(net::Purpose purpose) {
  switch (purpose) {
    case net::Purpose::Connect:
      return "connect";
    case net::Purpose::Ice:
      return "ice";
    case net::Purpose::List:
      break;
  }
  return "list";
}

/// All lines of that name, as one would be (RFC 9110 5.3, and RFC 9113 8.2.3 of cookies).
std::string value_of(const net::HttpRequest& request, const std::string& name) {
  std::string value;
  const auto [first, last] = request.equal_range(name);
  for (auto line = first; line != last; ++line) {
    if (!value.empty()) value += name == "cookie" ? "; " : ", ";
    value += net::view(line->value());
  }
  return value;
}

Json headers_of(const net::HttpRequest& request, const std::vector<std::string>& names) {
  Json headers = Json::object();
  for (const std::string& name : names) {
    if (request.count(name) > 0) headers[name] = value_of(request, name);
  }
  return headers;
}

WebClient::Sender sender_of(core::AddressGroup group) {
  static_assert(static_cast<std::uint64_t>(core::AddressGroup::Local) ==
                static_cast<std::uint64_t>(WebClient::Sender::Anybody));
  return static_cast<WebClient::Sender>(group);
}

std::uint32_t smaller_limit(std::uint32_t a, std::uint32_t b) {
  if (a == 0 || b == 0) return std::max(a, b);
  return std::min(a, b);
}

core::Rights both(const core::Rights& a, const core::Rights& b) {
  return {a.may_call && b.may_call, a.may_be_called && b.may_be_called};
}

net::Pass narrowed(net::Pass pass, const AuthTerms& terms, core::Instant end) {
  pass.rights = both(pass.rights, terms.rights);
  pass.may_list = pass.may_list && terms.may_list;
  pass.owner_limit = smaller_limit(pass.owner_limit, terms.owner_limit);
  pass.term.of_ruling = end;
  return pass;
}

}  // namespace

AuthHook::AuthHook(boost::asio::io_context& io, WebUrl url, std::string key, core::Relay& relay,
                   Options options)
    : io_(io),
      key_(std::move(key)),
      relay_(relay),
      options_(std::move(options)),
      client_(io, std::move(url), {options_.timeout}) {}

void AuthHook::set_options(Options options) {
  if (options.cache < options_.cache) cache_.clear();
  options_ = std::move(options);
  client_.set_timeout(options_.timeout);
}

void AuthHook::ask(const net::Question& question, const net::Pass& pass, core::Instant now,
                   OnRuling on_ruling) {
  now_ = now;
  std::string body = body_of(question, pass.user);
  const Digest digest = digest_of(body);
  Asker asker{question.purpose, std::string(question.who.key), std::string(question.who.id), pass,
              question.asker,   std::move(on_ruling)};
  if (const Settled* const settled = cache_.find(digest, now)) {
    ++counters_.cached;
    return tell_soon(std::move(asker), *settled);
  }
  if (const auto place = under_way_.find(digest); place != under_way_.end()) {
    return place->second.push_back(std::move(asker));
  }
  WebClient::Headers headers = headers_for(body);
  under_way_[digest].push_back(std::move(asker));
  client_.post(
      std::move(body), std::move(headers), now,
      [this, digest](const auto& outcome) { on_outcome(digest, outcome); },
      [this, digest] { return is_wanted(digest); }, sender_of(question.group));
}

/// If not, it has never been asked.
bool AuthHook::is_wanted(const Digest& question) {
  const auto askers = under_way_.find(question);
  const auto waits = [](const Asker& asker) { return !asker.alive.expired(); };
  if (std::ranges::any_of(askers->second, waits)) return true;
  under_way_.erase(askers);
  return false;
}

std::string AuthHook::body_of(const net::Question& question, const std::string& user) const {
  Json json = {{"purpose", to_string(question.purpose)},
               {"key", question.who.key},
               {"id", question.who.id},
               {"token", question.who.token}};
  if (!user.empty()) json["user"] = user;
  json["address"] = question.address;
  json["origin"] = net::view(question.request[boost::beast::http::field::origin]);
  json["headers"] = headers_of(question.request, options_.headers);
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

WebClient::Headers AuthHook::headers_for(const std::string& body) const {
  if (key_.empty()) return {};
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  return signed_headers(key_, "msg_" + outbound::random_name<16>(), now, body);
}

void AuthHook::tell_soon(Asker asker, const Settled& settled) {
  boost::asio::post(io_, [this, alive = std::weak_ptr(alive_), asker = std::move(asker), settled] {
    if (!alive.expired()) asker.on_ruling(rule(asker, settled));
  });
}

void AuthHook::expire(core::Instant now) {
  now_ = now;
  client_.expire(now);
}

void AuthHook::on_outcome(const Digest& question, const WebClient::Outcome& outcome) {
  Settled settled{read_auth_answer(outcome)};
  if (const auto* const terms = std::get_if<AuthTerms>(&settled.answer)) {
    if (terms->expires_in) settled.expiry = now_ + *terms->expires_in;
  }
  count(settled.answer);
  const bool is_kept = options_.cache > core::Duration::zero() &&
                       !std::holds_alternative<AuthFailure>(settled.answer);
  if (is_kept) cache_.put(question, settled, now_ + options_.cache);
  const auto askers = under_way_.extract(question);
  for (const Asker& asker : askers.mapped()) asker.on_ruling(rule(asker, settled));
}

void AuthHook::count(const AuthAnswer& answer) {
  if (std::holds_alternative<AuthTerms>(answer)) {
    ++counters_.admitted;
  } else if (std::holds_alternative<AuthRefusal>(answer)) {
    ++counters_.refused;
  } else {
    ++counters_.failed;
  }
}

net::Ruling AuthHook::rule(const Asker& asker, const Settled& settled) {
  if (const auto* const terms = std::get_if<AuthTerms>(&settled.answer)) {
    return {narrowed(asker.pass, *terms, settled.expiry)};
  }
  if (const auto* const refusal = std::get_if<AuthRefusal>(&settled.answer)) {
    if (asker.purpose == net::Purpose::Connect) {
      relay_.withdraw_ruling({asker.key, asker.id, asker.pass.owner});
    }
    const std::string said =
        refusal->detail.empty() ? " says: " + refusal->reason : ": " + refusal->detail;
    return {net::Rejection{refusal->reason, client_.address() + said}};
  }
  return rule_without(asker, std::get<AuthFailure>(settled.answer));
}

net::Ruling AuthHook::rule_without(const Asker& asker, const AuthFailure& why) const {
  const std::string failure = client_.address() + ": " + why.cause;
  const core::Peer* const known = relay_.peer_of({asker.key, asker.id, asker.pass.owner});
  if (why.is_down && known != nullptr && relay_.term_of(*known).of_ruling > now_) {
    const AuthTerms terms{known->client.rights, asker.pass.may_list, known->client.owner_limit, {}};
    return {narrowed(asker.pass, terms, relay_.term_of(*known).of_ruling), failure};
  }
  const bool is_down_for_all = why.is_down && client_.is_silent();
  if (options_.accepts_when_down && is_down_for_all) return {asker.pass, failure};
  return {net::Rejection{"The server cannot check who may connect now", {}}, failure};
}

}  // namespace peerjsd::hooks
