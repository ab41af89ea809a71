#pragma once

#include "peerjsd/net/http_wire.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/system/error_code.hpp>

namespace peerjsd::net {

/// Takes requests, one after another, off the bytes that a client sends, and finds what is wrong
/// with them. Beast parses; what it lets pass, and what it would read without end, is refused here.
class RequestReader {
 public:
  struct Limits {
    std::size_t
        head_bytes;  ///< also of a chunk's first line and of the trailers; 60 KiB count at most
    std::size_t body_bytes;
  };

  enum class Result : std::uint8_t { NeedMore, Complete, Faulty };

  explicit RequestReader(Limits limits) : limits_(limits) {}

  /// Takes off `input` what it can of the request. The rest, if more has to come, is to stand
  /// before that the next time. Complete: release() is next. Faulty: see fault(), and read no more.
  Result read(std::string_view& input);

  /// The request, without its trailers: these are no headers (RFC 9110 6.5.1).
  HttpRequest release();

  const RequestFault& fault() const { return *fault_; }

  /// Whether something of a request has come, and not all of it.
  bool has_begun() const { return parser_.has_value(); }

  /// As far as it has come. Only if has_begun().
  const HttpRequest& request() const { return parser_->get(); }

  /// Whether the client waits to be told to send the body (curl does before a large one): true once
  /// for each request.
  bool take_expectation();

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

  std::size_t most_head_bytes() const;
  bool begin(std::string_view& input);
  bool read_head(std::string_view& input);
  bool read_body(std::string_view& input);
  bool fail(boost::system::error_code error);
  bool fail(RequestFault fault);

  Limits limits_;
  std::optional<Parser> parser_;
  std::size_t head_bytes_ = 0;                    // taken of the head
  std::optional<HttpRequest::header_type> head_;  // of a request in chunks
  std::optional<RequestFault> fault_;
};

}  // namespace peerjsd::net
