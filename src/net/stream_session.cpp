#include "peerjsd/net/stream_session.hpp"

#include "peerjsd/net/http_wire.hpp"
#include "peerjsd/net/session_context.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

#include <boost/asio/post.hpp>

namespace peerjsd::net {
namespace {

using Pace = core::DeadlineQueue<StreamSession, PaceTag>;

/// Pushes browsers past the buffers in which they hold the beginning of an answer back. Its reader
/// skips the first line.
constexpr std::size_t kPadding = 2048;

constexpr std::size_t kMostLines = 128;  // about ten seconds

/// A client renews its stream every 25 s; the one before shall be settled long before that.
constexpr core::Duration kLongestCatchUp = std::chrono::seconds(15);

template <class Value>
void set_option(const Socket& socket, int level, int name, Value value) {
  // On failure dead peers are noticed later, by the silence.
  ::setsockopt(socket.descriptor(), level, name, &value, sizeof value);
}

}  // namespace

void StreamSession::open(SessionContext& context, Socket socket, ClientAddress address,
                         Request request) {
  const boost::intrusive_ptr<StreamSession> session(
      new StreamSession(context, std::move(socket), std::move(address), std::move(request)));
  session->notice_dead_stream();
  context.await_ping(*session);
  session->begin();
  session->start();
}

StreamSession::StreamSession(SessionContext& context, Socket socket, ClientAddress address,
                             Request request)
    : PeerSession(context, std::move(socket), std::move(address)),
      request_(std::make_unique<const Request>(std::move(request))),
      token_(request_->token),
      pacer_(request_->about.kind == core::PeerKind::Page),
      head_(
          streaming_head(context.service().stream_head(request_->origin), request_->http_version)),
      is_chunked_(request_->http_version >= 11),
      is_renewal_(request_->is_renewal) {
  head_ += framed(std::string(kPadding, '0'));
}

/// Called again when the stream that this one renews makes way.
void StreamSession::begin() {
  if (is_closing() || request_ == nullptr) return;
  const core::Admission admission =
      admit({request_->key, request_->id, request_->owner, request_->term}, request_->about);
  if (is_decided(admission)) on_settled(admission);
}

void StreamSession::on_settled(core::Admission admission) {
  const std::unique_ptr<const Request> request = std::move(request_);
  if (admission == core::Admission::Standby) {
    context().await_request(*this);  // silent; its client ends it, or else request_timeout
  } else if (!core::is_admitted(admission)) {
    const std::string reason = core::refusal_reason(admission, address());
    const http::Reply reply = context().service().stream_refusal(reason, request->origin);
    write(to_wire(reply, {request->http_version}));
    return close_when_flushed();
  }
  if (!is_held()) start_lines();
}

/// Nothing comes from a client that listens. Whether it is there its system says, by confirming
/// what is written and, while nothing is, by answering; what is not confirmed for alive_timeout,
/// our system breaks off. A message that the client posts on another connection tells nothing of
/// this.
void StreamSession::notice_dead_stream() {
  using std::chrono::duration_cast;
  const core::Duration silence = context().options().alive_timeout;
  if (silence == core::Duration::zero()) return;
  const auto interval = duration_cast<std::chrono::seconds>(silence / 3).count();
  set_option(socket(), SOL_SOCKET, SO_KEEPALIVE, 1);
  for (const int name : {TCP_KEEPIDLE, TCP_KEEPINTVL}) {
    set_option(socket(), IPPROTO_TCP, name, std::max(1, static_cast<int>(interval)));
  }
  const auto timeout = duration_cast<std::chrono::milliseconds>(silence).count();
  set_option(socket(), IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<unsigned>(timeout));
}

void StreamSession::send(std::string_view text) {
  limit_queue();
  pacer_.push(text);
  if (head_.empty() && !Pace::contains(*this)) on_pace();
}

std::size_t StreamSession::queued_bytes() const {
  return pacer_.bytes() + queue().bytes();
}

/// As much again as what clients may fill is for what the server itself has to say.
std::size_t StreamSession::most_queued() const {
  return 2 * context().options().send_queue_bytes;
}

/// A line takes its time, whoever reads it. One that would come too late to be of use is better
/// refused; and nobody shall keep others from being heard.
bool StreamSession::has_room_for(std::size_t bytes) const {
  if (pacer_.lines() == 0) return true;
  return pacer_.lines() < kMostLines &&
         pacer_.bytes() + bytes <= context().options().send_queue_bytes;
}

void StreamSession::on_released() {
  if (!is_closing()) start_lines();
}

/// The first line needs no pause before it: the padding is no message.
void StreamSession::start_lines() {
  write(std::exchange(head_, {}));
  if (!pacer_.is_idle()) write_line();
}

void StreamSession::on_pace() {
  if (is_closing()) return;
  if (successor_ != nullptr && may_hand_over()) {
    context().await_pace(*this);  // for what is left, and for the case that the successor has gone
    return hand_over();
  }
  // Of what arrives together only one line would be read.
  if (!all_sent() || (successor_ != nullptr && socket().has_unconfirmed())) {
    return context().await_pace(*this);
  }
  write_line();
}

void StreamSession::write_line() {
  std::optional<std::string> line = pacer_.next();
  if (line) {
    write(framed(std::move(*line)));
  } else if (pacer_.is_idle()) {
    if (peer() == nullptr) end();  // replaced, and read to its end
    return;
  }
  context().await_pace(*this);
}

/// The head of another stream has the client end this one, and lose what it has not read. So that
/// one has to wait; meanwhile messages come on this one, as before.
bool StreamSession::makes_way(core::Transport& successor) {
  if (makes_way_ || !head_.empty()) return true;
  pacer_.catch_up();
  if (!pacer_.is_catching_up()) return true;
  if (successor_ != nullptr) successor_->end();
  successor_ = &static_cast<StreamSession&>(successor);  // only a stream renews a stream
  waits_since_ = context().now();
  if (!Pace::contains(*this)) context().await_pace(*this);
  return false;
}

bool StreamSession::may_hand_over() const {
  if (context().now() - waits_since_ >= kLongestCatchUp) return true;
  return !pacer_.is_catching_up() && all_sent() && !socket().has_unconfirmed();
}

void StreamSession::hand_over() {
  const boost::intrusive_ptr<StreamSession> successor = std::exchange(successor_, nullptr);
  makes_way_ = true;
  successor->begin();
  makes_way_ = false;
}

/// Who replaces it waits until settles_at().
void StreamSession::close(core::End reason) {
  log_end(reason);
  if (reason != core::End::Replaced || cut_) return end();
  pacer_.settle();
  if (pacer_.is_idle()) return end();
  context().await_end(*this);
}

std::vector<std::string> StreamSession::take_unsent() {
  std::vector<std::string> unsent;
  if (context().draining()) return unsent;  // it all goes out, see end()
  const std::string* const begun = queue().begun();
  cut_ = begun != nullptr && is_message(*begun);
  if (cut_) unsent.push_back(unframed(*begun));
  const auto taken = queue().take_unbegun([this](const auto& unit) { return is_message(unit); });
  for (const std::string& unit : taken) unsent.push_back(unframed(unit));
  std::ranges::move(pacer_.take(), std::back_inserter(unsent));
  return unsent;
}

core::Instant StreamSession::settles_at() const {
  if (!Pace::contains(*this)) return PeerSession::settles_at();
  const SessionOptions& options = context().options();
  return Pace::since(*this) + options.stream_pacing +
         pacer_.owed() * (options.stream_pacing + options.tick);
}

core::Carrier StreamSession::carrier() const {
  return is_renewal_ ? core::Carrier::RenewedStream : core::Carrier::Stream;
}

void StreamSession::drain(core::Instant) {
  successor_ = nullptr;  // it has the same to expect
  finish(core::End::ServerStops);
  end();
}

void StreamSession::on_lost() {
  if (successor_ != nullptr) hand_over();
  finish(core::End::StreamClosed);
}

void StreamSession::on_timeout(core::Instant now) {
  if (request_ != nullptr) return context().await_ping(*this);
  if (peer() == nullptr) return end();
  context().relay().sign_of_life(*this, now);  // the system would know better
  keep_alive();
  context().await_ping(*this);
}

/// Something to be confirmed by the client's system.
void StreamSession::keep_alive() {
  if (!head_.empty() || !pacer_.is_idle()) return;
  pacer_.keep_alive();
  if (!Pace::contains(*this)) on_pace();
}

void StreamSession::on_overflow() {
  queue().take_unbegun([this](const auto& unit) { return is_message(unit); });
  pacer_.take();
  end();
}

/// What still waits goes out at once: better too fast for some readers than not at all.
void StreamSession::end() {
  if (successor_ != nullptr) {
    // The relay may be in the middle of something.
    boost::asio::post(context().io(), [next = std::move(successor_)] { next->begin(); });
  }
  if (cut_) return cut_off();
  if (!head_.empty()) write(std::exchange(head_, {}));
  for (std::string& line : pacer_.take()) write(framed(std::move(line)));
  if (is_chunked_) write(std::string(kLastChunk));
  close_when_flushed();
}

bool StreamSession::is_message(std::string_view unit) const {
  return !unit.starts_with("HTTP/") && unframed(unit) != LinePacer::kFiller;
}

std::string StreamSession::framed(std::string line) const {
  line += '\n';
  return is_chunked_ ? chunk(line) : line;
}

std::string StreamSession::unframed(std::string_view unit) const {
  if (is_chunked_) {
    unit.remove_prefix(unit.find('\n') + 1);
    unit.remove_suffix(2);
  }
  unit.remove_suffix(1);
  return std::string(unit);
}

}  // namespace peerjsd::net
