#pragma once

#include "peerjsd/http/route.hpp"
#include "peerjsd/net/connection.hpp"
#include "peerjsd/net/http_wire.hpp"

#include <optional>
#include <string>

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
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

  HttpSession(SessionContext& context, Socket socket, std::string address);

  void on_bytes(std::span<char> bytes) override;
  void on_flushed() override;
  void on_lost() override {}
  void on_timeout(core::Instant now) override;

  void parse();
  void handle(const HttpRequest& request, std::string_view rest);
  bool try_upgrade(const HttpRequest& request, std::string_view rest);
  void upgrade(const HttpRequest& request, const http::route::WebSocket& endpoint,
               std::string_view rest);
  void answer(const HttpRequest& request);
  void refuse(unsigned status, std::string_view reason, const HttpRequest& request);
  std::string address_of(const HttpRequest& request);

  std::optional<Parser> parser_;
  std::string unparsed_;
};

}  // namespace peerjsd::net
