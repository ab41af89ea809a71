#pragma once

#include "peerjsd/core/time.hpp"
#include "peerjsd/hooks/web_url.hpp"
#include "peerjsd/outbound/resolver.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>

namespace peerjsd::hooks {

class RequestQueue;
struct WebRequest;

/// What a service has answered.
struct WebAnswer {
  unsigned status;
  std::string body;

  /// It is a proxy's, which has found nobody behind it that answers.
  bool is_of_proxy() const { return status >= 502 && status <= 504; }
};

/// Why there is no answer.
struct WebFailure {
  std::string why;  ///< for the operator
  /// It was not reached, or said nothing in time; of a request that never had its turn: to any
  /// other one. Not: since it last answered somebody was reached, at any of its addresses, whose
  /// certificate is not trusted, and who may have taken its place.
  bool is_down = false;
};

/// POSTs of JSON to one service, over connections that are kept: side by side, those of one sender
/// begun in the order of post(), and all senders by turns. A request that meets a kept connection
/// which turns out dead before any of the answer has come is sent once more, on a fresh one; and
/// where one address of several fails, or has nobody behind it, once to another: so a service may
/// see it more than once.
///
/// It reads no clock: what it knows of the time is what its caller last said.
class WebClient {
 public:
  struct Options {
    core::Duration timeout;        ///< from post() to the whole of the answer
    std::size_t connections = 32;  ///< most at a time
    std::size_t waiting = 10'000;  ///< most requests for which there is no connection yet
    std::size_t waiting_bytes = std::size_t{16} * 1024 * 1024;  ///< of their bodies
    std::size_t waiting_of_one = 1000;                          ///< of one sender
    std::size_t under_way_of_one = 8;                           ///< of one sender, at a time
  };

  /// Whom a request is about, so that it has its share only. Anybody: it has no bounds of its own.
  enum class Sender : std::uint64_t { Anybody };

  static constexpr std::size_t kMostAnswerBytes = std::size_t{64} * 1024;

  using Outcome = std::variant<WebAnswer, WebFailure>;
  using OnOutcome = std::function<void(const Outcome&)>;
  using IsWanted = std::function<bool()>;
  using Headers = std::vector<std::pair<std::string, std::string>>;

  WebClient(boost::asio::io_context& io, WebUrl url, Options options);
  WebClient(const WebClient&) = delete;
  WebClient& operator=(const WebClient&) = delete;

  /// Gives everything up; nobody is told.
  ~WebClient();

  /// For requests to come.
  void set_timeout(core::Duration timeout) { options_.timeout = timeout; }

  /// `headers`: besides those that every request has. `on_outcome` is called once, from the loop,
  /// never from post() itself. `is_wanted`, if there is one, is asked when the request's turn
  /// comes: if it says no, the request is forgotten, and nobody is told.
  void post(std::string body, Headers headers, core::Instant now, OnOutcome on_outcome,
            IsWanted is_wanted = {}, Sender sender = Sender::Anybody);

  /// Whether nobody has had an answer for as long as one may take, since one was asked for in vain,
  /// or ever. That there is nobody behind a proxy (502 to 504) is no answer.
  bool is_silent() const;

  /// Gives up on what has taken too long. To be called often.
  void expire(core::Instant now);

  /// Of the service, for logs: a query of its URL may hold a secret.
  std::string address() const { return outbound::to_string(url_.address); }

 private:
  struct Lane;

  void pump();
  void look_up();
  void on_looked_up(const std::vector<outbound::Endpoint>& endpoints);
  void prefer(const outbound::Endpoint& endpoint);
  void avoid(const outbound::Endpoint& endpoint);
  Lane* idle_lane();
  Lane& open_lane();
  void start(Lane& lane, WebRequest request);
  void on_answer(Lane& lane, WebAnswer answer, bool is_kept);
  void on_end(Lane& lane, const std::string& why);
  void drop(const Lane& lane);
  void drop_idle(core::Instant since);
  bool has_others() const { return endpoints_.size() > 1; }
  void try_again(Lane& lane);
  void note_failure(const WebRequest& request);
  WebRequest take_request(Lane& lane);
  std::vector<WebRequest> take_late();
  WebFailure judged(const WebFailure& failure) const;
  void fail(const std::vector<WebRequest>& requests, const WebFailure& failure);

  boost::asio::io_context& io_;
  const WebUrl url_;
  Options options_;
  std::optional<boost::asio::ssl::context> tls_;
  std::unique_ptr<RequestQueue> waiting_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::vector<outbound::Endpoint> endpoints_;  // the one that answered last comes first
  core::Instant look_up_at_{};
  core::Instant now_{};
  std::optional<core::Instant> heard_;          // the last answer, see is_silent()
  std::optional<core::Instant> failing_since_;  // and after that
  std::string distrust_;                        // the same; why, or empty
  outbound::LookUp look_up_;
  std::shared_ptr<int> alive_ = std::make_shared<int>();  // for what comes late
};

}  // namespace peerjsd::hooks
