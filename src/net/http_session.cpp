#include "peerjsd/net/http_session.hpp"

#include "peerjsd/core/log_text.hpp"
#include "peerjsd/net/forwarded.hpp"
#include "peerjsd/net/handshake.hpp"
#include "peerjsd/net/http_wire.hpp"
#include "peerjsd/net/request_rules.hpp"
#include "peerjsd/net/session_context.hpp"

#include <chrono>
#include <utility>
#include <variant>

#include <boost/beast/http/field.hpp>
#include <boost/beast/http/verb.hpp>
#include <spdlog/spdlog.h>

namespace peerjsd::net {
namespace {

namespace bhttp = boost::beast::http;

constexpr std::size_t kMostQueuedBytes = std::size_t{64} * 1024;
constexpr core::Duration kRetryDelay = std::chrono::milliseconds(25);  // as npm peer 0.2.10

}  // namespace

void HttpSession::serve(SessionContext& context, Socket socket,
                        const boost::asio::ip::address& neighbour) {
  ClientAddress address(neighbour);
  std::optional<boost::asio::ip::address> proxy;
  if (context.options().proxies.trust(neighbour)) {
    proxy = neighbour;
    address.group = core::AddressGroup::Local;  // it is not the proxy's own doing
  }
  const std::string_view refusal = context.limits().refusal(address.group, context.now());
  if (!refusal.empty()) {
    return context.incidents().report(Incident::ConnectionRefused, "{} ({})", refusal,
                                      address.text);
  }
  const boost::intrusive_ptr<HttpSession> session(
      new HttpSession(context, std::move(socket), std::move(address), std::move(proxy)));
  context.await_request(*session);
  session->start();
}

HttpSession::HttpSession(SessionContext& context, Socket socket, ClientAddress address,
                         std::optional<boost::asio::ip::address> proxy)
    : Connection(context, std::move(socket), std::move(address)),
      reader_({context.options().max_header_bytes, context.options().max_message_bytes}),
      proxy_(std::move(proxy)) {}

void HttpSession::on_bytes(std::span<char> bytes) {
  unread_.append(bytes.data(), bytes.size());
  read();
}

void HttpSession::on_flushed() {
  if (is_answering()) return pause_reading();
  read();
}

void HttpSession::read() {
  const std::string input = std::exchange(unread_, {});
  std::string_view rest = input;
  unsigned requests = 0;
  while (!rest.empty() && !is_closing() && !is_answering()) {
    // Who does not read its answers gets no more of them.
    if (queue().bytes() > kMostQueuedBytes) {
      pause_reading();
      break;
    }
    const RequestReader::Result result = reader_.read(rest);
    if (result == RequestReader::Result::NeedMore) break;
    if (result == RequestReader::Result::Faulty) return refuse(reader_.fault(), reader_.request());
    handle(reader_.release(), rest);
    ++requests;
  }
  unread_ = rest;
  meter(requests);
  if (reader_.take_expectation()) write("HTTP/1.1 100 Continue\r\n\r\n");
}

/// `rest`: what has come after the request.
void HttpSession::handle(const HttpRequest& request, std::string_view rest) {
  if (!may_ask(request)) return;
  const http::Route route =
      context().service().router().route(view(request.method_string()), view(request.target()));
  if (context().options().access_log) asked_ = http::without_secrets(route);
  if (asks_for_websocket(request)) return upgrade(request, route, rest);
  std::visit([&](const auto& asked) { respond(request, asked); }, route);
}

void HttpSession::upgrade(const HttpRequest& request, const http::Route& route,
                          std::string_view rest) {
  const auto* const asked = std::get_if<http::route::WebSocket>(&route);
  if (asked == nullptr) {
    // What was asked for stays out of the log: a token may stand anywhere in it.
    context().incidents().report(Incident::WebSocketRefused, "wrong path; this server's is {} ({})",
                                 context().service().path(), client_of(request).text);
    return write_reply(request,
                       context().service().answer(facts_of(request), http::route::NotFound{}));
  }
  if (context().draining()) return refuse({503, "The server is stopping"}, request);
  if (const auto fault = fault_of_handshake(request)) return refuse(*fault, request);
  open_websocket(request, *asked, rest);
}

void HttpSession::respond(const HttpRequest& request, const http::route::Message& message) {
  const core::Credentials who{message.key, message.id, message.token};
  const auto verdict = check_token(request, who, occasion_of(who));
  const auto* const pass = std::get_if<Pass>(&verdict);
  if (pass == nullptr) {
    return write_answer(request,
                        context().service().answer(facts_of(request), core::Receipt::Unauthorized));
  }
  http::route::Message asked = message;
  asked.token = pass->owner;
  if (context().relay().knows({asked.key, asked.id, asked.token}, pass->rights)) {
    const core::Receipt receipt = receive(request, asked, pass->rights);
    if (receipt != core::Receipt::Early) return respond(request, asked, receipt);
  }
  // It may have overtaken the stream of its sender.
  postponed_ = {request, asked, pass->rights};
  pause_reading();
  context().await_release(*this, context().now() + kRetryDelay);
}

void HttpSession::on_released() {
  if (is_closing() || !postponed_) return;
  const core::Receipt receipt =
      receive(postponed_->request, postponed_->message, postponed_->rights);
  if (receipt == core::Receipt::Early && !context().draining()) {
    return context().await_release(*this, context().now() + kRetryDelay);
  }
  const Postponed postponed = std::move(*postponed_);
  postponed_.reset();
  respond(postponed.request, postponed.message, receipt);
}

core::Receipt HttpSession::receive(const HttpRequest& request, const http::route::Message& message,
                                   const core::Rights& rights) {
  // A LEAVE needs no more than its URL to say.
  const std::string_view text = request.body().empty() ? "{}" : std::string_view(request.body());
  return context().relay().receive({message.key, message.id, message.token}, message.verb, text,
                                   context().now(), rights);
}

void HttpSession::respond(const HttpRequest& request, const http::route::Message& message,
                          core::Receipt receipt) {
  if (receipt == core::Receipt::NoRoom) {
    context().incidents().report(Incident::NoRoom, "message of {} ({} bytes posted, {})",
                                 core::log_text(message.id), request.body().size(),
                                 client_of(request).text);
  }
  const std::string_view complaint = core::complaint(receipt);
  // Once a connection: who sends nonsense for ever shall not fill the log.
  if (!complaint.empty() && !std::exchange(has_complained_, true)) {
    context().incidents().report(Incident::MessageDropped, "{} ({} bytes posted for {}, {})",
                                 complaint, request.body().size(), core::log_text(message.id),
                                 client_of(request).text);
  }
  write_answer(request, context().service().answer(facts_of(request), receipt));
}

template <class Asked>
void HttpSession::respond(const HttpRequest& request, const Asked& asked) {
  write_reply(request, context().service().answer(facts_of(request), asked));
}

/// A client's commonest mistake. Of what else is asked for in vain the log says nothing: a token
/// may stand anywhere in it, and anybody may ask for anything.
void HttpSession::respond(const HttpRequest& request, const http::route::NotFound& asked) {
  const std::string_view target = view(request.target());
  const bool asks_for_id = target.substr(0, target.find('?')).ends_with("/id");
  if (asks_for_id && context().service().method_for(target).empty()) {
    context().incidents().report(Incident::HttpRefused, "wrong path; this server's is {} ({})",
                                 context().service().path(), client_of(request).text);
  }
  write_reply(request, context().service().answer(facts_of(request), asked));
}

void HttpSession::write_reply(const HttpRequest& request, const http::Reply& reply) {
  if (reply.status == 401) {
    context().incidents().report(Incident::HttpRefused, "{} ({})", reply.body,
                                 client_of(request).text);
  }
  write_answer(request, reply);
}

/// What its answer depends on. Views of the request.
http::Request HttpSession::facts_of(const HttpRequest& request) {
  return {view(request.method_string()), view(request.target()),
          view(request[bhttp::field::origin]),
          view(request[bhttp::field::access_control_request_headers]),
          view(request[bhttp::field::accept])};
}

void HttpSession::write_answer(const HttpRequest& request, const http::Reply& reply) {
  log_access(request, reply.status);
  const bool keep_alive = keeps_alive(request) && !context().draining();
  write(to_wire(reply, {request.version(), keep_alive, request.method() != bhttp::verb::head}));
  if (!keep_alive) return close_when_flushed();
  context().await_request(*this);
}

/// Gives the socket free for another session; false if that cannot be, and the connection ends.
bool HttpSession::hand_over() {
  flush();  // answers to requests before this one
  if (is_closing()) return false;
  if (queue().empty()) return true;
  context().incidents().report(Incident::HttpRefused, "the client does not read its answers ({})",
                               address());
  close();
  return false;
}

/// For requests that cannot be answered in a friendlier way. `request`: as far as it has come.
void HttpSession::refuse(RequestFault fault, const HttpRequest& request) {
  http::Reply reply =
      context().service().refusal(fault.status, fault.reason, view(request[bhttp::field::origin]));
  if (fault.status == 426) {
    reply.headers.emplace_back("Upgrade", "websocket");
    reply.headers.emplace_back("Sec-WebSocket-Version", "13");
  }
  context().incidents().report(Incident::HttpRefused, "{} ({})", fault.reason,
                               client_of(request).text);
  log_access(request, fault.status);
  write(to_wire(reply, {.with_body = request.method() != bhttp::verb::head}));
  close_when_flushed();
}

/// `request`: as far as it has come.
void HttpSession::log_access(const HttpRequest& request, unsigned status) {
  if (!context().options().access_log) return;
  const std::string asked = std::exchange(asked_, {});
  const std::string agent = core::log_text(view(request[bhttp::field::user_agent]));
  spdlog::info("Request: {} {} {} ({}, {})", core::log_text(view(request.method_string())),
               asked.empty() ? "-" : core::log_text(asked), status, client_of(request).text,
               agent.empty() ? "-" : agent);
}

ClientAddress HttpSession::client_of(const HttpRequest& request) const {
  const std::vector<std::string> hops = proxy_ ? hops_of(request) : std::vector<std::string>();
  return hops.empty() ? client() : context().options().proxies.client(*proxy_, hops);
}

/// One connection of a proxy may carry the requests of many clients, so each counts for its client,
/// and is refused if that one has sent too many.
bool HttpSession::may_ask(const HttpRequest& request) {
  if (!proxy_) return true;
  const std::string_view refusal =
      context().limits().refusal_behind_proxy(client_of(request).group, context().now());
  if (!refusal.empty()) refuse({429, refusal}, request);
  return refusal.empty();
}

/// Any other connection has one client, which is read from more slowly.
void HttpSession::meter(unsigned requests) {
  if (proxy_ || requests == 0 || is_closing()) return;
  const core::Duration owed = rate_.take(context().options().messages, requests, context().now());
  if (owed > core::Duration::zero()) slow_down(owed);
}

void HttpSession::on_timeout(core::Instant) {
  if (is_answering()) return context().await_request(*this);  // it will be answered in a moment
  // Between requests there is nobody to tell.
  if (!reader_.has_begun()) return close();
  refuse({408, "The request took too long"}, reader_.request());
}

void HttpSession::drain(core::Instant) {
  if (const auto request = std::exchange(judged_, nullptr)) {
    return refuse({503, "The server is stopping"}, *request);
  }
  // A browser does not look at a connection it keeps for later, and would never end its half.
  if (!reader_.has_begun() && !is_answering() && all_sent()) return close();
  if (postponed_) on_released();
  close_when_flushed();
}

}  // namespace peerjsd::net
