#include "peerjsd/outbound/passage.hpp"

#include <cstddef>

// Not <netinet/tcp.h>, whose tcp_info ends before what is wanted here.
#include <netinet/in.h>
#include <sys/socket.h>

#include <linux/tcp.h>

namespace peerjsd::outbound {

std::optional<Passage> passage_of(int socket) {
  tcp_info info{};
  socklen_t size = sizeof info;
  constexpr std::size_t needed = offsetof(tcp_info, tcpi_notsent_bytes) + sizeof(__u32);
  const bool is_known = ::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) == 0;
  if (!is_known || size < needed) return std::nullopt;
  return Passage{info.tcpi_bytes_acked, info.tcpi_notsent_bytes > 0};
}

}  // namespace peerjsd::outbound
