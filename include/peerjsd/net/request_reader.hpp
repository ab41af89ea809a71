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

/// Beast throws at a field of 64 KiB.
inline constexpr std::size_t kMostHeadBytes = std::size_t{60} * 1024;

/// Takes requests, one after another, off the bytes that a client sends, and finds what is wrong
/// with them. Beast parses; what it lets pass, and what it would read without end, is refused here.
class RequestReader {
 public:
  struct Limits {
    /// Of the head, to its empty line; and of the first line of a chunk, and of the trailers.
    /// kMostHeadBytes at most.
    std::size_t head_bytes;
    /// Of the body, without what chunks put around it.
    std::size_t body_bytes;
  };

  enum class Result : std::uint8_t { NeedMore, Complete, Faulty };

  explicit RequestReader(Limits limits);

  /// Takes off `input` what it can of the request. The rest, if more has to come, is to stand
  /// before that the next time. Complete: release() is next. Faulty: see fault(), and read no more.
  Result read(std::string_view& input);

  /// The request, without its trailers: these are no headers (RFC 9110 6.5.1).
  HttpRequest release();

  const RequestFault& fault() const { return *fault_; }

  /// Whether something of a request has come; until release().
  bool has_begun() const { return parser_.has_value(); }

  /// As far as it has come. Only if has_begun().
  const HttpRequest& request() const { return parser_->get(); }

  /// Whether the client waits to be told to send the body (curl does before a large one): true once
  /// for each request.
  bool take_expectation();

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

  bool begin(std::string_view& input);
  bool read_head(std::string_view& input);
  void prepare_body();
  bool read_body(std::string_view& input);
  bool fail(boost::system::error_code error);
  bool fail(RequestFault fault);

  Limits limits_;
  std::optional<Parser> parser_;
  std::size_t head_bytes_ = 0;  // taken of the head
  /// Of a request in chunks: Beast puts trailers among the headers.
  std::optional<HttpRequest::header_type> head_;
  std::optional<RequestFault> fault_;
};

}  // namespace peerjsd::net
