#include "support/event_loop.hpp"

#include <array>
#include <cerrno>
#include <system_error>

#include <unistd.h>

namespace peerjsd::bench {

std::string failure(const std::string& what) {
  return what + ": " + std::generic_category().message(errno);
}

void fail(const std::string& what) {
  throw Fault(failure(what));
}

EventLoop::EventLoop() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (epoll_ < 0) fail("epoll_create1");
}

EventLoop::~EventLoop() {
  ::close(epoll_);
}

void EventLoop::add(int socket, Pollable& owner, std::uint32_t events) {
  epoll_event event{events, {.ptr = &owner}};
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event) != 0) fail("epoll_ctl");
}

void EventLoop::change(int socket, Pollable& owner, std::uint32_t events) {
  epoll_event event{events, {.ptr = &owner}};
  if (::epoll_ctl(epoll_, EPOLL_CTL_MOD, socket, &event) != 0) fail("epoll_ctl");
}

void EventLoop::poll(std::chrono::milliseconds at_most) {
  std::array<epoll_event, 256> events;
  const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()),
                                 static_cast<int>(at_most.count()));
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    static_cast<Pollable*>(event.data.ptr)->on_event(event.events);
  }
}

void EventLoop::run_until(const std::function<bool()>& condition, const std::string& what,
                          std::chrono::seconds at_most) {
  const auto give_up = Clock::now() + at_most;
  while (!condition()) {
    if (Clock::now() > give_up) throw Fault("in vain waited for " + what);
    poll(std::chrono::milliseconds(100));
  }
}

}  // namespace peerjsd::bench
