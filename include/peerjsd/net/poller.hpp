#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>

namespace peerjsd::net {

class Connection;

/// Tells connections when their sockets are ready, and owns them meanwhile.
///
/// One epoll descriptor for all, on which Asio waits. It is level-triggered, so a connection is
/// registered once; Asio's own reactor would have to be told before each read, and keeps 200 bytes
/// for each socket, which it never gives back.
class Poller {
 public:
  enum Event : std::uint32_t { None = 0, Readable = 1, Writable = 2 };

  using OnServed = std::function<void()>;

  /// `on_served` is called each time when it has told all that it had to tell.
  /// Throws boost::system::system_error if the system has no more descriptors.
  Poller(boost::asio::io_context& io, OnServed on_served);
  ~Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  /// From now on connection.on_ready() is called when its socket is readable, until forget(). If
  /// it has taken the socket over from another connection, it takes that one's place. False if the
  /// system is out of memory or watches.
  bool watch(Connection& connection);

  /// What it shall be told of: a set of Event.
  void change(const Connection& connection, unsigned events);

  /// To be called before its socket is closed, watched or not. The connection lives on until the
  /// loop comes round.
  void forget(const Connection& connection);

  /// When it last had something to tell.
  std::chrono::steady_clock::time_point woken_at() const { return woken_at_; }

  /// Calls `visit` with each connection that it watches.
  template <class Visit>
  void for_each(Visit visit) const {
    for (const auto& connection : connections_) {
      if (connection != nullptr) visit(std::as_const(*connection));
    }
  }

  /// Tells nobody anything any more; while it does, the io_context does not run out of work.
  void stop() { epoll_.close(); }

 private:
  void wait();
  void dispatch();
  void retire(boost::intrusive_ptr<Connection>& connection);

  boost::asio::io_context& io_;
  OnServed on_served_;
  boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type> epoll_;
  std::chrono::steady_clock::time_point woken_at_;
  std::vector<boost::intrusive_ptr<Connection>> connections_;  // by descriptor
  std::vector<boost::intrusive_ptr<Connection>> retired_;
};

}  // namespace peerjsd::net
