#include "peerjsd/net/connection.hpp"

#include "peerjsd/net/session_context.hpp"

#include <exception>
#include <utility>

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/error.hpp>
#include <openssl/err.h>
#include <spdlog/spdlog.h>

namespace peerjsd::net {

using boost::system::error_code;

Connection::Connection(SessionContext& context, Socket socket, ClientAddress client)
    : context_(context), socket_(std::move(socket)), client_(std::move(client)) {
  context_.limits().enter(client_.group);
}

Connection::~Connection() {
  context_.limits().leave(client_.group);
}

void Connection::start() {
  if (!socket_.is_open() || context_.poller().watch(*this)) return;
  spdlog::error("Connection refused: the system cannot watch another one ({})", address());
  lose();
}

void Connection::on_ready(unsigned events) {
  if ((events & Poller::Writable) != 0) {
    await_writable(false);
    flush();
  }
  if ((events & Poller::Readable) == 0 || !socket_.is_open()) return;
  if (reading_paused_ || slowed_ || deaf_) return lose();  // not asked for, so it has failed
  on_readable();
}

void Connection::on_readable() {
  error_code error;
  const std::span<char> buffer = context_.read_buffer();
  const std::size_t size = socket_.read(buffer, error);
  if (socket_.has_unsent() && closing_ != Closing::AwaitingEnd) schedule_flush();
  if (error == boost::asio::error::would_block) return;
  if (error) return fail(error);
  if (is_closing()) return;
  contain([&] { on_bytes(buffer.first(size)); });
}

template <class Work>
void Connection::contain(Work work) {
  try {
    work();
  } catch (const std::exception& thrown) {
    spdlog::error("Connection broken off: {} ({})", thrown.what(), address());
    lose();
  }
}

void Connection::contained(const std::function<void()>& work) {
  contain(work);
}

void Connection::write(std::string unit) {
  queue_.push(std::move(unit));
  schedule_flush();
}

void Connection::schedule_flush() {
  if (flush_scheduled_ || awaiting_writable_ || held_) return;
  flush_scheduled_ = true;
  context_.flush_soon(*this);
}

void Connection::flush() {
  flush_scheduled_ = false;
  if (closing_ == Closing::Closed || awaiting_writable_ || held_) return;
  error_code error;
  while (!all_sent()) {
    const std::size_t written = socket_.write(queue_.next(), error);
    if (error == boost::asio::error::would_block) return await_writable(true);
    if (error) return fail(error);
    queue_.consume(written);
  }
  if (closing_ == Closing::WhenFlushed) {
    socket_.end_writing(error);
    if (error == boost::asio::error::would_block) return await_writable(true);
    closing_ = Closing::AwaitingEnd;
  }
  resume_reading();
}

void Connection::hold_until(core::Instant time) {
  if (time <= context_.now()) return;
  held_ = true;
  context_.await_release(*this, time);
}

void Connection::release() {
  if (std::exchange(held_, false)) schedule_flush();
  contain([this] { on_released(); });
}

void Connection::pause_reading() {
  reading_paused_ = true;
  watch();
}

void Connection::resume_reading() {
  if (!std::exchange(reading_paused_, false)) return;
  watch();  // first, for on_flushed() may give the socket away
  if (is_closing()) return;
  contain([this] { on_flushed(); });
}

void Connection::stop_hearing() {
  deaf_ = true;
  watch();
}

void Connection::hear_again(std::string held) {
  boost::asio::post(context_.io(), [self = boost::intrusive_ptr<Connection>(this),
                                    bytes = std::move(held)]() mutable {
    self->deaf_ = false;
    self->watch();
    if (!bytes.empty() && !self->is_closing()) self->contain([&] { self->on_bytes(bytes); });
  });
}

void Connection::slow_down(core::Duration time) {
  if (std::exchange(slowed_, true)) return;
  watch();
  context_.await_speed(*this, context_.now() + time);
}

void Connection::speed_up() {
  slowed_ = false;
  watch();
}

void Connection::await_writable(bool awaiting) {
  awaiting_writable_ = awaiting;
  watch();
}

void Connection::watch() {
  if (!socket_.is_open()) return;
  const bool reads = !reading_paused_ && !slowed_ && !deaf_;
  context_.poller().change(*this, (reads ? Poller::Readable : Poller::None) |
                                      (awaiting_writable_ ? Poller::Writable : Poller::None));
}

void Connection::close_when_flushed() {
  if (is_closing()) return;
  closing_ = Closing::WhenFlushed;
  context_.await_end(*this);
  schedule_flush();
}

/// How a TCP connection is lost says nothing that on_lost() does not say.
void Connection::fail(const error_code& error) {
  if (error.category() == boost::asio::error::get_ssl_category()) {
    const char* const reason = ::ERR_reason_error_string(static_cast<unsigned long>(error.value()));
    context_.incidents().report(Incident::TlsFailed, "{} ({})",
                                reason == nullptr ? "unknown error" : reason, address());
  }
  lose();
}

void Connection::cut_off() {
  queue_ = {};
  close_when_flushed();
}

void Connection::lose() {
  on_lost();
  close();
}

void Connection::close() {
  closing_ = Closing::Closed;
  core::DeadlineQueue<Connection, ConnectionTag>::remove(*this);
  if (!socket_.is_open()) return;
  context_.poller().forget(*this);
  socket_.close();
}

void Connection::time_out(core::Instant now) {
  if (is_closing()) return close();
  contain([&] { on_timeout(now); });
}

}  // namespace peerjsd::net
