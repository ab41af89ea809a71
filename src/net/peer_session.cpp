#include "peerjsd/net/peer_session.hpp"

#include "peerjsd/core/log_text.hpp"
#include "peerjsd/net/session_context.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include <boost/asio/post.hpp>
#include <spdlog/spdlog.h>

namespace peerjsd::net {
namespace {

std::string_view remark(core::Admission admission, core::Carrier carrier) {
  const bool is_stream = carrier != core::Carrier::WebSocket;
  if (admission == core::Admission::Opened) return is_stream ? ", stream" : "";
  return is_stream ? ", stream, resumed" : ", resumed";
}

// A peer on a stream renews it every 25 s: that is no news.

spdlog::level::level_enum level(core::Admission admission, core::Carrier carrier) {
  const bool is_renewal =
      admission == core::Admission::Resumed && carrier == core::Carrier::RenewedStream;
  return is_renewal ? spdlog::level::debug : spdlog::level::info;
}

spdlog::level::level_enum level(core::End end, core::Carrier carrier) {
  const bool goes_on = end == core::End::Replaced && carrier != core::Carrier::WebSocket;
  return goes_on ? spdlog::level::debug : spdlog::level::info;
}

}  // namespace

PeerSession::PeerSession(SessionContext& context, Socket socket, ClientAddress address)
    : Connection(context, std::move(socket), std::move(address)), since_(context.now()) {}

PeerSession::~PeerSession() {
  context().versions().release(version_);
}

core::Admission PeerSession::admit(const core::Credentials& who, core::Client about) {
  about.group = client().group;
  const core::Admission admission = context().relay().attach(*this, who, about, context().now());
  if (admission == core::Admission::Contested) {
    context().await_decision(*this, who, about);
  } else {
    report(admission, who.id);
  }
  return admission;
}

bool PeerSession::is_decided(core::Admission admission) {
  return admission != core::Admission::Later && admission != core::Admission::Pending &&
         admission != core::Admission::Contested;
}

void PeerSession::admit_again(const core::Credentials& who, const core::Client& about) {
  if (is_closing()) return;
  const core::Admission admission = admit(who, about);
  if (is_decided(admission)) on_settled(admission);
}

void PeerSession::settled(core::Admission admission) {
  report(admission, peer()->id);
  on_settled(admission);
}

void PeerSession::report(core::Admission admission, std::string_view id) {
  if (core::is_admitted(admission)) {
    admitted_ = true;
    grant_waited();
    spdlog::log(level(admission, carrier()), "Client connected: {} ({}{})", core::log_text(id),
                address(), remark(admission, carrier()));
  } else if (!core::refusal_reason(admission, address()).empty()) {
    context().incidents().report(Incident::ClientRefused, "{} ({}, {})", core::log_id(id),
                                 address(), core::refusal_reason(admission, address()));
  }
}

/// Not without bounds: for one that resumes again and again, and never reads.
void PeerSession::grant_waited() {
  waited_ = std::min(queued_bytes(), context().options().outstanding_bytes);
  limit_queue();
}

void PeerSession::set_client_version(std::string_view version) {
  version_ = context().versions().acquire(version);
}

std::string_view PeerSession::client_version() const {
  return context().versions().text_of(version_);
}

void PeerSession::finish(core::End end) {
  if (peer() == nullptr) return;
  log_end(end);
  context().relay().detach(*this, end, context().now());
}

/// What was held back has not even been sent. What has, on a WebSocket, is for its reader to order.
core::Instant PeerSession::settles_at() const {
  return context().release_time(*this);
}

void PeerSession::limit_queue() {
  if (overflow_posted_ || !admitted_) return;
  const std::size_t queued = queued_bytes();
  const std::size_t most = most_queued();
  if (queued < most) {
    waited_ = 0;
    return;
  }
  waited_ = std::min(waited_, queued);
  if (queued < most + waited_) return;
  overflow_posted_ = true;
  // The relay may be in the middle of something, so the end is told from the loop.
  boost::asio::post(context().io(),
                    [self = boost::intrusive_ptr<PeerSession>(this)] { self->overflow(); });
}

std::size_t PeerSession::most_queued() const {
  return context().options().send_queue_bytes;
}

bool PeerSession::is_over_limit() const {
  return queued_bytes() >= most_queued() + waited_;
}

void PeerSession::overflow() {
  overflow_posted_ = false;
  if (peer() == nullptr || !is_over_limit()) return;
  context().incidents().add(Incident::SlowReader);
  finish(core::End::OverLimit);
  on_overflow();
}

void PeerSession::log_end(core::End end) {
  const std::chrono::duration<double> seconds = context().now() - since_;
  spdlog::log(level(end, carrier()), "Client disconnected: {} ({}, {}, {:.1f} s{})",
              core::log_text(peer()->id), address(), core::to_string(end), seconds.count(),
              dropped_ == 0 ? "" : fmt::format(", {} messages dropped", dropped_));
}

}  // namespace peerjsd::net
