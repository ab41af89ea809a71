// Whatever happens to a relay, it does what its rules say: see support/relay_model.hpp.

#include "support/relay_model.hpp"

#include "peerjsd/core/relay.hpp"
#include "support/bytes.hpp"
#include "support/letters.hpp"
#include "support/line.hpp"
#include "support/require.hpp"
#include "support/wording.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace peerjsd;
using namespace std::chrono_literals;
using core::Admission;
using core::Carrier;
using core::Credentials;
using core::End;
using core::MessageType;
using fuzz::Bytes;
using fuzz::Line;
using fuzz::LineTransport;
using fuzz::require;

namespace {

// Few of each, so that they meet; and all times are multiples of one, so that they coincide.
constexpr core::Duration kUnit = 250ms;
constexpr std::array<std::string_view, 2> kKeys = {"one", "two"};
constexpr std::array<std::string_view, 8> kAskedKeys = {"one", "one", "one", "one",
                                                        "two", "two", "two", "no key"};
constexpr std::array<std::string_view, 4> kIds = {"\"\n", "5", "a", "b"};
constexpr std::array<std::string_view, 9> kAskedIds = {"\"\n", "5", "a", "b",       "\"\n",
                                                       "5",    "a", "b", "too long"};
constexpr std::array<core::AddressGroup, 4> kGroups = {
    core::AddressGroup::Local, core::AddressGroup::Unknown, core::AddressGroup{7},
    core::AddressGroup{8}};

constexpr std::array<MessageType, 4> kVerbs = {MessageType::Offer, MessageType::Answer,
                                               MessageType::Candidate, MessageType::Leave};

constexpr std::array<End, 10> kEnds = {End::GoingAway,  End::ClosedWithCode, End::ClosedWithoutCode,
                                       End::Lost,       End::Lost,           End::StreamClosed,
                                       End::OverLimit,  End::Silent,         End::Replaced,
                                       End::ServerStops};

core::RelayOptions read_options(Bytes& bytes) {
  constexpr std::array<std::size_t, 4> limits = {std::size_t{1} << 20, 2000, 1000, 600};
  const auto time = [&] { return static_cast<core::Duration::rep>(bytes.below(9)) * kUnit; };
  core::RelayOptions options;
  options.keys.assign(kKeys.begin(), kKeys.end());
  options.leave = core::LeavePolicy{static_cast<std::uint8_t>(bytes.below(3))};
  options.expire_timeout = time();
  options.alive_timeout = 2 * time();
  options.leave_grace = time();
  options.takeover_probe = time();
  options.concurrent_limit = 5 - bytes.below(5);
  options.ip_limit = bytes.below(4);
  options.max_id_bytes = 6;
  options.max_token_bytes = 2;
  options.allow_types = {"CHAT"};
  if (bytes.flip()) options.accepts_id = [](std::string_view id) { return id != "5"; };
  options.outstanding.per_destination = bytes.one_of(limits);
  options.outstanding.per_sender = bytes.one_of(limits);
  options.outstanding.total = bytes.one_of(limits);
  return options;
}

/// A relay and its model, to which the same happens.
class Twins {
 public:
  explicit Twins(Bytes bytes)
      : bytes_(bytes), options_(read_options(bytes_)), relay_(options_), model_(options_) {}

  void run() {
    while (!bytes_.empty()) {
      step();
      compare();
    }
    for (Client& client : clients_) {
      if (client.transport != nullptr) detach(client, End::ServerStops);
    }
    for (int i = 0; i < 3; ++i) pass(1h);
    compare();
    for (const std::string_view key : kKeys) {
      require(relay_.realm(key)->size() == 0, "nobody is left");
      require(relay_.realm(key)->outstanding.empty(), "nothing is left");
      require(relay_.realm(key)->outstanding.bytes() == 0, "no bytes are left");
    }
  }

 private:
  struct Client {
    std::unique_ptr<LineTransport> transport;  // nullptr: it is not connected
    Line line;                                 // the model's
    std::string_view key;                      // with which it came last
    bool admitted = false;
  };

  void step() {
    switch (bytes_.below(12)) {
      case 0:
      case 1:
      case 2:
        return attach(bytes_.one_of(clients_));
      case 3:
      case 4:
      case 5:
        return say(bytes_.one_of(clients_));
      case 6:
        return post();
      case 7:
        return leave_off(bytes_.one_of(clients_));
      case 8:
        return pass(static_cast<core::Duration::rep>(bytes_.below(10)) * kUnit);
      case 9:
        return change(bytes_.one_of(clients_));
      case 10:
        return read(bytes_.one_of(clients_));
      default:
        return show_life(bytes_.one_of(clients_));
    }
  }

  std::string_view token() {
    constexpr std::array<std::string_view, 7> tokens = {"t", "t", "t", "t", "u", "", "ttt"};
    return bytes_.one_of(tokens);
  }

  Credentials credentials() {
    const std::string_view key = bytes_.one_of(kAskedKeys);
    const std::string_view id = bytes_.one_of(kAskedIds);
    return {key, id, token()};
  }

  void attach(Client& client) {
    constexpr std::array<Carrier, 4> carriers = {Carrier::WebSocket, Carrier::WebSocket,
                                                 Carrier::Stream, Carrier::RenewedStream};
    const Credentials who = credentials();
    const core::PeerKind kind = bytes_.flip() ? core::PeerKind::Native : core::PeerKind::Page;
    const core::Client about{.kind = kind, .group = bytes_.one_of(kGroups)};
    if (client.transport == nullptr) {
      client.line = {};
      client.line.carrier = bytes_.one_of(carriers);
      client.line.room = 1000;
      client.admitted = false;
      client.transport = std::make_unique<LineTransport>(client.line);
    } else if (client.admitted) {
      return;
    }
    client.key = who.key;
    const Admission relays = relay_.attach(*client.transport, who, about, now_);
    const Admission models = model_.attach(client.line, who, about, now_);
    agree(relays, models, who.id);
    admissions_.add(models);
    client.admitted = core::is_admitted(relays);
  }

