#include "peerjsd/outbound/resolver.hpp"

#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <fcntl.h>
#include <netdb.h>
#include <unistd.h>

namespace peerjsd::outbound {
namespace {

using boost::asio::posix::stream_descriptor;

std::vector<Endpoint> look_up(const Address& address, int flags) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV | flags;
  addrinfo* found = nullptr;
  const std::string port = std::to_string(address.port);
  if (::getaddrinfo(address.host.c_str(), port.c_str(), &hints, &found) != 0) return {};
  std::vector<Endpoint> endpoints;
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    endpoints.emplace_back(each->ai_addr, each->ai_addrlen);
  }
  ::freeaddrinfo(found);
  return endpoints;
}

/// What the thread and the loop have in common. The thread writes `found` before it signals, the
/// loop reads it after.
struct Shared {
  explicit Shared(int event) : signal(event) {}
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;
  ~Shared() { ::close(signal); }

  int signal;
  std::vector<Endpoint> found;
};

/// False: there is no thread to be had.
bool start_thread(const std::shared_ptr<Shared>& shared, const Address& address) {
  try {
    std::thread([shared, address] {
      shared->found = look_up(address, 0);
      const std::uint64_t one = 1;
      while (::write(shared->signal, &one, sizeof one) < 0 && errno == EINTR) {
      }
    }).detach();
    return true;
  } catch (const std::system_error&) {
    return false;
  }
}

using OnDone = std::function<void(std::vector<Endpoint>)>;

LookUp answer_soon(boost::asio::io_context& io, OnDone on_done, std::vector<Endpoint> endpoints) {
  const auto wanted = std::make_shared<char>();
  boost::asio::post(io, [wanted = std::weak_ptr(wanted), on_done = std::move(on_done),
                         endpoints = std::move(endpoints)] {
    if (!wanted.expired()) on_done(endpoints);
  });
  return wanted;
}

LookUp look_up_on_thread(boost::asio::io_context& io, const Address& address, OnDone on_done) {
  const int event = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (event < 0) return answer_soon(io, std::move(on_done), {});
  const auto shared = std::make_shared<Shared>(event);
  const int copy = ::fcntl(event, F_DUPFD_CLOEXEC, 0);
  if (copy < 0) return answer_soon(io, std::move(on_done), {});
  const auto waiter = std::make_shared<stream_descriptor>(io, copy);
  if (!start_thread(shared, address)) return answer_soon(io, std::move(on_done), {});
  waiter->async_wait(stream_descriptor::wait_read,
                     [wanted = std::weak_ptr(waiter), shared,
                      on_done = std::move(on_done)](boost::system::error_code error) {
                       if (!error && !wanted.expired()) on_done(std::move(shared->found));
                     });
  return waiter;
}

}  // namespace

LookUp resolve(boost::asio::io_context& io, const Address& address, OnDone on_done) {
  std::vector<Endpoint> endpoints;
  if (address.port == 0) {
    endpoints.emplace_back(boost::asio::local::stream_protocol::endpoint(address.host));
  } else {
    endpoints = look_up(address, AI_NUMERICHOST);
  }
  if (endpoints.empty()) return look_up_on_thread(io, address, std::move(on_done));
  return answer_soon(io, std::move(on_done), std::move(endpoints));
}

}  // namespace peerjsd::outbound
