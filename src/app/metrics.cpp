#include "peerjsd/app/metrics.hpp"

#include "peerjsd/app/config.hpp"
#include "peerjsd/app/prometheus_text.hpp"

#include <sys/resource.h>

#include <array>
#include <fstream>
#include <string_view>
#include <utility>

#include <unistd.h>

namespace peerjsd::app {
namespace {

using core::Admission;
using core::End;
using core::MessageType;
using core::Receipt;

template <class Kind, std::size_t kSize>
using Names = std::array<std::pair<Kind, std::string_view>, kSize>;

constexpr Names<Receipt, 19> kReceipts = {{{Receipt::Relayed, "relayed"},
                                           {Receipt::Forwarded, "forwarded"},
                                           {Receipt::Kept, "kept"},
                                           {Receipt::Expired, "expired"},
                                           {Receipt::NoRoom, "no_room"},
                                           {Receipt::Heartbeat, "heartbeat"},
                                           {Receipt::Left, "left"},
                                           {Receipt::Late, "late"},
                                           {Receipt::Early, "early"},
                                           {Receipt::Unauthorized, "unauthorized"},
                                           {Receipt::Absent, "absent"},
                                           {Receipt::NotUtf8, "not_utf8"},
                                           {Receipt::NotJson, "not_json"},
                                           {Receipt::NotAnObject, "not_an_object"},
                                           {Receipt::TooDeep, "too_deep"},
                                           {Receipt::UnknownType, "unknown_type"},
                                           {Receipt::NotAllowed, "not_allowed"},
                                           {Receipt::WrongVerb, "wrong_verb"},
                                           {Receipt::NoDestination, "no_destination"}}};

constexpr Names<Admission, 14> kAdmissions = {
    {{Admission::Opened, "opened"},
     {Admission::Resumed, "resumed"},
     {Admission::Standby, "standby"},
     {Admission::Later, "later"},
     {Admission::Incomplete, "incomplete"},
     {Admission::InvalidKey, "invalid_key"},
     {Admission::IdTooLong, "id_too_long"},
     {Admission::TokenTooLong, "token_too_long"},
     {Admission::IdNotAllowed, "id_not_allowed"},
     {Admission::IdTaken, "id_taken"},
     {Admission::LimitReached, "limit_reached"},
     {Admission::AddressLimitReached, "address_limit_reached"},
     {Admission::OwnerLimitReached, "owner_limit_reached"},
     {Admission::Unavailable, "unavailable"}}};

static_assert(kReceipts.size() == decltype(core::RelayCounters::receipts)::kKinds);
static_assert(kAdmissions.size() == decltype(core::RelayCounters::admissions)::kKinds);

double number(std::uint64_t count) {
  return static_cast<double>(count);
}

void write_peers(PrometheusText& out, const Observed& observed) {
  out.gauge("peerjsd_peers", "Registered peers, lost ones that may come back included.");
  for (const std::string& key : observed.keys) {
    out.sample(number(observed.relay.realm(key)->size()), {{"key", key}});
  }
  out.gauge("peerjsd_outstanding_bytes", "What waits for absent peers.");
  for (const std::string& key : observed.keys) {
    out.sample(number(observed.relay.realm(key)->outstanding.bytes()), {{"key", key}});
  }
}

void write_connections(PrometheusText& out, const net::SessionContext& sessions) {
  const net::Census census = sessions.census();
  out.gauge("peerjsd_connections", "Connections, by what they carry.");
  out.sample(number(census.websockets), {{"transport", "websocket"}});
  out.sample(number(census.streams), {{"transport", "stream"}});
  out.sample(number(census.others), {{"transport", "http"}});
  out.gauge("peerjsd_connections_limit", "Most connections there can be.");
  out.sample(number(sessions.options().limits.total));
  out.gauge("peerjsd_send_queue_bytes", "What waits for readers that are slow.");
  out.sample(number(census.queued_bytes));
  out.gauge("peerjsd_draining", "1 while the server is stopping.");
  out.sample(sessions.draining() ? 1 : 0);
}

void write_messages(PrometheusText& out, const core::RelayCounters& counters) {
  out.counter("peerjsd_messages_received_total", "Messages of clients, by type.");
  for (std::size_t i = 0; i < decltype(counters.messages)::kKinds; ++i) {
    const auto type = static_cast<MessageType>(i);
    out.sample(number(counters.messages.of(type)), {{"type", core::to_string(type)}});
  }
  out.counter("peerjsd_messages_total", "What became of all that clients sent.");
  for (const auto& [receipt, name] : kReceipts) {
    out.sample(number(counters.receipts.of(receipt)), {{"result", name}});
  }
  out.counter("peerjsd_expires_total", "EXPIRE messages: what was sent to absent peers ran out.");
  out.sample(number(counters.expires));
  out.counter("peerjsd_leaves_total", "LEAVE messages that the server sent for a peer that went.");
  out.sample(number(counters.leaves));
}

void write_arrivals(PrometheusText& out, const core::RelayCounters& counters) {
  out.counter("peerjsd_admissions_total", "Attempts to connect as a peer, by their outcome.");
  for (const auto& [admission, name] : kAdmissions) {
    out.sample(number(counters.admissions.of(admission)), {{"result", name}});
  }
  out.counter("peerjsd_disconnections_total", "Ends of connections of peers, by reason.");
  for (std::size_t i = 0; i < decltype(counters.ends)::kKinds; ++i) {
    const auto end = static_cast<End>(i);
    out.sample(number(counters.ends.of(end)), {{"reason", core::to_string(end)}});
  }
}

void write_incidents(PrometheusText& out, const net::Incidents& incidents) {
  out.counter("peerjsd_incidents_total", "What clients were refused or did wrong, as logged.");
  for (std::size_t i = 0; i < net::kIncidents; ++i) {
    const auto incident = static_cast<net::Incident>(i);
    out.sample(number(incidents.total(incident)), {{"kind", net::to_string(incident)}});
  }
}

void write_cluster(PrometheusText& out, const cluster::RedisBackend& cluster) {
  const cluster::ClusterCounters& counters = cluster.counters();
  out.gauge("peerjsd_cluster_up", "1 while the cluster's Redis can be reached; with the node.");
  out.sample(cluster.is_up() ? 1 : 0, {{"node", cluster.node()}});
  out.counter("peerjsd_cluster_outages_total", "How often it ceased to be.");
  out.sample(number(counters.outages));
  out.counter("peerjsd_cluster_commands_total", "Commands sent to it.");
  out.sample(number(counters.commands));
  out.counter("peerjsd_cluster_messages_total", "Messages to and from other nodes, by outcome.");
  out.sample(number(counters.delivered), {{"result", "delivered"}});
  out.sample(number(counters.returned), {{"result", "absent"}});
  out.sample(number(counters.abandoned), {{"result", "unknown"}});
  out.sample(number(counters.received), {{"result", "received"}});
  out.counter("peerjsd_cluster_repeated_total", "Deliveries that came again, and were dropped.");
  out.sample(number(counters.repeated));
  out.counter("peerjsd_cluster_moves_total", "Peers that went to another node, by how.");
  out.sample(number(counters.handed_over), {{"reason", "resumed"}});
  out.sample(number(counters.displaced), {{"reason", "displaced"}});
  out.gauge("peerjsd_cluster_queue_bytes", "Messages on their way to other nodes.");
  out.sample(number(cluster.bytes_under_way()));
  out.gauge("peerjsd_cluster_unsent_bytes", "What the way to Redis has not taken yet.");
  out.sample(number(cluster.bytes_unsent()));
}

void write_auth(PrometheusText& out, const hooks::AuthHook& hook) {
  const hooks::AuthCounters& counters = hook.counters();
  out.counter("peerjsd_auth_requests_total", "Requests to --auth_url, by outcome.");
  out.sample(number(counters.admitted), {{"result", "admitted"}});
  out.sample(number(counters.refused), {{"result", "refused"}});
  out.sample(number(counters.failed), {{"result", "failed"}});
  out.counter("peerjsd_auth_cached_total", "Clients for whom its answer was still known.");
  out.sample(number(counters.cached));
  out.gauge("peerjsd_auth_under_way", "Requests to it that have no answer yet.");
  out.sample(number(hook.under_way()));
}

void write_events(PrometheusText& out, const hooks::EventHook& hook) {
  const hooks::EventCounters& counters = hook.counters();
  out.counter("peerjsd_events_total", "Events for --event_url, by what became of them.");
  out.sample(number(counters.delivered), {{"result", "delivered"}});
  out.sample(number(counters.dropped), {{"result", "dropped"}});
  out.counter("peerjsd_event_failures_total", "Attempts to deliver some that failed.");
  out.sample(number(counters.failures));
  out.gauge("peerjsd_events_waiting", "Events that are not delivered yet.");
  out.sample(number(hook.waiting()));
}

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

double resident_bytes() {
  std::uint64_t pages = 0;
  std::uint64_t resident = 0;
  std::ifstream("/proc/self/statm") >> pages >> resident;
  return number(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

double since_epoch(std::chrono::system_clock::time_point time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

void write_process(PrometheusText& out, std::chrono::system_clock::time_point start) {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  out.counter("process_cpu_seconds_total", "Processor time spent.");
  out.sample(seconds(usage.ru_utime) + seconds(usage.ru_stime));
  out.gauge("process_resident_memory_bytes", "Resident memory.");
  out.sample(resident_bytes());
  out.gauge("process_start_time_seconds", "When the server was started, since 1970.");
  out.sample(since_epoch(start));
}

}  // namespace

std::string metrics(const Observed& observed) {
  PrometheusText out;
  out.gauge("peerjsd_build_info", "1, with the version.");
  out.sample(1, {{"version", version()}});
  write_peers(out, observed);
  write_connections(out, observed.sessions);
  write_messages(out, observed.relay.counters());
  write_arrivals(out, observed.relay.counters());
  write_incidents(out, observed.sessions.incidents());
  out.histogram("peerjsd_relay_latency_seconds",
                "From when the server took a message in to when it had sent it on.",
                observed.sessions.relay_latency());
  out.histogram("peerjsd_loop_lag_seconds", "By how much a timer of 25 ms came too late.",
                observed.loop_lag);
  if (observed.certificate_expiry) {
    out.gauge("peerjsd_certificate_expiry_seconds", "When the certificate expires, since 1970.");
    out.sample(since_epoch(*observed.certificate_expiry));
  }
  if (observed.cluster != nullptr) write_cluster(out, *observed.cluster);
  if (observed.auth_hook != nullptr) write_auth(out, *observed.auth_hook);
  if (observed.event_hook != nullptr) write_events(out, *observed.event_hook);
  write_process(out, observed.started);
  return out.text();
}

}  // namespace peerjsd::app
