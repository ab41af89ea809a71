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

constexpr RequestFault kHeadTooLarge{431, "Request header too large"};
constexpr RequestFault kTargetTooLong{414, "Target too long"};
constexpr RequestFault kIsTls{400, "This is TLS, and this port speaks none"};
constexpr std::string_view kTlsHandshake = "\x16\x03";

void check_extension(std::uint64_t, beast::string_view extension, error_code& error) {
  if (has_control_character({extension.data(), extension.size()})) {
    error = bhttp::error::bad_chunk_extension;
  }
}

}  // namespace

RequestReader::RequestReader(Limits limits)
    : limits_{std::min(limits.head_bytes, kMostHeadBytes), limits.body_bytes} {}

RequestReader::Result RequestReader::read(std::string_view& input) {
  while (!input.empty()) {
    if (!parser_ && !begin(input)) return fault_ ? Result::Faulty : Result::NeedMore;
    const bool goes_on = parser_->is_header_done() ? read_body(input) : read_head(input);
    if (fault_) return Result::Faulty;
    if (parser_->is_done()) return Result::Complete;
    if (!goes_on) break;
  }
  return Result::NeedMore;
}

/// False if no request has begun, or it is refused. An empty line before one is none of it (RFC
/// 9112 2.2).
bool RequestReader::begin(std::string_view& input) {
  while (input.starts_with("\r\n")) input.remove_prefix(2);
  if (input.empty() || input == "\r") return false;
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(limits_.head_bytes));
  parser_->body_limit(limits_.body_bytes);
  head_bytes_ = 0;
  return input.starts_with(kTlsHandshake) ? fail(kIsTls) : true;
}

/// False if more has to come, or the request is refused. Not being eager, Beast's parser stops at
/// the end of the head.
bool RequestReader::read_head(std::string_view& input) {
  const std::string_view all = input;
  error_code error;
  input.remove_prefix(parser_->put(boost::asio::buffer(all.data(), all.size()), error));
  const std::string_view taken = all.substr(0, all.size() - input.size());
  const bool needs_more = error == bhttp::error::need_more;
  // Beast counts neither the request line nor what it has taken before.
  const std::size_t size = head_bytes_ + (needs_more ? all : taken).size();
  if (size > limits_.head_bytes || error == bhttp::error::header_limit) {
    const bool has_line =
        head_bytes_ > 0 || all.substr(0, limits_.head_bytes).find("\r\n") != all.npos;
    return fail(has_line ? kHeadTooLarge : kTargetTooLong);
  }
  head_bytes_ += taken.size();
  if (has_folded_line(taken)) return fail({400, "Folded header"});
  if (needs_more) return false;
  if (error) return fail(error);
  const std::string_view fault = fault_of_head(request());
  if (!fault.empty()) return fail({400, fault});
  prepare_body();
  return true;
}

void RequestReader::prepare_body() {
  if (!parser_->chunked()) return;
  head_ = request().base();
  parser_->on_chunk_header(check_extension);  // Beast looks at nothing in quotes
}

/// As read_head().
bool RequestReader::read_body(std::string_view& input) {
  // Beast asserts that the end of chunks does not come in smaller pieces; no chunk is shorter.
  if (parser_->chunked() && input.size() < kLastChunk.size()) return false;
  // It takes the first line of a chunk, and trailers, only as a whole, however long that may be.
  const std::string_view piece = input.substr(0, limits_.head_bytes);
  const bool is_all = piece.size() == input.size();
  error_code error;
  const std::size_t taken = parser_->put(boost::asio::buffer(piece.data(), piece.size()), error);
  input.remove_prefix(taken);
  if (!error) return true;
  if (error != bhttp::error::need_more) return fail(error);
  if (taken == 0 && !is_all) return fail(kHeadTooLarge);
  return !is_all;
}

bool RequestReader::fail(error_code error) {
  if (error == bhttp::error::body_limit) return fail({413, "Request body too large"});
  if (error == bhttp::error::header_limit) return fail(kHeadTooLarge);
  return fail({400, "Bad request"});
}

bool RequestReader::fail(RequestFault fault) {
  fault_ = fault;
  if (head_) parser_->get().base() = *head_;
  return false;
}

HttpRequest RequestReader::release() {
  HttpRequest request = parser_->release();
  parser_.reset();
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
