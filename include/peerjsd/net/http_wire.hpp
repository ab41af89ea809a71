#pragma once

#include "peerjsd/http/service.hpp"

#include <string>

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

namespace peerjsd::net {

using HttpRequest = boost::beast::http::request<boost::beast::http::string_body>;

/// What the answer has to fit.
struct AnswerForm {
  unsigned version = 11;  ///< of HTTP, as Beast counts: 10 or 11
  bool keep_alive = false;
  bool with_body = true;  ///< false for HEAD, whose answer still says the body's length
};

/// The bytes of an HTTP answer.
std::string to_wire(const http::Reply& reply, AnswerForm form);

}  // namespace peerjsd::net
