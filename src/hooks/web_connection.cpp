#include "web_connection.hpp"

#include <utility>

#include <boost/asio/error.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/write.hpp>

namespace peerjsd::hooks {
namespace {

namespace bhttp = boost::beast::http;

using boost::system::error_code;

constexpr std::size_t kReadBytes = std::size_t{4} * 1024;
constexpr unsigned kSwitchingProtocols = 101;

/// Of an answer that another one follows, as 103 (Early Hints) is.
bool is_interim(unsigned status) {
  return status < 200 && status != kSwitchingProtocols;
}

std::string problem_of(error_code error) {
  if (error == bhttp::error::body_limit || error == bhttp::error::header_limit) {
    return "its answer is too large";
  }
  return "its answer is no HTTP: " + error.message();
}

}  // namespace

WebConnection::WebConnection(boost::asio::io_context& io, Events events)
    : stream_(io), events_(std::move(events)) {}

void WebConnection::connect(std::vector<outbound::Endpoint> endpoints) {
  endpoints_ = std::move(endpoints);
  attempt();
}

void WebConnection::attempt() {
  stream_.connect(endpoint(), [self = shared_from_this()](error_code error) {
    if (self->ended_) return;
    if (!error) return self->shake_hands();
    if (self->tried_ + 1 == self->endpoints_.size()) return self->end(error.message());
    ++self->tried_;
    self->attempt();
  });
}

void WebConnection::shake_hands() {
  stream_.shake_hands([self = shared_from_this()](const std::string& problem) {
    if (self->ended_) return;
    if (!problem.empty()) return self->end(problem);
    self->begin();
  });
}

void WebConnection::begin() {
  is_connected_ = true;
  if (request_) write();
  read();
}

void WebConnection::send(Request request) {
  request_ = std::move(request);
  has_heard_ = false;
  expect_answer();
  if (is_connected_) write();
}

void WebConnection::expect_answer() {
  parser_.emplace();
  parser_->eager(true);
  parser_->header_limit(WebClient::kMostAnswerBytes);
  parser_->body_limit(WebClient::kMostAnswerBytes);
}

/// A service may answer, and end, before it has read all: what it says counts.
void WebConnection::write() {
  stream_.with_layer([this](auto& layer) {
    bhttp::async_write(layer, *request_, [self = shared_from_this()](error_code error, auto) {
      if (!self->ended_ && !error) self->request_.reset();
    });
  });
}

void WebConnection::read() {
  stream_.with_layer([this](auto& layer) {
    layer.async_read_some(buffer_.prepare(kReadBytes),
                          [self = shared_from_this()](error_code error, std::size_t size) {
                            self->on_read(error, size);
                          });
  });
}

void WebConnection::on_read(error_code error, std::size_t size) {
  if (ended_) return;
  if (error) return on_input_ended(error);
  buffer_.commit(size);
  if (!parser_) return end("it answers what it was not asked");
  has_heard_ = true;
  parse();
  if (!ended_) read();
}

/// The end of the connection may be that of the answer; but only one that the other side has meant,
/// which with TLS has to be said.
void WebConnection::on_input_ended(error_code error) {
  if (error != boost::asio::error::eof || !parser_ || !parser_->got_some()) {
    return end(error == boost::asio::error::eof ? "it ends the connection" : error.message());
  }
  parser_->put_eof(error);
  if (error || !parser_->is_done()) return end("it ends in the middle of its answer");
  finish();
}

void WebConnection::parse() {
  while (buffer_.size() > 0) {
    error_code error;
    buffer_.consume(parser_->put(buffer_.data(), error));
    if (error == bhttp::error::need_more && buffer_.size() <= WebClient::kMostAnswerBytes) return;
    if (error == bhttp::error::need_more) error = bhttp::error::body_limit;
    if (error) return end(problem_of(error));
    if (!parser_->is_done()) continue;
    if (!is_interim(parser_->get().result_int())) return finish();
    expect_answer();
  }
}

void WebConnection::finish() {
  const unsigned status = parser_->get().result_int();
  const bool is_kept =
      parser_->keep_alive() && status != kSwitchingProtocols && !request_ && buffer_.size() == 0;
  WebAnswer answer{status, std::move(parser_->get().body())};
  parser_.reset();
  const auto on_answer = events_.on_answer;
  if (!is_kept) close();
  on_answer(std::move(answer), is_kept);
}

void WebConnection::end(const std::string& why) {
  const auto on_end = events_.on_end;
  close();
  on_end(why);
}

void WebConnection::close() {
  ended_ = true;
  events_ = {};
  stream_.close();
}

}  // namespace peerjsd::hooks
