#include "peerjsd/net/http_wire.hpp"

#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/status.hpp>

namespace peerjsd::net {

namespace bhttp = boost::beast::http;
using Response = bhttp::response<bhttp::string_body>;

std::string to_wire(const http::Reply& reply, AnswerForm form) {
  Response response(static_cast<bhttp::status>(reply.status), form.version);
  for (const auto& [name, value] : reply.headers) {
    response.insert({name.data(), name.size()}, value);
  }
  response.body() = reply.body;
  response.keep_alive(form.keep_alive);
  response.content_length(reply.body.size());

  std::string wire;
  bhttp::response_serializer<bhttp::string_body> serializer(response);
  serializer.split(!form.with_body);
  while (form.with_body ? !serializer.is_done() : !serializer.is_header_done()) {
    boost::system::error_code error;
    serializer.next(error, [&](boost::system::error_code&, const auto& buffers) {
      std::size_t size = 0;
      for (const boost::asio::const_buffer buffer : boost::beast::buffers_range_ref(buffers)) {
        wire.append(static_cast<const char*>(buffer.data()), buffer.size());
        size += buffer.size();
      }
      serializer.consume(size);
    });
  }
  return wire;
}

}  // namespace peerjsd::net
