#include "peerjsd/net/poller.hpp"

#include "peerjsd/net/connection.hpp"

#include <sys/epoll.h>

#include <array>
#include <cerrno>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>

namespace peerjsd::net {
namespace {

int open_epoll() {
  const int descriptor = ::epoll_create1(EPOLL_CLOEXEC);
  if (descriptor >= 0) return descriptor;
  throw boost::system::system_error(errno, boost::system::system_category(), "epoll_create1");
}

epoll_event event_of(int descriptor, unsigned events) {
  epoll_event event{};
  if ((events & Poller::Readable) != 0) event.events |= EPOLLIN;
  if ((events & Poller::Writable) != 0) event.events |= EPOLLOUT;
  event.data.fd = descriptor;
  return event;
}

}  // namespace

Poller::Poller(boost::asio::io_context& io, OnServed on_served)
    : io_(io), on_served_(std::move(on_served)), epoll_(io, open_epoll()) {
  wait();
}

Poller::~Poller() = default;

bool Poller::watch(Connection& connection) {
  const int descriptor = connection.descriptor();
  const auto index = static_cast<std::size_t>(descriptor);
  if (connections_.size() <= index) connections_.resize(index + 1);
  auto& place = connections_[index];
  if (place != nullptr) {
    retire(place);
  } else {
    epoll_event event = event_of(descriptor, Readable);
    if (::epoll_ctl(epoll_.native_handle(), EPOLL_CTL_ADD, descriptor, &event) != 0) return false;
  }
  place = &connection;
  return true;
}

void Poller::change(const Connection& connection, unsigned events) {
  epoll_event event = event_of(connection.descriptor(), events);
  ::epoll_ctl(epoll_.native_handle(), EPOLL_CTL_MOD, connection.descriptor(), &event);
}

/// Closing a descriptor takes it out of the epoll's set.
void Poller::forget(const Connection& connection) {
  const auto index = static_cast<std::size_t>(connection.descriptor());
  if (index < connections_.size() && connections_[index] != nullptr) retire(connections_[index]);
}

void Poller::retire(boost::intrusive_ptr<Connection>& connection) {
  if (retired_.empty()) {
    boost::asio::post(io_, [this] { std::exchange(retired_, {}); });
  }
  retired_.push_back(std::move(connection));
}

void Poller::wait() {
  epoll_.async_wait(decltype(epoll_)::wait_read, [this](boost::system::error_code error) {
    if (error) return;
    dispatch();
    if (epoll_.is_open()) wait();
  });
}

void Poller::dispatch() {
  std::array<epoll_event, 128> events;
  const int count = ::epoll_wait(epoll_.native_handle(), events.data(), events.size(), 0);
  woken_at_ = std::chrono::steady_clock::now();
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    // One that came before may have closed it.
    Connection* const connection = connections_[static_cast<std::size_t>(event.data.fd)].get();
    if (connection == nullptr) continue;
    const bool failed = (event.events & (EPOLLERR | EPOLLHUP)) != 0;
    unsigned ready = None;
    if (failed || (event.events & EPOLLIN) != 0) ready |= Readable;
    if ((event.events & EPOLLOUT) != 0) ready |= Writable;
    connection->on_ready(ready);
  }
  on_served_();
}

}  // namespace peerjsd::net
