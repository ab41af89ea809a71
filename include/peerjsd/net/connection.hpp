#pragma once

#include "peerjsd/core/deadline_queue.hpp"
#include "peerjsd/net/client_address.hpp"
#include "peerjsd/net/socket.hpp"
#include "peerjsd/net/write_queue.hpp"

#include <functional>
#include <span>
#include <string>
#include <utility>

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

namespace peerjsd::net {

class SessionContext;

struct ConnectionTag;

/// One accepted connection, whatever is spoken on it.
///
/// When the socket is readable it reads into the buffer that all connections share; what is written
/// in one turn of the event loop goes out in one system call (of up to WriteQueue::kMostBuffers
/// units) at its end. So an idle connection holds no buffer, and a burst to one peer costs one
/// write.
///
/// Whatever a client's bytes bring about is for that client alone: what the on_...() throw ends the
/// connection, with a line in the log.
///
/// Lives from start() to close(), and till the loop has come round after that. It always stands in
/// exactly one of the context's queues, until close().
class Connection : public boost::intrusive_ref_counter<Connection, boost::thread_unsafe_counter>,
                   public core::Deadline<ConnectionTag> {
 public:
  virtual ~Connection();

  /// The socket is ready for these, a set of Poller::Event; Readable includes its failure.
  void on_ready(unsigned events);

  int descriptor() const { return socket_.descriptor(); }

  enum class Kind : std::uint8_t { Http, WebSocket, Stream };
  virtual Kind kind() const { return Kind::Http; }

  /// What waits to be written, or to be given out in time.
  virtual std::size_t queued_bytes() const { return queue_.bytes(); }

  /// Of the client, as text.
  const std::string& address() const { return client_.text; }

  /// Writes what is queued. Called by the context at the end of a turn.
  void flush();

  /// The time has come that the context was asked for, by hold_until() or otherwise.
  void release();

  /// The end of slow_down().
  void speed_up();

  /// What the connection waited for in its queue did not come in time.
  void time_out(core::Instant now);

  /// The server is stopping: end with a word of goodbye.
  virtual void drain(core::Instant now) = 0;

  /// At once; what is queued is lost. Idempotent.
  void close();

 protected:
  Connection(SessionContext& context, Socket socket, ClientAddress client);

  /// Begins to read.
  void start();

  /// `bytes` may be changed and are gone on return.
  virtual void on_bytes(std::span<char> bytes) = 0;

  /// All that was queued when pause_reading() was called, and since, has been written.
  virtual void on_flushed() {}

  /// The other side has gone, or the socket failed. The connection is closed after this.
  virtual void on_lost() = 0;

  virtual void on_timeout(core::Instant now) = 0;

  /// See release().
  virtual void on_released() {}

  /// For what comes neither from the socket nor from the context: what `work` throws ends the
  /// connection, as what the on_...() throw.
  void contained(const std::function<void()>& work);

  void write(std::string unit);

  /// Writes nothing until then.
  void hold_until(core::Instant time);

  /// Reads nothing more until on_flushed(), which comes after the next write.
  void pause_reading();

  /// Ends pause_reading() before anything is written; on_flushed() comes at once.
  void resume_reading();

  /// Reads nothing from now on.
  void stop_hearing();

  /// When the loop has come round: reads again, after taking `held` as what has come meanwhile.
  void hear_again(std::string held);

  /// Reads nothing for so long; but if it already does not, that time stands.
  void slow_down(core::Duration time);

  /// Writes what is queued, ends our half, ignores what still comes, and closes when the other side
  /// has ended its half or has taken too long. (Closing at once with unread input would reset the
  /// connection, and the other side might lose the last that it was told.)
  void close_when_flushed();

  /// The same, without what is queued: of a unit that has been begun the other side gets no more.
  void cut_off();

  bool is_closing() const { return closing_ != Closing::No; }

  /// The system has taken all that was written.
  bool all_sent() const { return queue_.empty() && !socket_.has_unsent(); }

  bool is_held() const { return held_; }

  SessionContext& context() { return context_; }
  const SessionContext& context() const { return context_; }
  const ClientAddress& client() const { return client_; }
  WriteQueue& queue() { return queue_; }
  const WriteQueue& queue() const { return queue_; }
  Socket& socket() { return socket_; }
  const Socket& socket() const { return socket_; }
  Socket release_socket() { return std::move(socket_); }

 private:
  enum class Closing : std::uint8_t { No, WhenFlushed, AwaitingEnd, Closed };

  template <class Work>
  void contain(Work work);

  void await_writable(bool awaiting);
  void watch();
  void schedule_flush();
  void on_readable();
  void fail(const boost::system::error_code& error);
  void lose();

  SessionContext& context_;
  Socket socket_;
  ClientAddress client_;
  WriteQueue queue_;
  Closing closing_ = Closing::No;
  bool flush_scheduled_ = false;
  bool held_ = false;
  bool awaiting_writable_ = false;
  bool reading_paused_ = false;
  bool slowed_ = false;
  bool deaf_ = false;
};

}  // namespace peerjsd::net
