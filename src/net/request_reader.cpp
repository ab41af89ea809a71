#include "peerjsd/net/request_reader.hpp"

#include "peerjsd/net/request_rules.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>

namespace peerjsd::net {
namespace {

namespace beast = boost::beast;
namespace bhttp = boost::beast::http;
using boost::system::error_code;

/// Beast throws at a field of 64 KiB.
constexpr std::size_t kMostAtOnce = std::size_t{60} * 1024;

constexpr RequestFault kHeadTooLarge{431, "Request header too large"};

void check_extension(std::uint64_t, beast::string_view extension, error_code& error) {
  if (has_control_character({extension.data(), extension.size()})) {
    error = bhttp::error::bad_chunk_extension;
  }
}

}  // namespace

RequestReader::Result RequestReader::read(std::string_view& input) {
  while (!input.empty()) {
    if (!parser_ && !begin(input)) break;
    const bool goes_on = parser_->is_header_done() ? read_body(input) : read_head(input);
    if (fault_) return Result::Faulty;
    if (parser_->is_done()) return Result::Complete;
    if (!goes_on) break;
  }
  return Result::NeedMore;
}

std::size_t RequestReader::most_head_bytes() const {
  return std::min(limits_.head_bytes, kMostAtOnce);
}

/// False if no request has begun. An empty line before one is none of it (RFC 9112 2.2).
bool RequestReader::begin(std::string_view& input) {
  while (input.starts_with("\r\n")) input.remove_prefix(2);
  if (input.empty() || input == "\r") return false;
  parser_.emplace();
  parser_->eager(false);  // stops at the end of the head
  parser_->header_limit(static_cast<std::uint32_t>(most_head_bytes()));
  parser_->body_limit(limits_.body_bytes);
  head_bytes_ = 0;
  return true;
}

/// False if more has to come, or the request is refused.
bool RequestReader::read_head(std::string_view& input) {
  const std::size_t most = most_head_bytes();
  const bool has_line = head_bytes_ > 0 || input.substr(0, most).find("\r\n") != input.npos;
  error_code error;
  const std::size_t size = parser_->put(boost::asio::buffer(input.data(), input.size()), error);
  const std::string_view taken = input.substr(0, size);
  input.remove_prefix(size);
  // Beast counts only what it has not taken yet: a head in the right pieces would have no end.
  head_bytes_ += size;
  const bool is_too_large = error == bhttp::error::need_more && head_bytes_ + input.size() > most;
  if (is_too_large || error == bhttp::error::header_limit) {
    return fail(has_line ? kHeadTooLarge : RequestFault{414, "Target too long"});
  }
  if (has_folded_line(taken)) return fail({400, "Folded header"});
  if (error == bhttp::error::need_more) return false;
  if (error) return fail(error);
  const std::string_view fault = fault_of_head(request());
  if (!fault.empty()) return fail({400, fault});
  parser_->eager(true);
  if (parser_->chunked()) {
    head_ = request().base();
    parser_->on_chunk_header(check_extension);  // Beast looks at nothing in quotes
  }
  return true;
}

/// As read_head().
bool RequestReader::read_body(std::string_view& input) {
  // Beast asserts that the end of chunks does not come in smaller pieces; no chunk is shorter.
  if (parser_->chunked() && input.size() < kLastChunk.size()) return false;
  // It looks for the end of a chunk's first line, and of trailers, wherever that may be.
  const std::string_view piece = input.substr(0, kMostAtOnce);
  const bool is_all = piece.size() == input.size();
  error_code error;
  const std::size_t taken = parser_->put(boost::asio::buffer(piece.data(), piece.size()), error);
  input.remove_prefix(taken);
  if (!error) return true;
  if (error != bhttp::error::need_more) return fail(error);
  if (taken == 0 && piece.size() == kMostAtOnce) return fail(kHeadTooLarge);
  return !is_all;
}

bool RequestReader::fail(error_code error) {
  if (error == bhttp::error::body_limit) return fail({413, "Request body too large"});
  if (error == bhttp::error::header_limit) return fail(kHeadTooLarge);
  return fail({400, "Bad request"});
}

bool RequestReader::fail(RequestFault fault) {
  fault_ = fault;
  return false;
}

HttpRequest RequestReader::release() {
  HttpRequest request = parser_->release();
  parser_.reset();
  // Beast puts trailers among the headers.
  if (head_) request.base() = *std::exchange(head_, std::nullopt);
  return request;
}

bool RequestReader::take_expectation() {
  if (!parser_ || !parser_->is_header_done() || request().version() < 11) return false;
  bhttp::fields& fields = parser_->get();
  if (!beast::iequals(fields[bhttp::field::expect], "100-continue")) return false;
  fields.erase(bhttp::field::expect);
  return true;
}

}  // namespace peerjsd::net
