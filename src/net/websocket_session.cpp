#include "peerjsd/net/websocket_session.hpp"

#include "peerjsd/core/log_text.hpp"
#include "peerjsd/net/session_context.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>
#include <variant>

namespace peerjsd::net {
namespace {

core::End end_of(CloseCode code) {
  switch (code) {
    case CloseCode::GoingAway:
      return core::End::GoingAway;
    case CloseCode::NoStatus:
      return core::End::ClosedWithoutCode;
    default:
      return core::End::ClosedWithCode;
  }
}

/// npm peer closes without a code; where a code tells the client more, it gets one.
CloseCode code_of(core::End reason) {
  switch (reason) {
    case core::End::Replaced:
      return CloseCode::ResumedElsewhere;
    case core::End::ServerStops:
      return CloseCode::ServiceRestart;
    case core::End::OverLimit:
      return CloseCode::TryAgainLater;
    case core::End::Dismissed:
    case core::End::Expired:
      return CloseCode::PolicyViolation;
    default:
      return CloseCode::NoStatus;
  }
}

constexpr std::size_t kMostFrameHeader = 10;  // of a server's frame

bool is_text_frame(std::string_view unit) {
  return static_cast<unsigned char>(unit[0]) == 0x81;  // FIN and the opcode
}

/// Of one of our own frames.
std::size_t payload_size(std::string_view frame) {
  const auto length = static_cast<unsigned char>(frame[1]);
  return frame.size() - (length == 127 ? 10 : length == 126 ? 4 : 2);
}

}  // namespace

void WebSocketSession::open(SessionContext& context, Socket socket, ClientAddress address,
                            Request request) {
  const boost::intrusive_ptr<WebSocketSession> session(
      new WebSocketSession(context, std::move(socket), std::move(address)));
  context.await_ping(*session);
  session->write(std::move(request.handshake));
  session->begin(request);
  if (session->early_ != nullptr) {
    *session->early_ = std::move(request.early);
  } else if (!request.early.empty()) {
    session->on_bytes(request.early);
  }
  session->start();
}

WebSocketSession::WebSocketSession(SessionContext& context, Socket socket, ClientAddress address)
    : PeerSession(context, std::move(socket), std::move(address)) {}

void WebSocketSession::refuse(SessionContext& context, Socket socket, ClientAddress address,
                              std::string handshake, std::string_view reason) {
  const boost::intrusive_ptr<WebSocketSession> session(
      new WebSocketSession(context, std::move(socket), std::move(address)));
  session->write(std::move(handshake));
  session->end_refused(core::error_text(reason));
  session->start();
}

void WebSocketSession::begin(const Request& request) {
  const core::Admission admission = admit(request.who, request.about);
  set_client_version(request.version);
  if (!is_decided(admission)) {
    early_ = std::make_unique<std::string>();
    stop_hearing();
  } else if (!core::is_admitted(admission)) {
    end_refused(core::refusal(admission, address()));
  }
}

void WebSocketSession::on_settled(core::Admission admission) {
  if (!core::is_admitted(admission)) end_refused(core::refusal(admission, address()));
  hear_early();
}

/// No effect if it is heard already.
void WebSocketSession::hear_early() {
  if (early_ == nullptr) return;
  hear_again(std::move(*early_));
  early_.reset();
}

void WebSocketSession::end_refused(std::string_view message) {
  write_frame(Opcode::Text, message);
  begin_close(CloseCode::NoStatus, {});
}

void WebSocketSession::on_bytes(std::span<char> bytes) {
  const core::Instant now = context().now();
  unsigned events = 0;
  while (!is_closing()) {
    const WebSocketDecoder::Result result =
        decoder_.next(bytes, context().options().max_message_bytes);
    if (std::holds_alternative<NeedMore>(result)) return meter(events, now);
    if (const auto* const error = std::get_if<WebSocketError>(&result)) {
      return fail(error->close_code, error->reason);
    }
    on_event(std::get<WebSocketEvent>(result), now);
    ++events;
  }
}

/// What has been read is taken all the same; what follows waits with the client's system, and so in
/// the end with the client.
void WebSocketSession::meter(unsigned events, core::Instant now) {
  if (events == 0 || close_sent_) return;
  const SessionOptions& options = context().options();
  const FloodGuard::Verdict verdict =
      flood_guard_.take(options.messages, options.flood_timeout, events, now);
  if (verdict.is_first) {
    context().incidents().report(Incident::Slowed, "more than {} messages a second ({}, {})",
                                 options.messages.per_second, core::log_text(peer()->id),
                                 address());
  }
  if (verdict.is_flood) return end_flood(verdict.lasted);
  if (verdict.pause > core::Duration::zero()) slow_down(verdict.pause);
}

void WebSocketSession::end_flood(core::Duration lasted) {
  context().incidents().report(Incident::Flood, "too many messages for {:.1f} s ({}, {})",
                               std::chrono::duration<double>(lasted).count(),
                               core::log_text(peer()->id), address());
  finish(core::End::OverLimit);
  begin_close(CloseCode::PolicyViolation, "too many messages");
}

void WebSocketSession::on_event(const WebSocketEvent& event, core::Instant now) {
  switch (event.kind) {
    case WebSocketEvent::Kind::Text:
    case WebSocketEvent::Kind::Binary:
      return on_message(event, now);
    case WebSocketEvent::Kind::Close:
      return on_close(event);
    case WebSocketEvent::Kind::Ping:
      answer_ping(event.data);
      [[fallthrough]];
    case WebSocketEvent::Kind::Pong:
      return context().relay().sign_of_life(*this, now);
  }
}

/// Not every ping needs an answer (RFC 6455 5.5.3), and a client that reads none gets no more.
void WebSocketSession::answer_ping(std::string_view payload) {
  constexpr std::size_t most_queued = std::size_t{16} * 1024;
  if (!close_sent_ && queue().bytes() < most_queued) write_frame(Opcode::Pong, payload);
}

void WebSocketSession::on_message(const WebSocketEvent& event, core::Instant now) {
  const core::Receipt receipt = context().relay().receive(*this, event.data, now);
  if (receipt == core::Receipt::NotUtf8 && event.kind == WebSocketEvent::Kind::Text) {
    return fail(CloseCode::InvalidText, "text is not UTF-8");
  }
  if (receipt == core::Receipt::NoRoom) {
    context().incidents().report(Incident::NoRoom, "message of {} ({} bytes, {})",
                                 core::log_text(peer()->id), event.data.size(), address());
  }
  const std::string_view complaint = core::complaint(receipt);
  if (complaint.empty()) return;
  // Once a connection: who sends nonsense for ever shall not fill the log.
  if (dropped_++ > 0) return;
  context().incidents().report(Incident::MessageDropped, "{} ({} bytes from {}, {})", complaint,
                               event.data.size(), core::log_text(peer()->id), address());
}

void WebSocketSession::on_close(const WebSocketEvent& event) {
  finish_as(end_of(event.close_code));
  if (!close_sent_) begin_close(event.close_code, {});
  close_when_flushed();
}

/// The client broke the protocol: RFC 6455 7.1.7.
void WebSocketSession::fail(CloseCode code, std::string_view reason) {
  context().incidents().report(Incident::WebSocketFailed, "{} ({}, {})", reason,
                               peer() ? core::log_text(peer()->id) : "no peer", address());
  finish_as(code == CloseCode::TooBig ? core::End::OverLimit : core::End::Lost);
  if (!close_sent_) begin_close(code, reason);
  close_when_flushed();
}

void WebSocketSession::send(std::string_view text) {
  if (is_leaving()) {
    held_->bytes += text.size();
    held_->texts.emplace_back(text);
    return;
  }
  limit_queue();
  write_frame(Opcode::Text, text);
}

/// Otherwise, whose reader is slow, is ended.
bool WebSocketSession::has_room_for(std::size_t bytes) const {
  return !is_leaving() || held_->bytes + bytes <= context().options().send_queue_bytes;
}

void WebSocketSession::finish_as(core::End end) {
  finish(is_leaving() ? core::End::ServerStops : end);
}

void WebSocketSession::close(core::End reason) {
  log_end(reason);
  hear_early();  // what it has to say is its Close
  if (is_leaving()) return;
  // Clients before 1.4, which tell no version, take an error for the end of all their calls.
  if (reason == core::End::Expired && !client_version().empty()) {
    write_frame(Opcode::Text, core::error_text("Token has expired"));
  }
  begin_close(code_of(reason), core::to_string(reason));
}

bool WebSocketSession::probe() {
  if (!is_leaving()) write_frame(Opcode::Ping, {});
  return true;
}

std::vector<std::string> WebSocketSession::take_unsent() {
  std::vector<std::string> texts = queue().take_unbegun(is_text_frame);
  const std::string* const begun = queue().begun();
  if (begun != nullptr && is_text_frame(*begun)) {
    texts.insert(texts.begin(), *begun);
    cut_ = true;
  }
  for (std::string& text : texts) text.erase(0, text.size() - payload_size(text));
  if (is_leaving()) std::ranges::move(std::exchange(*held_, {}).texts, std::back_inserter(texts));
  return texts;
}

void WebSocketSession::drain(core::Instant) {
  held_ = std::make_unique<Held>();
  begin_close(code_of(core::End::ServerStops), "server stops");
  if (peer() == nullptr) hear_early();
}

void WebSocketSession::on_lost() {
  finish_as(core::End::Lost);
}

void WebSocketSession::on_timeout(core::Instant) {
  if (close_sent_) {
    finish_as(core::End::Lost);
    return Connection::close();
  }
  write_frame(Opcode::Ping, {});
  context().await_ping(*this);
}

/// What has not begun is dropped, for the Close to get through if anything does.
void WebSocketSession::on_overflow() {
  queue().take_unbegun(is_text_frame);
  begin_close(code_of(core::End::OverLimit), "too slow for what is sent to it");
}

void WebSocketSession::write_frame(Opcode opcode, std::string_view payload) {
  std::string frame;
  frame.reserve(payload.size() + kMostFrameHeader);
  append_frame(frame, opcode, payload);
  write(std::move(frame));
}

void WebSocketSession::begin_close(CloseCode code, std::string_view reason) {
  if (cut_) return cut_off();
  std::string frame;
  append_close(frame, code, reason);
  write(std::move(frame));
  close_sent_ = true;
  context().await_end(*this);
}

}  // namespace peerjsd::net