  void say(Client& client) {
    if (client.transport == nullptr) return;
    const auto [text, meaning] = message(client.key);
    const core::Receipt models = model_.receive(client.line, meaning, now_);
    agree(relay_.receive(*client.transport, text, now_), models, text);
    receipts_.add(models);
  }

  void post() {
    const Credentials who = credentials();
    const MessageType verb = bytes_.one_of(kVerbs);
    const auto [text, meaning] = message(who.key);
    const core::Receipt models = model_.receive(who, verb, meaning, now_);
    agree(relay_.receive(who, verb, text, now_), models, text);
    receipts_.add(models);
  }

  template <class Verdict>
  static void agree(Verdict relays, Verdict models, std::string_view what) {
    if (relays == models) return;
    std::fprintf(stderr, "%.*s: %d, but should be %d\n", static_cast<int>(what.size()), what.data(),
                 static_cast<int>(relays), static_cast<int>(models));
    require(false, "the same verdict");
  }

  fuzz::Phrase message(std::string_view key) {
    const fuzz::Phrase phrase = fuzz::read_phrase(bytes_, letters_.next());
    letters_.send(key, phrase.meaning.dst);
    return phrase;
  }

  void leave_off(Client& client) {
    const End end = bytes_.one_of(kEnds);
    if (client.transport != nullptr) detach(client, end);
  }

  void detach(Client& client, End end) {
    relay_.detach(*client.transport, end, now_);
    model_.detach(client.line, end, now_);
    compare(client);
    client.transport.reset();
  }

  /// What is due is done each time that time has passed, as in the server.
  void pass(core::Duration time) {
    now_ += time;
    relay_.expire(now_);
    model_.expire(now_);
  }

  void change(Client& client) {
    const std::size_t any = bytes_.below(256);
    const std::size_t room = any % 2 == 0 ? 1000 : any / 2;  // messages have about 50 bytes
    const std::size_t what = bytes_.below(8);
    if (client.transport == nullptr) return;
    for (Line* const line : {&client.line, &client.transport->line}) {
      line->room = room;
      line->can_be_probed = (what & 1) == 0;
      line->has_been_read = (what & 2) == 0;
      line->settles = now_ + ((what & 4) == 0 ? 0ms : 70ms);
    }
  }

  void read(Client& client) {
    std::size_t count = bytes_.below(8);
    if (client.transport == nullptr || client.transport->peer() == nullptr) return;
    for (; count > 0 && !client.line.unread.empty(); --count) {
      letters_.check(*client.transport->peer(), client.key, client.line.unread.front());
      for (Line* const line : {&client.line, &client.transport->line}) {
        line->unread.erase(line->unread.begin());
      }
    }
  }

  void show_life(Client& client) {
    if (client.transport == nullptr) return;
    relay_.sign_of_life(*client.transport, now_);
    model_.sign_of_life(client.line, now_);
  }

  void compare() {
    for (Client& client : clients_) {
      if (client.transport != nullptr) compare(client);
    }
    for (const std::string_view key : kKeys) {
      require(census(*relay_.realm(key)) == model_.census(key), "the same peers are there");
    }
    require(relay_.counters().admissions == admissions_, "who came is counted");
    require(relay_.counters().receipts == receipts_, "what was sent is counted");
  }

  void compare(Client& client) const {
    auto relays = std::exchange(client.transport->line.events, {});
    auto models = std::exchange(client.line.events, {});
    if (relays != models) {
      for (const std::string& event : relays) std::fprintf(stderr, "relay: %s\n", event.c_str());
      for (const std::string& event : models) std::fprintf(stderr, "model: %s\n", event.c_str());
      require(false, "the same happens to a transport");
    }
    const core::Peer* const peer = client.transport->peer();
    require((peer == nullptr ? "" : peer->id) == model_.id_on(client.line), "carries the same");
  }

  static fuzz::Census census(const core::Realm& realm) {
    fuzz::Census census;
    const std::vector<std::string_view> connected = realm.connected_ids();
    for (const std::string_view id : kIds) {
      const core::Peer* const peer = realm.find(id);
      if (peer == nullptr) continue;
      const bool is_connected = std::ranges::count(connected, id) == 1;
      auto& entry = census.peers.emplace_back(fuzz::Census::Peer{id, is_connected, {}});
      for (const core::Peer* const partner : peer->partners) entry.partners.push_back(partner->id);
      std::ranges::sort(entry.partners);
    }
    require(realm.size() == census.peers.size(), "nobody else is registered");
    for (const core::AddressGroup group : kGroups) {
      census.groups.insert(census.groups.end(), realm.connected(group), group);
    }
    census.outstanding_bytes = realm.outstanding.bytes();
    require(realm.outstanding.empty() == (census.outstanding_bytes == 0), "empty is empty");
    return census;
  }

  Bytes bytes_;
  core::RelayOptions options_;
  core::Relay relay_;
  fuzz::RelayModel model_;
  std::array<Client, 6> clients_;
  fuzz::Letters letters_;
  decltype(core::RelayCounters::admissions) admissions_;
  decltype(core::RelayCounters::receipts) receipts_;
  core::Instant now_{1h};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Twins({data, size}).run();
  return 0;
}
