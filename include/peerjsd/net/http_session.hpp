#pragma once

#include "peerjsd/http/route.hpp"
#include "peerjsd/net/connection.hpp"
#include "peerjsd/net/gate.hpp"
#include "peerjsd/net/http_wire.hpp"
#include "peerjsd/net/rate_meter.hpp"
#include "peerjsd/net/referee.hpp"
#include "peerjsd/net/request_reader.hpp"

#include <memory>
#include <optional>
#include <string>
#include <variant>

#include <boost/asio/ip/address.hpp>

namespace peerjsd::net {

/// Reads requests and answers them, in order, until one asks for a WebSocket: then the socket goes
/// over to a WebSocketSession.
class HttpSession final : public Connection {
 public:
  /// Begins to serve a socket that was just accepted, or closes it if its neighbour has too many.
  static void serve(SessionContext& context, Socket socket,
                    const boost::asio::ip::address& neighbour);

  void drain(core::Instant now) override;

 private:
  /// `proxy`: the neighbour, if it is one that we trust.
  HttpSession(SessionContext& context, Socket socket, ClientAddress address,
              std::optional<boost::asio::ip::address> proxy);

  void on_bytes(std::span<char> bytes) override;
  void on_flushed() override;
  void on_lost() override {}
  void on_timeout(core::Instant now) override;

  /// Looks once more for the sender of a message.
  void on_released() override;

  void read();
  void handle(const HttpRequest& request, std::string_view rest);

  void upgrade(const HttpRequest& request, const http::Route& route, std::string_view rest);

  template <class Asked>
  void respond(const HttpRequest& request, const Asked& asked);
  void respond(const HttpRequest& request, const http::route::NotFound& asked);
  void respond(const HttpRequest& request, const http::route::Message& asked);
  void respond(const HttpRequest& request, const http::route::Message& message,
               core::Receipt receipt);
  void write_reply(const HttpRequest& request, const http::Reply& reply);
  void write_answer(const HttpRequest& request, const http::Reply& reply);
  static http::Request facts_of(const HttpRequest& request);

  bool is_answering() const { return postponed_ || awaits_list_ || judged_ != nullptr; }
  core::Receipt receive(const HttpRequest& request, const http::route::Message& message,
                        const core::Rights& rights);
  bool hand_over();
  void refuse(RequestFault fault, const HttpRequest& request);
  void log_access(const HttpRequest& request, unsigned status);
  ClientAddress client_of(const HttpRequest& request) const;
  bool may_ask(const HttpRequest& request);
  void meter(unsigned requests);

  // Who is let in, and what for: http_session_admission.cpp.

  /// With what a client is let in, or what it is told why it is not.
  using Verdict = std::variant<Pass, std::string>;

  void open_websocket(const HttpRequest& request, const http::route::WebSocket& asked,
                      std::string_view rest);
  void respond(const HttpRequest& request, const http::route::Stream& asked);
  void respond(const HttpRequest& request, const http::route::IceServers& asked);
  void respond(const HttpRequest& request, const http::route::Peers& asked);

  template <class Asked>
  void judge(Purpose purpose, const HttpRequest& request, const Asked& asked, Verdict verdict);
  bool needs_ruling(Purpose purpose, const core::Credentials& who, const Verdict& verdict);
  template <class Asked>
  void on_ruling(const Asked& asked, const Ruling& ruling);
  template <class Asked>
  std::string complaint_of_now(const HttpRequest& request, const Asked& asked);
  Verdict verdict_of(const HttpRequest& request, std::string_view id, const Ruling& ruling);
  void report(const HttpRequest& request, std::string_view id, const Rejection& rejection);

  void proceed(const HttpRequest& request, const http::route::WebSocket& asked,
               const Verdict& verdict);
  void proceed(const HttpRequest& request, const http::route::Stream& asked,
               const Verdict& verdict);
  void proceed(const HttpRequest& request, const http::route::IceServers& asked,
               const Verdict& verdict);
  void proceed(const HttpRequest& request, const http::route::Peers& asked, const Verdict& verdict);
  void show_list(const HttpRequest& request, const http::route::Peers& asked);
  void respond_with(const HttpRequest& request, const http::route::Peers& asked,
                    const std::vector<core::Whereabouts>* list);

  Verdict examine(const HttpRequest& request, const core::Credentials& who,
                  Occasion occasion = Occasion::Arriving);
  Occasion occasion_of(const core::Credentials& who);
  template <class Asked>
  Occasion occasion_for(const Asked& asked);
  Verdict check_token(const HttpRequest& request, const core::Credentials& who,
                      Occasion occasion = Occasion::Arriving);
  std::string complaint_of_token(const core::Credentials& who);
  std::string complaint_of_origin(const HttpRequest& request, std::string_view id);

  struct Postponed {
    HttpRequest request;
    http::route::Message message;
    core::Rights rights;
  };

  RequestReader reader_;
  std::string asked_;  // by the request at hand, for the access log
  std::string unread_;
  std::optional<Postponed> postponed_;
  std::shared_ptr<const HttpRequest> judged_;  // while the referee is asked
  bool awaits_list_ = false;
  const std::optional<boost::asio::ip::address> proxy_;
  RateMeter rate_;
  bool has_complained_ = false;
};

}  // namespace peerjsd::net
