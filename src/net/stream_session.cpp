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

namespace peerjsd::net {
namespace {

using Pace = core::DeadlineQueue<StreamSession, PaceTag>;

/// Pushes browsers past the buffers in which they hold the beginning of an answer back. Its reader
/// skips the first line.
constexpr std::size_t kPadding = 2048;

/// A line that no client makes anything of. It is not empty: 0.3.x would never get past that.
constexpr std::string_view kBlankLine = " ";

constexpr std::size_t kMostLines = 128;  // about ten seconds

// Enough for a page that is busy for some seconds.
constexpr std::size_t kFewestFillers = 8;
constexpr std::size_t kMostFillers = 64;
constexpr unsigned kLongestGap = 12;  // paces: about a second

/// A JSON text may be written over several lines; between its tokens a blank is as good.
std::string one_line(std::string_view text) {
  std::string line(text);
  std::ranges::replace_if(
      line, [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return line;
}

template <class Value>
void set_option(Socket& socket, int level, int name, Value value) {
  // On failure dead peers are noticed later, by the silence.
  ::setsockopt(socket.native_handle(), level, name, &value, sizeof value);
}

}  // namespace

void StreamSession::open(SessionContext& context, Socket socket, std::string address,
                         const Request& request) {
  const boost::intrusive_ptr<StreamSession> session(
      new StreamSession(context, std::move(socket), std::move(address), request));
  session->notice_dead_peers();
  context.await_ping(*session);
  session->begin(request);
  session->start();
}

StreamSession::StreamSession(SessionContext& context, Socket socket, std::string address,
                             const Request& request)
    : PeerSession(context, std::move(socket), std::move(address)),
      head_(streaming_head(context.service().stream_head(request.origin), request.http_version)),
      is_chunked_(request.http_version >= 11),
      is_page_(request.kind == core::PeerKind::Page),
      is_renewal_(request.is_renewal) {
  head_ += framed(std::string(kPadding, '0'));
}

void StreamSession::begin(const Request& request) {
  const core::Admission admission = admit(request.who, request.kind);
  if (admission == core::Admission::Standby) {
    context().await_request(*this);  // silent; ended if its client does not do so
  } else if (!core::is_admitted(admission)) {
    const http::Reply reply = context().service().stream_refusal(admission, request.origin);
    write(to_wire(reply, {request.http_version}));
    return close_when_flushed();
  }
  if (!is_held()) start_lines();
}

/// A client that is gone without a word: its system no longer confirms what is written.
void StreamSession::notice_dead_peers() {
  using std::chrono::duration_cast;
  const SessionOptions& options = context().options();
  const auto idle = duration_cast<std::chrono::seconds>(options.ping_interval).count();
  const auto silence = duration_cast<std::chrono::milliseconds>(options.alive_timeout).count();
  if (idle > 0) {
    set_option(socket(), SOL_SOCKET, SO_KEEPALIVE, 1);
    set_option(socket(), IPPROTO_TCP, TCP_KEEPIDLE, static_cast<int>(idle));
    set_option(socket(), IPPROTO_TCP, TCP_KEEPINTVL, static_cast<int>(idle));
  }
  if (silence > 0) {
    set_option(socket(), IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<unsigned>(silence));
  }
}

void StreamSession::send(std::string_view text) {
  // As much again as what clients may fill is for what the server itself has to say.
  if (!has_room((waiting_bytes_ + queue().bytes()) / 2)) return;
  lines_.push_back(one_line(text));
  waiting_bytes_ += text.size();
  if (head_.empty() && !Pace::contains(*this)) write_next_line();
}

/// A line takes its time, whoever reads it. One that would come too late to be of use is better
/// refused; and nobody shall keep others from being heard.
bool StreamSession::has_room_for(std::size_t bytes) const {
  if (lines_.empty()) return true;
  return lines_.size() < kMostLines &&
         waiting_bytes_ + bytes <= context().options().send_queue_bytes;
}

void StreamSession::release() {
  PeerSession::release();
  if (!is_closing()) start_lines();
}

/// The first line needs no pause before it: the padding is no message.
void StreamSession::start_lines() {
  write(std::exchange(head_, {}));
  if (!lines_.empty()) write_line();
}

void StreamSession::write_next_line() {
  if (is_closing()) return;
  if (!queue().empty()) return context().await_pace(*this);  // the last one has not gone yet
  if (!lines_.empty()) return write_line();
  if (fillers_ > 0) write_filler();
}

void StreamSession::write_line() {
  waiting_bytes_ -= lines_.front().size();
  write(framed(lines_.front()));
  lines_.erase(lines_.begin());
  if (is_page_) fillers_ = std::clamp(fillers_ + 1, kFewestFillers, kMostFillers);
  filler_gap_ = 1;
  paces_ = 0;
  context().await_pace(*this);
}

void StreamSession::write_filler() {
  context().await_pace(*this);
  if (++paces_ < filler_gap_) return;
  write(framed(std::string(kBlankLine)));
  --fillers_;
  filler_gap_ = std::min(2 * filler_gap_, kLongestGap);
  paces_ = 0;
}

void StreamSession::close(core::End reason) {
  log_end(reason);
  end();
}

std::vector<std::string> StreamSession::take_unsent() {
  std::vector<std::string> unsent;
  const std::string* const begun = queue().begun();
  cut_ = begun != nullptr && is_message(*begun);
  if (cut_) unsent.push_back(unframed(*begun));
  const auto taken = queue().take_unbegun([this](const auto& unit) { return is_message(unit); });
  for (const std::string& unit : taken) unsent.push_back(unframed(unit));
  std::ranges::move(lines_, std::back_inserter(unsent));
  lines_.clear();
  waiting_bytes_ = 0;
  return unsent;
}

core::Instant StreamSession::settles_at() const {
  if (!Pace::contains(*this)) return PeerSession::settles_at();
  return Pace::since(*this) + context().options().stream_pacing;
}

core::Carrier StreamSession::carrier() const {
  return is_renewal_ ? core::Carrier::RenewedStream : core::Carrier::Stream;
}

void StreamSession::drain(core::Instant) {
  finish(core::End::ServerStops);
  end();
}

void StreamSession::on_lost() {
  finish(core::End::StreamClosed);
}

void StreamSession::on_timeout(core::Instant now) {
  if (peer() == nullptr) return end();
  if (is_acknowledged()) context().relay().sign_of_life(*this, now);
  keep_alive();
  context().await_ping(*this);
}

/// Something to be confirmed by the client's system.
void StreamSession::keep_alive() {
  if (!head_.empty() || !lines_.empty() || fillers_ > 0) return;
  fillers_ = 1;
  filler_gap_ = 1;
  if (!Pace::contains(*this)) write_filler();
}

void StreamSession::on_overflow() {
  queue().take_unbegun([this](const auto& unit) { return is_message(unit); });
  lines_.clear();
  end();
}

/// What still waits goes out at once: better too fast for some readers than not at all.
void StreamSession::end() {
  if (cut_) return Connection::close();
  if (!head_.empty()) write(std::exchange(head_, {}));
  for (const std::string& line : std::exchange(lines_, {})) write(framed(line));
  if (is_chunked_) write(std::string(kLastChunk));
  close_when_flushed();
}

bool StreamSession::is_message(std::string_view unit) const {
  return !unit.starts_with("HTTP/") && unframed(unit) != kBlankLine;
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
