#include "peerjsd/net/http_wire.hpp"

#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/status.hpp>
#include <fmt/format.h>

namespace peerjsd::net {
namespace {

namespace bhttp = boost::beast::http;
using Response = bhttp::response<bhttp::string_body>;

Response response_of(const http::Reply& reply, unsigned version) {
  Response response(static_cast<bhttp::status>(reply.status), version);
  for (const auto& [name, value] : reply.headers) {
    response.insert({name.data(), name.size()}, value);
  }
  return response;
}

std::string serialize(const Response& response, bool with_body) {
  std::string wire;
  bhttp::response_serializer<bhttp::string_body> serializer(response);
  serializer.split(!with_body);
  while (with_body ? !serializer.is_done() : !serializer.is_header_done()) {
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

}  // namespace

std::string to_wire(const http::Reply& reply, AnswerForm form) {
  Response response = response_of(reply, form.version);
  response.body() = reply.body;
  response.keep_alive(form.keep_alive);
  // RFC 9110 7.8.
  if (response.count(bhttp::field::upgrade) > 0) {
    response.set(bhttp::field::connection, form.keep_alive ? "Upgrade" : "Upgrade, close");
  }
  response.content_length(reply.body.size());
  return serialize(response, form.with_body);
}

std::string streaming_head(const http::Reply& reply, unsigned version) {
  Response response = response_of(reply, version);
  response.keep_alive(false);
  response.chunked(version >= 11);
  return serialize(response, false);
}

std::string chunk(std::string_view data) {
  return fmt::format("{:x}\r\n{}\r\n", data.size(), data);
}

}  // namespace peerjsd::net
