#include "peerjsd/hooks/event_hook.hpp"

#include "peerjsd/core/peer.hpp"
#include "peerjsd/core/realm.hpp"
#include "peerjsd/hooks/signature.hpp"
#include "peerjsd/outbound/random_name.hpp"

#include <chrono>
#include <ctime>
#include <utility>
#include <variant>

#include <boost/asio/post.hpp>
#include <nlohmann/json.hpp>
#include <spdlog/fmt/chrono.h>
#include <spdlog/spdlog.h>

namespace peerjsd::hooks {
namespace {

using Json = nlohmann::ordered_json;
using std::chrono::system_clock;

constexpr core::Duration kTimeout = std::chrono::seconds(10);
constexpr core::Duration kShortestPause = std::chrono::milliseconds(250);
constexpr core::Duration kLongestPause = std::chrono::seconds(30);
/// Nobody has a longer id, whatever a message was sent to.
constexpr std::size_t kMostIdBytes = 1024;

/// 2026-01-02T03:04:05.678Z
std::string iso_8601(system_clock::time_point time) {
  const auto milliseconds = std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch());
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(system_clock::to_time_t(time)),
                     milliseconds.count() % 1000);
}

Json begin_event(std::string_view type, std::uint64_t sequence, std::string_view key,
                 std::string_view id) {
  return {{"type", type},
          {"sequence", sequence},
          {"time", iso_8601(system_clock::now())},
          {"key", key},
          {"id", id}};
}

std::string text_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// Empty: it is taken.
std::string problem_of(const WebClient::Outcome& outcome) {
  const auto* const answer = std::get_if<WebAnswer>(&outcome);
  if (answer == nullptr) return std::get<WebFailure>(outcome).why;
  if (answer->status >= 200 && answer->status <= 299) return {};
  return "it answers with status " + std::to_string(answer->status);
}

}  // namespace

EventHook::EventHook(boost::asio::io_context& io, WebUrl url, std::string key, std::size_t queue)
    : io_(io),
      key_(std::move(key)),
      server_(outbound::random_name<8>()),
      client_(io, std::move(url), {.timeout = kTimeout, .connections = 1}),
      queue_(queue),
      pause_(kShortestPause, kLongestPause) {}

EventHook::~EventHook() {
  if (is_idle()) return;
  spdlog::warn("Events lost: {} that {} has not taken", waiting(), address());
}

void EventHook::connected(const core::Peer& peer) {
  add("connect", peer);
}

void EventHook::disconnected(const core::Peer& peer, core::End end) {
  add("disconnect", peer, core::to_string(end));
}

void EventHook::left(const core::Peer& peer) {
  add("leave", peer);
}

void EventHook::add(std::string_view type, const core::Peer& peer, std::string_view reason) {
  Json event = begin_event(type, ++sequence_, peer.realm.key, peer.id);
  event["session"] = peer.registration.number;
  if (!reason.empty()) event["reason"] = reason;
  push(text_of(event), EventQueue::Kind::Rare);
}

void EventHook::expired(std::string_view key, std::string_view src, std::string_view dst) {
  Json event = begin_event("expire", ++sequence_, key, src);
  event["dst"] = dst.substr(0, kMostIdBytes);
  push(text_of(event), EventQueue::Kind::Cheap);
}

void EventHook::push(std::string event, EventQueue::Kind kind) {
  const std::size_t dropped = queue_.push(std::move(event), kind);
  if (dropped > 0) begin_outage("too many wait for it");
  counters_.dropped += dropped;
  deliver_soon();
}

/// What happens in one turn of the loop goes together.
void EventHook::deliver_soon() {
  if (batch_ || std::exchange(is_posted_, true)) return;
  boost::asio::post(io_, [this, alive = std::weak_ptr(alive_)] {
    if (!alive.expired()) deliver();
  });
}

void EventHook::deliver() {
  is_posted_ = false;
  if (batch_ || is_idle()) return;
  batch_ = {"msg_" + server_ + "_" + std::to_string(++batches_),
            R"({"server":")" + server_ + R"(","events":)" + queue_.begin_batch() + "}"};
  failures_ = 0;
  attempt();
}

void EventHook::attempt() {
  retry_at_.reset();
  const auto now = std::chrono::floor<std::chrono::seconds>(system_clock::now());
  client_.post(batch_->body, signed_headers(key_, batch_->id, now, batch_->body), now_,
               [this](const WebClient::Outcome& outcome) { on_outcome(outcome); });
}

void EventHook::on_outcome(const WebClient::Outcome& outcome) {
  const std::string problem = problem_of(outcome);
  if (!problem.empty()) return on_failure(problem);
  counters_.delivered += queue_.under_way();
  queue_.end_batch();
  batch_.reset();
  // Far from where the cheap ones begin to be dropped, so that a flood of them makes one outage.
  if (is_out_ && queue_.size() <= queue_.most() / 4) end_outage();
  deliver();
}

void EventHook::on_failure(const std::string& why) {
  ++counters_.failures;
  begin_outage(why);
  retry_at_ = now_ + pause_.after(hurries_ ? 0 : failures_++);
}

void EventHook::expire(core::Instant now) {
  now_ = now;
  client_.expire(now);
  if (retry_at_ && now >= *retry_at_) attempt();
}

void EventHook::hurry() {
  hurries_ = true;
  if (retry_at_) retry_at_ = now_;
}

void EventHook::begin_outage(const std::string& why) {
  if (std::exchange(is_out_, true)) return;
  dropped_before_ = counters_.dropped;
  spdlog::warn("Events are kept for {}: {}", address(), why);
}

void EventHook::end_outage() {
  is_out_ = false;
  spdlog::info("Events are delivered to {} again; dropped: {}", address(),
               counters_.dropped - dropped_before_);
}

}  // namespace peerjsd::hooks
