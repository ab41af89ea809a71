#pragma once

#include "peerjsd/core/relay.hpp"
#include "peerjsd/hooks/auth_cache.hpp"
#include "peerjsd/hooks/web_client.hpp"
#include "peerjsd/net/referee.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

namespace peerjsd::hooks {

/// What became of the requests so far.
struct AuthCounters {
  std::uint64_t admitted = 0;
  std::uint64_t refused = 0;
  std::uint64_t failed = 0;
  std::uint64_t cached = 0;  ///< questions whose answer was still known
};

/// Asks the operator's own service who may connect (--auth_url): one POST for each question, but
/// for the same question no second one while the first is under way, or while its answer still
/// holds. Each address has its share only of the requests that wait or are under way.
///
/// While the service is down, who is known here (a peer of that key, id and owner that is
/// connected, or may come back, and has not been refused since it came) comes in with what it may
/// already; of the others the options say
/// what becomes, if it is down for all. Nobody comes in for an answer, or for a want of room, that
/// they may have caused themselves.
class AuthHook final : public net::Referee {
 public:
  struct Options {
    std::vector<std::string> headers;  ///< names, in lower case, of those that are handed on
    core::Duration timeout;
    bool accepts_when_down;
    core::Duration cache;  ///< how long an answer holds; 0: for the question alone
  };

  static constexpr std::size_t kMostCached = 10'000;

  /// `key`: see webhook_key(); empty: requests are not signed. `relay` has to outlive the hook.
  AuthHook(boost::asio::io_context& io, WebUrl url, std::string key, core::Relay& relay,
           Options options);

  /// For questions to come.
  void set_options(Options options);

  void ask(const net::Question& question, const net::Pass& pass, core::Instant now,
           OnRuling on_ruling) override;

  /// To be called often.
  void expire(core::Instant now);

  /// Of the service, for logs.
  std::string address() const { return client_.address(); }

  const AuthCounters& counters() const { return counters_; }

  /// Requests that have no answer yet.
  std::size_t under_way() const { return under_way_.size(); }

 private:
  /// Who waits for an answer.
  struct Asker {
    net::Purpose purpose;
    std::string key;
    std::string id;
    net::Pass pass;
    std::weak_ptr<const void> alive;
    OnRuling on_ruling;
  };
  using Askers = std::vector<Asker>;

  std::string body_of(const net::Question& question, const std::string& user) const;
  WebClient::Headers headers_for(const std::string& body) const;
  bool is_wanted(const Digest& question);
  void tell_soon(Asker asker, const Settled& settled);
  void on_outcome(const Digest& question, const WebClient::Outcome& outcome);
  void count(const AuthAnswer& answer);
  net::Ruling rule(const Asker& asker, const Settled& settled);
  net::Ruling rule_without(const Asker& asker, const AuthFailure& why) const;

  boost::asio::io_context& io_;
  const std::string key_;
  core::Relay& relay_;
  Options options_;
  WebClient client_;
  AuthCache cache_{kMostCached};
  std::map<Digest, Askers> under_way_;
  AuthCounters counters_;
  core::Instant now_{};
  std::shared_ptr<int> alive_ = std::make_shared<int>();  // for what comes late
};

}  // namespace peerjsd::hooks
