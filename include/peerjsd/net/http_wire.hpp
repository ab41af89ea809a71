#pragma once

#include "peerjsd/http/service.hpp"

#include <string>
#include <string_view>

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

namespace peerjsd::net {

using HttpRequest = boost::beast::http::request<boost::beast::http::string_body>;

inline std::string_view view(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

/// Why a request is refused; the connection ends after that.
struct RequestFault {
  unsigned status;          ///< of the answer
  std::string_view reason;  ///< a literal
};

/// What the answer has to fit.
struct AnswerForm {
  unsigned version = 11;  ///< of HTTP, as Beast counts: 10 or 11
  bool keep_alive = false;
  bool with_body = true;  ///< false for HEAD, whose answer still says the body's length
};

/// The bytes of an HTTP answer.
std::string to_wire(const http::Reply& reply, AnswerForm form);

/// The head of an answer whose body follows bit by bit: in chunks, or with HTTP/1.0 as it is until
/// the connection ends.
std::string streaming_head(const http::Reply& reply, unsigned version);

/// One chunk; `data` must not be empty, for that would be the last.
std::string chunk(std::string_view data);

inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

}  // namespace peerjsd::net
