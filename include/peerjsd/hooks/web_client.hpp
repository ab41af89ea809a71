#pragma once

#include "peerjsd/core/time.hpp"
#include "peerjsd/hooks/web_url.hpp"
#include "peerjsd/outbound/resolver.hpp"

#include <cstddef>
#include <deque>
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

/// What a service has answered.
struct WebAnswer {
  unsigned status;
  std::string body;
};

/// Why there is no answer.
struct WebFailure {
  std::string why;  ///< for the operator
  /// It cannot be reached, or says nothing in time: with what it is asked that has nothing to do.
  bool is_down = false;
};

/// POSTs of JSON to one service, over connections that are kept: begun in the order of post(), but
/// side by side. A request that meets a kept connection which turns out dead before any of the
/// answer has come is sent once more, on a fresh one: a service may see it twice.
///
/// It reads no clock: what it knows of the time is what its caller last said.
class WebClient {
 public:
  struct Options {
    core::Duration timeout;        ///< from post() to the whole of the answer
    std::size_t connections = 32;  ///< most at a time
    std::size_t waiting = 10'000;  ///< most requests for which there is no connection yet
    std::size_t waiting_bytes = std::size_t{16} * 1024 * 1024;  ///< of their bodies
  };

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
  /// never from post() itself. `is_wanted`, if there is one, is asked when the request's turn comes
  /// after it had to wait: if it says no, the request is forgotten, and nobody is told.
  void post(std::string body, Headers headers, core::Instant now, OnOutcome on_outcome,
            IsWanted is_wanted = {});

  /// Gives up on what has taken too long. To be called often.
  void expire(core::Instant now);

  /// Of the service, for logs: a query of its URL may hold a secret.
  std::string address() const { return outbound::to_string(url_.address); }

 private:
  struct Request {
    std::string body;
    Headers headers;
    core::Instant deadline;
    OnOutcome on_outcome;
    IsWanted is_wanted;
    bool is_second_try = false;
  };
  struct Lane;

  void pump();
  Request take_waiting();
  void look_up();
  void on_looked_up(const std::vector<outbound::Endpoint>& endpoints);
  void prefer(const outbound::Endpoint& endpoint);
  void avoid(const outbound::Endpoint& endpoint);
  Lane* idle_lane();
  Lane& open_lane();
  void start(Lane& lane, Request request);
  void on_answer(Lane& lane, WebAnswer answer, bool is_kept);
  void on_end(Lane& lane, const std::string& why);
  void drop(const Lane& lane);
  void drop_idle(core::Instant since);
  std::vector<Request> take_late();
  std::vector<Request> take_waiting_late();
  void fail(std::vector<Request> requests, const WebFailure& failure);

  boost::asio::io_context& io_;
  const WebUrl url_;
  Options options_;
  std::optional<boost::asio::ssl::context> tls_;
  std::deque<Request> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::vector<outbound::Endpoint> endpoints_;  // the one that answered last comes first
  core::Instant look_up_at_{};
  core::Instant now_{};
  core::Instant heard_{};  // the last answer
  bool looks_up_ = false;
  std::shared_ptr<int> alive_ = std::make_shared<int>();  // for what comes late
};

}  // namespace peerjsd::hooks
