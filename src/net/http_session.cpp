#include "peerjsd/net/http_session.hpp"

#include "peerjsd/net/forwarded.hpp"
#include "peerjsd/net/handshake.hpp"
#include "peerjsd/net/http_wire.hpp"
#include "peerjsd/net/log_text.hpp"
#include "peerjsd/net/session_context.hpp"
#include "peerjsd/net/stream_session.hpp"
#include "peerjsd/net/websocket_session.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/http/verb.hpp>
#include <boost/beast/websocket/rfc6455.hpp>

namespace peerjsd::net {
namespace {

namespace beast = boost::beast;
namespace bhttp = boost::beast::http;
using boost::system::error_code;

constexpr std::size_t kMostQueuedBytes = std::size_t{64} * 1024;
/// A line of a head, of chunks or of trailers has to fit: Beast throws at a field of 64 KiB, and
/// looks for no end itself.
constexpr std::size_t kMostAtOnce = std::size_t{60} * 1024;
constexpr std::size_t kShortestChunk = std::string_view("0\r\n\r\n").size();
constexpr core::Duration kRetryDelay = std::chrono::milliseconds(25);  // as npm peer 0.2.10

std::string_view view(beast::string_view text) {
  return {text.data(), text.size()};
}

core::PeerKind kind_of(const HttpRequest& request) {
  return request.count(bhttp::field::origin) > 0 ? core::PeerKind::Page : core::PeerKind::Native;
}

/// What its answer depends on. Views of the request.
http::Request facts_of(const HttpRequest& request) {
  return {view(request.method_string()), view(request.target()),
          view(request[bhttp::field::origin]),
          view(request[bhttp::field::access_control_request_headers])};
}

std::size_t most_header_bytes(const SessionOptions& options) {
  return std::min(options.max_header_bytes, kMostAtOnce);
}

/// Whether nobody between the client and us can have seen another end of the request than we do
/// (RFC 9112 6.3): one length, or chunks, and neither twice.
bool is_framed_beyond_doubt(const HttpRequest& request) {
  const std::size_t lengths = request.count(bhttp::field::content_length);
  const std::size_t codings = request.count(bhttp::field::transfer_encoding);
  const std::string_view length = view(request[bhttp::field::content_length]);
  if (lengths + codings > 1) return false;
  if (length.find_first_not_of("0123456789") != length.npos) return false;
  return codings == 0 || (request.version() >= 11 &&
                          beast::iequals(request[bhttp::field::transfer_encoding], "chunked"));
}

struct Fault {
  unsigned status;
  std::string_view reason;
};

Fault fault_of(error_code error) {
  if (error == bhttp::error::header_limit) return {431, "Request header too large"};
  if (error == bhttp::error::body_limit) return {413, "Request body too large"};
  return {400, "Bad request"};
}

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
    : Connection(context, std::move(socket), std::move(address)), proxy_(std::move(proxy)) {}

void HttpSession::on_bytes(std::span<char> bytes) {
  unparsed_.append(bytes.data(), bytes.size());
  parse();
}

void HttpSession::on_flushed() {
  if (postponed_) return pause_reading();
  parse();
}

void HttpSession::parse() {
  const std::string input = std::move(unparsed_);
  unparsed_.clear();
  std::string_view rest = input;
  unsigned requests = 0;
  while (!rest.empty() && !is_closing() && !postponed_) {
    // Who does not read its answers gets no more of them.
    if (queue().bytes() > kMostQueuedBytes) {
      pause_reading();
      break;
    }
    if (!parser_) {
      parser_.emplace();
      parser_->eager(false);  // stops at the end of the head
      parser_->header_limit(static_cast<std::uint32_t>(most_header_bytes(context().options())));
      parser_->body_limit(context().options().max_message_bytes);
    }
    // Beast asserts that the end of chunks does not come in smaller pieces; no chunk is shorter.
    if (parser_->is_header_done() && parser_->chunked() && rest.size() < kShortestChunk) break;
    error_code error;
    const std::string_view piece = rest.substr(0, kMostAtOnce);
    const bool is_all = piece.size() == rest.size();
    const std::size_t taken = parser_->put(boost::asio::buffer(piece.data(), piece.size()), error);
    rest.remove_prefix(taken);
    if (error && error != bhttp::error::need_more) {
      const Fault fault = fault_of(error);
      return refuse(fault.status, fault.reason, parser_->get());
    }
    const bool has_no_end = error && taken == 0 && piece.size() == kMostAtOnce;
    if (has_no_end || is_head_too_large(taken)) {
      return refuse(431, "Request header too large", parser_->get());
    }
    if (error && is_all) break;
    if (error) continue;
    if (parser_->is_header_done() && !parser_->eager()) {
      parser_->eager(true);
      if (parser_->chunked()) head_ = parser_->get().base();
    }
    if (!parser_->is_done()) continue;
    HttpRequest request = parser_->release();
    parser_.reset();
    // Trailers are no headers (RFC 9110 6.5.1), but Beast puts them among these.
    if (head_) request.base() = *std::exchange(head_, std::nullopt);
    handle(request, rest);
    ++requests;
  }
  unparsed_ = rest;
  meter(requests);
  if (parser_ && !is_closing()) encourage();
}

/// Beast counts only what it has not taken yet, so that a head which comes in the right pieces has
/// no end.
bool HttpSession::is_head_too_large(std::size_t taken) {
  if (parser_->is_header_done()) {
    head_bytes_ = 0;
    return false;
  }
  head_bytes_ += taken;
  return head_bytes_ > most_header_bytes(context().options());
}

/// Some clients, curl among them, ask whether to send a large body and wait for the answer.
void HttpSession::encourage() {
  if (!parser_->is_header_done()) return;
  bhttp::fields& fields = parser_->get();
  if (!beast::iequals(fields[bhttp::field::expect], "100-continue")) return;
  fields.erase(bhttp::field::expect);
  write("HTTP/1.1 100 Continue\r\n\r\n");
}

/// `rest`: what has come after the request.
void HttpSession::handle(const HttpRequest& request, std::string_view rest) {
  if (!is_framed_beyond_doubt(request)) {
    return refuse(400, "The length of the request is in doubt", request);
  }
  if (request.version() >= 11 && request.count(bhttp::field::host) != 1) {
    return refuse(400, "A request needs one Host header", request);
  }
  if (!may_ask(request)) return;
  const http::Route route =
      context().service().router().route(view(request.method_string()), view(request.target()));
  if (beast::websocket::is_upgrade(request)) return upgrade(request, route, rest);
  std::visit([&](const auto& asked) { respond(request, asked); }, route);
}

void HttpSession::upgrade(const HttpRequest& request, const http::Route& route,
                          std::string_view rest) {
  const auto* const asked = std::get_if<http::route::WebSocket>(&route);
  if (asked == nullptr) {
    // What was asked for stays out of the log: a token may stand anywhere in it.
    context().incidents().report(Incident::WebSocketRefused, "wrong path; this server's is {} ({})",
                                 context().service().path(), client_of(request).text);
    return respond(request, http::route::NotFound{});
  }
  if (context().draining()) return refuse(503, "The server is stopping", request);
  if (request[bhttp::field::sec_websocket_version] != "13") {
    return refuse(426, "Sec-WebSocket-Version must be 13", request);
  }
  if (!is_websocket_key(view(request[bhttp::field::sec_websocket_key]))) {
    return refuse(400, "Sec-WebSocket-Key must be 16 bytes in base64", request);
  }
  open_websocket(request, *asked, rest);
}

void HttpSession::open_websocket(const HttpRequest& request, const http::route::WebSocket& asked,
                                 std::string_view rest) {
  if (!hand_over()) return;
  const std::string_view key = view(request[bhttp::field::sec_websocket_key]);
  const std::string problem = complaint_of_origin(request, asked.id);
  if (problem.empty()) {
    WebSocketSession::open(context(), release_socket(), client_of(request),
                           switching_protocols(key), {asked.key, asked.id, asked.token},
                           asked.has_version ? core::PeerKind::Page : kind_of(request),
                           std::string(rest));
  } else {
    WebSocketSession::refuse(context(), release_socket(), client_of(request),
                             switching_protocols(key), problem);
  }
  close();
}

void HttpSession::respond(const HttpRequest& request, const http::route::Stream& asked) {
  if (context().draining()) return refuse(503, "The server is stopping", request);
  const std::string problem = complaint_of_origin(request, asked.id);
  if (!problem.empty()) {
    const std::string_view origin = view(request[bhttp::field::origin]);
    write(to_wire(context().service().stream_refusal(problem, origin), {request.version()}));
    return close_when_flushed();
  }
  if (!hand_over()) return;
  StreamSession::open(
      context(), release_socket(), client_of(request),
      {request.version(), std::string(view(request[bhttp::field::origin])), std::string(asked.key),
       std::string(asked.id), std::string(asked.token), kind_of(request), asked.is_renewal});
  close();
}

void HttpSession::respond(const HttpRequest& request, const http::route::Message& asked) {
  const core::Receipt receipt = receive(request, asked);
  if (receipt != core::Receipt::Unauthorized) return respond(request, asked, receipt);
  // It may have overtaken the stream of its sender.
  postponed_ = {request, asked};
  pause_reading();
  context().await_release(*this, context().now() + kRetryDelay);
}

void HttpSession::release() {
  if (is_closing() || !postponed_) return;
  const Postponed postponed = std::move(*postponed_);
  postponed_.reset();
  respond(postponed.request, postponed.message, receive(postponed.request, postponed.message));
}

core::Receipt HttpSession::receive(const HttpRequest& request,
                                   const http::route::Message& message) {
  // A LEAVE needs no more than its URL to say.
  const std::string_view text = request.body().empty() ? "{}" : std::string_view(request.body());
  return context().relay().receive({message.key, message.id, message.token}, message.verb, text,
                                   context().now());
}

void HttpSession::respond(const HttpRequest& request, const http::route::Message& message,
                          core::Receipt receipt) {
  if (receipt == core::Receipt::NoRoom) {
    context().incidents().report(Incident::NoRoom, "message of {} ({} bytes posted, {})",
                                 log_text(message.id), request.body().size(),
                                 client_of(request).text);
  }
  const std::string_view complaint = core::complaint(receipt);
  // Once a connection: who sends nonsense for ever shall not fill the log.
  if (!complaint.empty() && !std::exchange(has_complained_, true)) {
    context().incidents().report(Incident::MessageDropped, "{} ({} bytes posted for {}, {})",
                                 complaint, request.body().size(), log_text(message.id),
                                 client_of(request).text);
  }
  write_answer(request, context().service().answer(facts_of(request), receipt));
}

template <class Asked>
void HttpSession::respond(const HttpRequest& request, const Asked& asked) {
  const http::Reply reply = context().service().answer(facts_of(request), asked);
  if (reply.status == 401) {
    context().incidents().report(Incident::HttpRefused, "{} ({})", reply.body,
                                 client_of(request).text);
  }
  write_answer(request, reply);
}

void HttpSession::write_answer(const HttpRequest& request, const http::Reply& reply) {
  const bool keep_alive = request.keep_alive() && !context().draining();
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
void HttpSession::refuse(unsigned status, std::string_view reason, const HttpRequest& request) {
  http::Reply reply =
      context().service().refusal(status, reason, view(request[bhttp::field::origin]));
  if (status == 426) {
    reply.headers.emplace_back("Upgrade", "websocket");
    reply.headers.emplace_back("Sec-WebSocket-Version", "13");
  }
  context().incidents().report(Incident::HttpRefused, "{} ({})", reason, client_of(request).text);
  write(to_wire(reply, {}));
  close_when_flushed();
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
  if (!refusal.empty()) refuse(429, refusal, request);
  return refusal.empty();
}

/// Any other connection has one client, which is read from more slowly.
void HttpSession::meter(unsigned requests) {
  if (proxy_ || requests == 0 || is_closing()) return;
  const core::Duration owed = rate_.take(context().options().messages, requests, context().now());
  if (owed > core::Duration::zero()) slow_down(owed);
}

/// Why a page of that origin is not let in; empty if it is. What is no page is let in.
std::string HttpSession::complaint_of_origin(const HttpRequest& request, std::string_view id) {
  const std::string origin(view(request[bhttp::field::origin]));
  if (context().service().lets_in(origin)) return {};
  context().incidents().report(Incident::ClientRefused, "{} ({}, origin {} is not in --cors)",
                               log_text(id), client_of(request).text, log_text(origin));
  return "Origin " + origin + " is not allowed by this server";
}

void HttpSession::on_timeout(core::Instant) {
  if (postponed_) return context().await_request(*this);  // it will be answered in a moment
  // Between requests there is nobody to tell.
  if (!parser_) return close();
  refuse(408, "The request took too long", parser_->get());
}

void HttpSession::drain(core::Instant) {
  // A browser does not look at a connection it keeps for later, and would never end its half.
  if (!parser_ && !postponed_ && all_sent()) return close();
  if (postponed_) release();
  close_when_flushed();
}

}  // namespace peerjsd::net
