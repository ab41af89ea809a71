#pragma once

#include "peerjsd/http/route.hpp"
#include "peerjsd/net/connection.hpp"

#include <optional>
#include <string>

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

namespace peerjsd::net {

/// Reads requests and answers them, in order, until one asks for a WebSocket: then the socket goes
/// over to a WebSocketSession.
class HttpSession final : public Connection {
 public:
  /// Begins to serve a socket that was just accepted.
  static void serve(SessionContext& context, Socket socket);

  void drain(core::Instant now) override;

 private:
  using Request = boost::beast::http::request<boost::beast::http::string_body>;
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

  HttpSession(SessionContext& context, Socket socket, std::string address);

  void on_bytes(std::span<char> bytes) override;
  void on_flushed() override;
  void on_lost() override {}
  void on_timeout(core::Instant now) override;

  void parse();
  void handle(const Request& request, std::string_view rest);
  bool try_upgrade(const Request& request, std::string_view rest);
  void upgrade(const Request& request, const http::route::WebSocket& endpoint,
               std::string_view rest);
  void answer(const Request& request);
  void refuse(unsigned status, std::string_view reason);
  std::string address_of(const Request& request);

  std::optional<Parser> parser_;
  std::string unparsed_;
};

}  // namespace peerjsd::net
