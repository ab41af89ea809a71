#pragma once

#include "peerjsd/hooks/web_client.hpp"
#include "peerjsd/outbound/resolver.hpp"
#include "peerjsd/outbound/stream.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/system/error_code.hpp>

namespace peerjsd::hooks {

/// One connection to a service, for one exchange at a time. Between two it goes on reading, so that
/// it notices when the other side ends it.
///
/// Lives as a shared pointer until close(), and till its handlers have ended.
class WebConnection : public std::enable_shared_from_this<WebConnection> {
 public:
  using Request = boost::beast::http::request<boost::beast::http::string_body>;

  struct Events {
    /// `is_kept`: another request may follow. Otherwise the connection is closed.
    std::function<void(WebAnswer answer, bool is_kept)> on_answer;
    /// It has ended, with or without a request under way. Nothing is called after this.
    std::function<void(const std::string& why)> on_end;
  };

  WebConnection(boost::asio::io_context& io, Events events);

  /// See outbound::Stream::secure().
  void secure(boost::asio::ssl::context& context, const std::string& host) {
    stream_.secure(context, host);
  }

  /// To the first of them that takes it; there has to be one.
  void connect(std::vector<outbound::Endpoint> endpoints);

  /// May be called at once, and again after each answer.
  void send(Request request);

  bool is_connected() const { return is_connected_; }

  /// See outbound::Stream::is_untrusted().
  bool is_untrusted() { return stream_.is_untrusted(); }

  /// Whether anything has come since the last send().
  bool has_heard() const { return has_heard_; }

  /// The one that it has, or that was tried last.
  const outbound::Endpoint& endpoint() const { return endpoints_[tried_]; }

  /// Idempotent; nothing is called any more.
  void close();

 private:
  using Parser = boost::beast::http::response_parser<boost::beast::http::string_body>;

  void attempt();
  void shake_hands();
  void begin();
  void write();
  void read();
  void on_read(boost::system::error_code error, std::size_t size);
  void on_input_ended(boost::system::error_code error);
  void expect_answer();
  void parse();
  void finish();
  void end(const std::string& why);

  outbound::Stream stream_;
  Events events_;
  std::vector<outbound::Endpoint> endpoints_;
  std::size_t tried_ = 0;
  std::optional<Request> request_;  // until it is written
  std::optional<Parser> parser_;    // while an answer is awaited
  boost::beast::flat_buffer buffer_;
  bool is_connected_ = false;
  bool has_heard_ = false;
  bool ended_ = false;
};

}  // namespace peerjsd::hooks
