// Who is let in: by its origin, by its token, and by whom the operator has asked.

#include "peerjsd/core/log_text.hpp"
#include "peerjsd/http/bearer.hpp"
#include "peerjsd/net/handshake.hpp"
#include "peerjsd/net/http_session.hpp"
#include "peerjsd/net/session_context.hpp"
#include "peerjsd/net/stream_session.hpp"
#include "peerjsd/net/websocket_session.hpp"

#include <chrono>
#include <type_traits>
#include <utility>
#include <vector>

#include <boost/beast/http/field.hpp>

namespace peerjsd::net {
namespace {

namespace bhttp = boost::beast::http;

core::PeerKind kind_of(const HttpRequest& request) {
  return request.count(bhttp::field::origin) > 0 ? core::PeerKind::Page : core::PeerKind::Native;
}

std::string_view bearer_of(const HttpRequest& request) {
  return http::bearer_token(view(request[bhttp::field::authorization]));
}

core::Credentials who_asks(const HttpRequest&, const http::route::WebSocket& asked) {
  return {asked.key, asked.id, asked.token};
}
core::Credentials who_asks(const HttpRequest&, const http::route::Stream& asked) {
  return {asked.key, asked.id, asked.token};
}
core::Credentials who_asks(const HttpRequest& request, const http::route::IceServers& asked) {
  return {asked.key, asked.id, asked.token.empty() ? bearer_of(request) : asked.token};
}
core::Credentials who_asks(const HttpRequest& request, const http::route::Peers& asked) {
  return {asked.key, {}, bearer_of(request)};
}

/// Whether a client stays for it. Who asks for something else may hang up and still read an answer.
template <class Asked>
constexpr bool kStays =
    std::is_same_v<Asked, http::route::WebSocket> || std::is_same_v<Asked, http::route::Stream>;

}  // namespace

/// Goes on with `verdict`, or with what the referee makes of it, unless the client has gone by
/// then: its connection does not last for that.
template <class Asked>
void HttpSession::judge(Purpose purpose, const HttpRequest& request, const Asked& asked,
                        Verdict verdict) {
  const core::Credentials who = who_asks(request, asked);
  if (!needs_ruling(purpose, who, verdict)) return proceed(request, asked, verdict);
  judged_ = std::make_shared<const HttpRequest>(request.base());  // a body has no say in it
  pause_reading();
  const ClientAddress client = client_of(request);
  context().referee()->ask({purpose, who, client.text, client.group, request, judged_},
                           std::get<Pass>(verdict), context().now(),
                           [this, asked, judged = std::weak_ptr(judged_)](const Ruling& ruling) {
                             if (!judged.expired()) on_ruling(asked, ruling);
                           });
}

/// Nobody is troubled with what is refused anyway. Whether an id is taken does not count: who is
/// not let in shall not learn which ids there are.
bool HttpSession::needs_ruling(Purpose purpose, const core::Credentials& who,
                               const Verdict& verdict) {
  const auto* const pass = std::get_if<Pass>(&verdict);
  if (context().referee() == nullptr || pass == nullptr) return false;
  return purpose != Purpose::Connect ||
         context().relay().verdict_on({who.key, who.id, pass->owner}) == core::Admission::Opened;
}

template <class Asked>
void HttpSession::on_ruling(const Asked& asked, const Ruling& ruling) {
  const auto request = std::exchange(judged_, nullptr);
  if (is_closing()) return;
  const boost::intrusive_ptr<HttpSession> self(this);
  contained([&] {
    // Its page may have been loaded anew meanwhile, which shall find its id free.
    if (kStays<Asked> && socket().has_hung_up()) return close();
    const core::Credentials who = who_asks(*request, asked);
    Verdict verdict = verdict_of(*request, who.id, ruling);
    if (std::holds_alternative<Pass>(verdict)) {
      std::string problem = complaint_of_now(*request, asked);
      if (!problem.empty()) verdict = std::move(problem);
    }
    proceed(*request, asked, verdict);
  });
}

/// The keys and origins that are good may be others than when the question was asked.
template <class Asked>
std::string HttpSession::complaint_of_now(const HttpRequest& request, const Asked& asked) {
  const core::Credentials who = who_asks(request, asked);
  std::string problem = complaint_of_origin(request, who.id);
  if (!problem.empty()) return problem;
  const Verdict verdict = check_token(request, who, occasion_for(asked));
  return std::holds_alternative<Pass>(verdict) ? std::string() : std::get<std::string>(verdict);
}

template <class Asked>
Occasion HttpSession::occasion_for(const Asked& asked) {
  if constexpr (std::is_same_v<Asked, http::route::Stream>) {
    if (asked.is_renewal) return occasion_of({asked.key, asked.id, asked.token});
  }
  return Occasion::Arriving;
}

/// What the client is told.
HttpSession::Verdict HttpSession::verdict_of(const HttpRequest& request, std::string_view id,
                                             const Ruling& ruling) {
  const auto* const rejection = std::get_if<Rejection>(&ruling.verdict);
  if (!ruling.failure.empty()) {
    context().incidents().report(Incident::AuthServiceFailed, "{}; {} is {} ({})", ruling.failure,
                                 id.empty() ? "who asked for the list" : core::log_text(id),
                                 rejection == nullptr ? "let in" : "refused",
                                 client_of(request).text);
  } else if (rejection != nullptr) {
    report(request, id, *rejection);
  }
  if (rejection != nullptr) return rejection->reason;
  return std::get<Pass>(ruling.verdict);
}

void HttpSession::report(const HttpRequest& request, std::string_view id,
                         const Rejection& rejection) {
  context().incidents().report(Incident::TokenRefused, "{} ({}, {})", core::log_id(id),
                               client_of(request).text, core::log_text(rejection.detail));
}

void HttpSession::open_websocket(const HttpRequest& request, const http::route::WebSocket& asked,
                                 std::string_view rest) {
  if (!hand_over()) return;
  unread_ = rest;
  judge(Purpose::Connect, request, asked, examine(request, who_asks(request, asked)));
}

void HttpSession::proceed(const HttpRequest& request, const http::route::WebSocket& asked,
                          const Verdict& verdict) {
  log_access(request, 101);
  const std::string_view key = view(request[bhttp::field::sec_websocket_key]);
  std::string rest = std::exchange(unread_, {});
  resume_reading();
  if (const auto* const pass = std::get_if<Pass>(&verdict)) {
    const auto kind = asked.version ? core::PeerKind::Page : kind_of(request);
    WebSocketSession::open(context(), release_socket(), client_of(request),
                           {switching_protocols(key),
                            {asked.key, asked.id, pass->owner, pass->term},
                            {kind, pass->rights, pass->owner_limit},
                            asked.version ? std::string_view(*asked.version) : std::string_view(),
                            std::move(rest)});
  } else {
    WebSocketSession::refuse(context(), release_socket(), client_of(request),
                             switching_protocols(key), std::get<std::string>(verdict));
  }
  close();
}

void HttpSession::respond(const HttpRequest& request, const http::route::Stream& asked) {
  if (context().draining()) return refuse({503, "The server is stopping"}, request);
  const core::Credentials who = who_asks(request, asked);
  judge(Purpose::Connect, request, asked, examine(request, who, occasion_for(asked)));
}

void HttpSession::proceed(const HttpRequest& request, const http::route::Stream& asked,
                          const Verdict& verdict) {
  const std::string_view origin = view(request[bhttp::field::origin]);
  if (const auto* const problem = std::get_if<std::string>(&verdict)) {
    log_access(request, 200);
    write(to_wire(context().service().stream_refusal(*problem, origin), {request.version()}));
    return close_when_flushed();
  }
  unread_.clear();  // first, or it would be read as requests
  if (!hand_over()) return;
  log_access(request, 200);
  resume_reading();
  const auto& pass = std::get<Pass>(verdict);
  StreamSession::open(context(), release_socket(), client_of(request),
                      {request.version(),
                       std::string(origin),
                       asked.key,
                       asked.id,
                       pass.owner,
                       context().gate() == nullptr ? std::string() : asked.token,
                       pass.term,
                       {kind_of(request), pass.rights, pass.owner_limit},
                       asked.is_renewal});
  close();
}

void HttpSession::respond(const HttpRequest& request, const http::route::IceServers& asked) {
  const http::Service& service = context().service();
  if (!service.has_turn(asked.key)) {
    return write_reply(request, service.answer(facts_of(request), asked));
  }
  const core::Credentials who = who_asks(request, asked);
  std::string problem = complaint_of_origin(request, asked.id);
  if (problem.empty() && asked.id.empty()) problem = "No id supplied";
  if (problem.empty()) problem = complaint_of_token(who);
  Verdict verdict = problem.empty() ? check_token(request, who) : Verdict(std::move(problem));
  if (std::holds_alternative<Pass>(verdict)) {
    const core::Admission of_id = context().relay().verdict_on_id(asked.id);
    if (of_id != core::Admission::Opened) verdict = core::refusal_reason(of_id, {});
  }
  judge(Purpose::Ice, request, asked, std::move(verdict));
}

void HttpSession::proceed(const HttpRequest& request, const http::route::IceServers& asked,
                          const Verdict& verdict) {
  const http::Service& service = context().service();
  const std::string_view origin = view(request[bhttp::field::origin]);
  if (const auto* const problem = std::get_if<std::string>(&verdict)) {
    return write_answer(request, service.unauthorized(*problem, origin));
  }
  const std::string& user = std::get<Pass>(verdict).user;
  const auto now =
      std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
  write_answer(request, service.confidential(auth::ice_servers(context().options().turn,
                                                               user.empty() ? asked.id : user, now),
                                             origin));
}

/// Of who does not come to the relay with it.
std::string HttpSession::complaint_of_token(const core::Credentials& who) {
  const bool is_asked = context().referee() != nullptr;
  if (!is_asked || who.token.size() <= context().options().max_token_bytes) return {};
  return core::refusal_reason(core::Admission::TokenTooLong, {});
}

void HttpSession::respond(const HttpRequest& request, const http::route::Peers& asked) {
  const bool is_open = context().gate() == nullptr && context().referee() == nullptr;
  if (is_open || !context().service().may_list(asked.key)) return show_list(request, asked);
  const core::Credentials who = who_asks(request, asked);
  std::string problem = complaint_of_origin(request, {});
  if (problem.empty()) problem = complaint_of_token(who);
  Verdict verdict = problem.empty() ? check_token(request, who) : Verdict(std::move(problem));
  if (std::holds_alternative<std::string>(verdict)) verdict = "Unauthorized";
  judge(Purpose::List, request, asked, std::move(verdict));
}

void HttpSession::proceed(const HttpRequest& request, const http::route::Peers& asked,
                          const Verdict& verdict) {
  const auto* const pass = std::get_if<Pass>(&verdict);
  if (pass != nullptr && pass->may_list) return show_list(request, asked);
  if (pass != nullptr) {
    context().incidents().report(Incident::TokenRefused, "{} ({}, it may not list)",
                                 core::log_id(pass->user), client_of(request).text);
  }
  const std::string reason = pass == nullptr ? std::get<std::string>(verdict) : "Unauthorized";
  write_answer(request,
               context().service().unauthorized(reason, view(request[bhttp::field::origin])));
}

/// Where there are other nodes, the list is of all of them.
void HttpSession::show_list(const HttpRequest& request, const http::route::Peers& asked) {
  const auto on_list = [self = boost::intrusive_ptr<HttpSession>(this), request,
                        key = std::string(asked.key)](const std::vector<core::Whereabouts>* list) {
    self->awaits_list_ = false;
    if (!self->is_closing()) self->respond_with(request, {key}, list);
  };
  if (!context().service().may_list(asked.key) ||
      !context().relay().list_everywhere(asked.key, on_list)) {
    return respond_with(request, asked, nullptr);
  }
  awaits_list_ = true;
  pause_reading();
}

/// No list: of those that are here.
void HttpSession::respond_with(const HttpRequest& request, const http::route::Peers& asked,
                               const std::vector<core::Whereabouts>* list) {
  const http::Service& service = context().service();
  if (list == nullptr) return write_reply(request, service.answer(facts_of(request), asked));
  const core::Realm* const realm = context().relay().realm(asked.key);
  std::vector<std::string_view> ids;
  for (const core::Whereabouts& each : *list) {
    const core::Peer* const here = realm == nullptr ? nullptr : realm->find(each.id);
    if (here == nullptr || here->is_reachable()) ids.push_back(each.id);
  }
  write_reply(request, service.answer(facts_of(request), ids));
}

/// That something is missing is the relay's to say.
HttpSession::Verdict HttpSession::examine(const HttpRequest& request, const core::Credentials& who,
                                          Occasion occasion) {
  std::string problem = complaint_of_origin(request, who.id);
  if (!problem.empty()) return problem;
  if (who.id.empty() || who.token.empty()) return Pass{std::string(who.token)};
  return check_token(request, who, occasion);
}

/// That a token may have expired since it was shown first counts for no other one of its owner, and
/// for nobody who has a WebSocket, and need not show it again.
Occasion HttpSession::occasion_of(const core::Credentials& who) {
  if (context().gate() == nullptr) return Occasion::Arriving;
  const core::Realm* const realm = context().relay().realm(who.key);
  const core::Peer* const peer = realm == nullptr ? nullptr : realm->find(who.id);
  const auto* const stream =
      peer == nullptr ? nullptr : dynamic_cast<const StreamSession*>(peer->transport);
  const bool goes_on = stream != nullptr && stream->was_asked_for_with(who.token);
  return goes_on ? Occasion::Connected : Occasion::Arriving;
}

HttpSession::Verdict HttpSession::check_token(const HttpRequest& request,
                                              const core::Credentials& who, Occasion occasion) {
  if (context().gate() == nullptr) return Pass{std::string(who.token)};
  auto verdict = context().gate()->check(who, occasion);
  if (auto* const pass = std::get_if<Pass>(&verdict)) return std::move(*pass);
  const auto& rejection = std::get<Rejection>(verdict);
  report(request, who.id, rejection);
  return rejection.reason;
}

/// Why a page of that origin is not let in; empty if it is. What is no page is let in.
std::string HttpSession::complaint_of_origin(const HttpRequest& request, std::string_view id) {
  const std::string origin(view(request[bhttp::field::origin]));
  if (context().service().lets_in(origin)) return {};
  context().incidents().report(Incident::ClientRefused, "{} ({}, origin {} is not in --cors)",
                               core::log_id(id), client_of(request).text, core::log_text(origin));
  return "Origin " + origin + " is not allowed by this server";
}

}  // namespace peerjsd::net
