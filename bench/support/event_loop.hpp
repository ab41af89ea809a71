#pragma once

#include <sys/epoll.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>

namespace peerjsd::bench {

using Clock = std::chrono::steady_clock;

/// What makes a measurement void: the server broke its word, or the machine its.
class Fault : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// `what` with the system's word for errno.
std::string failure(const std::string& what);

/// Throws that as a Fault.
[[noreturn]] void fail(const std::string& what);

/// Something with a socket.
class Pollable {
 public:
  virtual ~Pollable() = default;
  virtual void on_event(std::uint32_t events) = 0;
};

/// epoll, and no more: the generator shall cost little beside the server.
class EventLoop {
 public:
  EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  ~EventLoop();

  void add(int socket, Pollable& owner, std::uint32_t events);
  void change(int socket, Pollable& owner, std::uint32_t events);

  /// Waits once, at most so long, and calls whom it concerns.
  void poll(std::chrono::milliseconds at_most);

  /// Throws Fault, naming `what`, if the condition does not come to hold.
  void run_until(const std::function<bool()>& condition, const std::string& what,
                 std::chrono::seconds at_most = std::chrono::seconds(60));

 private:
  int epoll_;
};

}  // namespace peerjsd::bench
