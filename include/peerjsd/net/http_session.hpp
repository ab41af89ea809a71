#pragma once

#include "peerjsd/http/route.hpp"
#include "peerjsd/net/connection.hpp"
#include "peerjsd/net/http_wire.hpp"

#include <optional>
#include <string>

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

namespace peerjsd::net {

/// Reads requests and answers them, in order, until one asks for a WebSocket: then the socket goes
/// over to a WebSocketSession.
class HttpSession final : public Connection {
 public:
  /// Begins to serve a socket that was just accepted, from the address `peer`.
  static void serve(SessionContext& context, Socket socket,
                    const boost::asio::ip::tcp::endpoint& peer);

  void drain(core::Instant now) override;

  /// Looks once more for the sender of a message.
  void release() override;

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

  HttpSession(SessionContext& context, Socket socket, std::string address);

  void on_bytes(std::span<char> bytes) override;
  void on_flushed() override;
  void on_lost() override {}
  void on_timeout(core::Instant now) override;

  void parse();
  void encourage();
  void handle(const HttpRequest& request, std::string_view rest);

  void upgrade(const HttpRequest& request, const http::Route& route, std::string_view rest);
  void open_websocket(const HttpRequest& request, const http::route::WebSocket& asked,
                      std::string_view rest);

  template <class Asked>
  void respond(const HttpRequest& request, const Asked& asked);
  void respond(const HttpRequest& request, const http::route::Stream& asked);
  void respond(const HttpRequest& request, const http::route::Message& asked);
  void respond(const HttpRequest& request, const http::route::Message& message,
               core::Receipt receipt);
  void write_answer(const HttpRequest& request, const http::Reply& reply);

  core::Receipt receive(const HttpRequest& request, const http::route::Message& message);
  bool hand_over();
  void refuse(unsigned status, std::string_view reason, const HttpRequest& request);
  std::string address_of(const HttpRequest& request);

  struct Postponed {
    HttpRequest request;
    http::route::Message message;
  };

  std::optional<Parser> parser_;
  std::string unparsed_;
  std::optional<Postponed> postponed_;
  bool has_complained_ = false;
};

}  // namespace peerjsd::net
