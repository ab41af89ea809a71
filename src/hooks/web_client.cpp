#include "peerjsd/hooks/web_client.hpp"

#include "peerjsd/outbound/tls.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>

#include "request_queue.hpp"
#include "web_connection.hpp"
#include <boost/asio/post.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/http/verb.hpp>

namespace peerjsd::hooks {
namespace {

namespace bhttp = boost::beast::http;

constexpr core::Duration kLookUpInterval = std::chrono::seconds(30);
/// A name that is not found may be one that is not known yet.
constexpr core::Duration kFailedLookUpInterval = std::chrono::seconds(1);
/// What is between here and there may forget a connection without a word.
constexpr core::Duration kLongestIdle = std::chrono::seconds(30);

WebConnection::Request request_of(const WebUrl& url, std::string body,
                                  const WebClient::Headers& headers) {
  constexpr unsigned http_1_1 = 11;
  WebConnection::Request request(bhttp::verb::post, url.target, http_1_1, std::move(body));
  request.set(bhttp::field::host, url.authority);
  request.set(bhttp::field::user_agent, "peerjsd");
  request.set(bhttp::field::content_type, "application/json");
  request.set(bhttp::field::accept, "application/json");
  for (const auto& [name, value] : headers) request.set(name, value);
  request.prepare_payload();
  return request;
}

}  // namespace

/// A connection, and the request that is under way on it.
struct WebClient::Lane {
  std::shared_ptr<WebConnection> connection;
  std::optional<WebRequest> request;
  core::Instant idle_since{};
  bool was_used = false;  // by a request before
};

WebClient::WebClient(boost::asio::io_context& io, WebUrl url, Options options)
    : io_(io),
      url_(std::move(url)),
      options_(options),
      waiting_(std::make_unique<RequestQueue>(
          RequestQueue::Limits{options.waiting, options.waiting_bytes, options.waiting_of_one,
                               options.under_way_of_one})) {
  if (url_.has_tls) tls_.emplace(outbound::trusting_context());
}

WebClient::~WebClient() {
  for (const auto& lane : lanes_) lane->connection->close();
}

void WebClient::post(std::string body, Headers headers, core::Instant now, OnOutcome on_outcome,
                     IsWanted is_wanted, Sender sender) {
  now_ = now;
  WebRequest request{std::move(body),        std::move(headers),    sender,
                     now + options_.timeout, std::move(on_outcome), std::move(is_wanted)};
  const OnOutcome tell = request.on_outcome;
  const RequestQueue::Room room = waiting_->push(std::move(request));
  if (room == RequestQueue::Room::Found) return pump();
  const std::string whose = room == RequestQueue::Room::NoneForSender ? " of the same sender" : "";
  boost::asio::post(io_, [alive = std::weak_ptr(alive_), tell, whose] {
    if (!alive.expired()) tell(WebFailure{"too many requests" + whose + " wait for it"});
  });
}

void WebClient::pump() {
  if (waiting_->empty()) return;
  if (!look_up_ && now_ >= look_up_at_) look_up();
  while (!endpoints_.empty()) {
    Lane* lane = idle_lane();
    if (lane == nullptr && lanes_.size() >= options_.connections) return;
    auto request = waiting_->begin();
    if (!request) return;
    if (lane == nullptr) lane = &open_lane();
    start(*lane, std::move(*request));
  }
}

/// Meanwhile those go on that were found before.
void WebClient::look_up() {
  look_up_ = outbound::resolve(io_, url_.address,
                               [this](const auto& endpoints) { on_looked_up(endpoints); });
}

void WebClient::on_looked_up(const std::vector<outbound::Endpoint>& endpoints) {
  look_up_.reset();
  look_up_at_ = now_ + (endpoints.empty() ? kFailedLookUpInterval : kLookUpInterval);
  if (endpoints.empty() && endpoints_.empty()) {
    return fail(waiting_->take_late(core::Instant::max()), {"its name is not found", true});
  }
  if (!endpoints.empty()) {
    const auto before = std::exchange(endpoints_, endpoints);
    if (!before.empty()) prefer(before.front());
  }
  pump();
}

void WebClient::prefer(const outbound::Endpoint& endpoint) {
  const auto found = std::ranges::find(endpoints_, endpoint);
  if (found != endpoints_.end()) std::rotate(endpoints_.begin(), found, endpoints_.end());
}

void WebClient::avoid(const outbound::Endpoint& endpoint) {
  const auto found = std::ranges::find(endpoints_, endpoint);
  if (found != endpoints_.end()) std::rotate(found, found + 1, endpoints_.end());
}

/// The one that was used last is most likely still there.
WebClient::Lane* WebClient::idle_lane() {
  Lane* best = nullptr;
  for (const auto& lane : lanes_) {
    if (lane->request) continue;
    if (best == nullptr || lane->idle_since > best->idle_since) best = lane.get();
  }
  return best;
}

WebClient::Lane& WebClient::open_lane() {
  Lane& lane = *lanes_.emplace_back(std::make_unique<Lane>());
  lane.connection = std::make_shared<WebConnection>(
      io_, WebConnection::Events{
               [this, &lane](WebAnswer answer, bool is_kept) {
                 on_answer(lane, std::move(answer), is_kept);
               },
               [this, &lane](const std::string& why) { on_end(lane, why); },
           });
  if (tls_) lane.connection->secure(*tls_, url_.address.host);
  lane.connection->connect(endpoints_);
  return lane;
}

void WebClient::start(Lane& lane, WebRequest request) {
  lane.connection->send(request_of(url_, request.body, request.headers));
  lane.request = std::move(request);
}

void WebClient::on_answer(Lane& lane, WebAnswer answer, bool is_kept) {
  if (answer.is_of_proxy()) {
    avoid(lane.connection->endpoint());
    if (has_others() && !std::exchange(lane.request->has_moved, true)) return try_again(lane);
  } else {
    heard_ = now_;
    failing_since_.reset();
    distrust_.clear();
    prefer(lane.connection->endpoint());
  }
  const WebRequest request = take_request(lane);
  const OnOutcome& on_outcome = request.on_outcome;
  if (answer.is_of_proxy()) note_failure(request);
  if (is_kept && !(answer.is_of_proxy() && has_others())) {
    lane.idle_since = now_;
    lane.was_used = true;
  } else {
    drop(lane);
  }
  pump();
  if (answer.is_of_proxy() && !distrust_.empty()) {
    on_outcome(judged({"it answers with status " + std::to_string(answer.status), true}));
  } else {
    on_outcome(std::move(answer));
  }
}

/// It is not under way any more.
WebRequest WebClient::take_request(Lane& lane) {
  WebRequest request = std::move(*lane.request);
  lane.request.reset();
  waiting_->end(request.sender);
  return request;
}

/// Where one kept connection is dead, the others that are idle most likely are, too.
void WebClient::on_end(Lane& lane, const std::string& why) {
  if (!lane.request) return drop(lane);
  const bool is_stale = lane.was_used && !lane.connection->has_heard();
  if (is_stale && !std::exchange(lane.request->was_stale, true)) return try_again(lane);
  avoid(lane.connection->endpoint());
  if (lane.connection->is_untrusted()) distrust_ = why;
  if (has_others() && !std::exchange(lane.request->has_moved, true)) return try_again(lane);
  const WebFailure failure{why, !lane.connection->is_connected()};
  const WebRequest request = take_request(lane);
  const OnOutcome& on_outcome = request.on_outcome;
  note_failure(request);
  drop(lane);
  pump();
  on_outcome(judged(failure));
}

/// On a fresh connection, to the address that comes first now.
void WebClient::try_again(Lane& lane) {
  WebRequest request = std::move(*lane.request);
  drop(lane);
  drop_idle(core::Instant::max());
  start(open_lane(), std::move(request));
}

void WebClient::note_failure(const WebRequest& request) {
  if (!heard_) return;
  const core::Instant since = std::max(request.deadline - options_.timeout, *heard_);
  if (!failing_since_ || since < *failing_since_) failing_since_ = since;
}

/// At first it is so at once: there may be no service yet.
bool WebClient::is_silent() const {
  if (!heard_) return true;
  return failing_since_ && *failing_since_ + options_.timeout <= now_;
}

void WebClient::drop(const Lane& lane) {
  lane.connection->close();
  std::erase_if(lanes_, [&lane](const auto& each) { return each.get() == &lane; });
}

void WebClient::drop_idle(core::Instant since) {
  std::erase_if(lanes_, [since](const auto& lane) {
    const bool is_dropped = !lane->request && lane->idle_since <= since;
    if (is_dropped) lane->connection->close();
    return is_dropped;
  });
}

void WebClient::expire(core::Instant now) {
  now_ = now;
  drop_idle(now - kLongestIdle);
  const std::vector<WebRequest> late = take_late();
  const std::vector<WebRequest> not_begun = waiting_->take_late(now);
  pump();
  const std::string why = "no answer in time";
  const WebFailure failure_of_not_begun{why, is_silent()};
  const std::weak_ptr alive = alive_;
  fail(late, {why, true});
  if (!alive.expired()) fail(not_begun, failure_of_not_begun);
}

/// What the answer to an old request would be to the next one nobody can tell: its connection ends.
/// Where one is not answered, others most likely are not, either: they are asked elsewhere, if the
/// service has another address.
std::vector<WebRequest> WebClient::take_late() {
  std::vector<WebRequest> late;
  std::erase_if(lanes_, [&](const auto& lane) {
    if (!lane->request || lane->request->deadline > now_) return false;
    avoid(lane->connection->endpoint());
    if (lane->connection->is_untrusted() && distrust_.empty()) {
      distrust_ = "its certificate is not trusted";
    }
    lane->connection->close();
    late.push_back(take_request(*lane));
    note_failure(late.back());
    return true;
  });
  if (!late.empty() && endpoints_.size() > 1) drop_idle(core::Instant::max());
  return late;
}

/// Who is not trusted may have taken its place, and have put the other addresses out of reach.
WebFailure WebClient::judged(const WebFailure& failure) const {
  if (distrust_.empty() || !failure.is_down) return failure;
  const bool is_cause = failure.why == distrust_;
  return {is_cause ? distrust_ : failure.why + "; before, " + distrust_};
}

/// Who is told may end this client.
void WebClient::fail(const std::vector<WebRequest>& requests, const WebFailure& failure) {
  const std::weak_ptr alive = alive_;
  const WebFailure reason = judged(failure);
  for (const WebRequest& request : requests) {
    if (alive.expired()) return;
    request.on_outcome(reason);
  }
}

}  // namespace peerjsd::hooks
