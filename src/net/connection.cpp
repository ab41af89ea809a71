#include "peerjsd/net/connection.hpp"

#include "peerjsd/net/session_context.hpp"

#include <sys/ioctl.h>

#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <linux/sockios.h>

namespace peerjsd::net {

using boost::system::error_code;

Connection::Connection(SessionContext& context, Socket socket, std::string address)
    : context_(context), socket_(std::move(socket)), address_(std::move(address)) {
  ++context_.connections_;
}

Connection::~Connection() {
  --context_.connections_;
}

void Connection::start() {
  await_readable();
}

void Connection::await_readable() {
  socket_.async_wait(Socket::wait_read,
                     [self = boost::intrusive_ptr<Connection>(this)](error_code error) {
                       if (!error) self->on_readable();
                     });
}

void Connection::on_readable() {
  if (!socket_.is_open()) return;
  error_code error;
  const std::span<char> buffer = context_.read_buffer();
  const std::size_t size =
      socket_.read_some(boost::asio::buffer(buffer.data(), buffer.size()), error);
  if (error && error != boost::asio::error::would_block) return lose();
  if (!error && !is_closing()) on_bytes(buffer.first(size));
  if (socket_.is_open() && !reading_paused_) await_readable();
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
  while (!queue_.empty()) {
    error_code error;
    const std::size_t written = socket_.write_some(queue_.next(), error);
    if (error == boost::asio::error::would_block) return await_writable();
    if (error) return lose();
    queue_.consume(written);
  }
  if (closing_ == Closing::WhenFlushed) {
    closing_ = Closing::AwaitingEnd;
    error_code ignored;
    socket_.shutdown(Socket::shutdown_send, ignored);
  }
  if (reading_paused_) resume_reading();
}

void Connection::hold_until(core::Instant time) {
  if (time <= context_.now()) return;
  held_ = true;
  context_.await_release(*this, time);
}

void Connection::release() {
  held_ = false;
  schedule_flush();
}

bool Connection::is_acknowledged() {
  int unacknowledged = 0;
  return ::ioctl(socket_.native_handle(), SIOCOUTQ, &unacknowledged) == 0 && unacknowledged == 0;
}

void Connection::resume_reading() {
  reading_paused_ = false;
  if (!is_closing()) on_flushed();
  if (socket_.is_open() && !reading_paused_) await_readable();
}

void Connection::await_writable() {
  awaiting_writable_ = true;
  socket_.async_wait(Socket::wait_write,
                     [self = boost::intrusive_ptr<Connection>(this)](error_code error) {
                       self->awaiting_writable_ = false;
                       if (!error) self->flush();
                     });
}

void Connection::close_when_flushed() {
  if (is_closing()) return;
  closing_ = Closing::WhenFlushed;
  context_.await_end(*this);
  schedule_flush();
}

void Connection::lose() {
  on_lost();
  close();
}

void Connection::close() {
  closing_ = Closing::Closed;
  core::DeadlineQueue<Connection, ConnectionTag>::remove(*this);
  error_code ignored;
  socket_.close(ignored);
}

void Connection::time_out(core::Instant now) {
  if (is_closing()) return close();
  on_timeout(now);
}

}  // namespace peerjsd::net
