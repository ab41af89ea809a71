#pragma once

#include "peerjsd/core/relay.hpp"
#include "support/line.hpp"
#include "support/outstanding_model.hpp"

#include <cstdint>
#include <list>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace peerjsd::fuzz {

/// What a client wants to say, before it is put into words.
struct Meaning {
  std::optional<core::Receipt> flaw;      ///< it cannot be understood, for this reason
  std::optional<core::MessageType> type;  ///< none: the text names none
  std::string type_name;                  ///< whatever it is
  std::string dst_json;                   ///< as the server will write it; empty: none
  std::string dst;                        ///< the id that this stands for; empty: no id
  std::string payload;                    ///< JSON; empty: none
};

/// What is to be seen of a realm from outside. All in ascending order.
struct Census {
  struct Peer {
    std::string_view id;
    bool is_connected;
    std::vector<std::string_view> partners;
    auto operator<=>(const Peer&) const = default;
  };

  std::vector<Peer> peers;                 ///< everybody who is registered
  std::vector<core::AddressGroup> groups;  ///< of everybody who is connected and not Local
  std::size_t outstanding_bytes = 0;
  bool operator==(const Census&) const = default;
};

/// The rules of the relay once more, written to be read: everything stands in lists, and whatever
/// is asked is counted anew.
///
/// It does to its lines what the relay has to do to the transports with which it was called in the
/// same way. A Line must outlive the model's interest in it: until detach().
class RelayModel {
 public:
  explicit RelayModel(core::RelayOptions options)
      : options_(std::move(options)), outstanding_(options_.outstanding, options_.expire_timeout) {}

  core::Admission attach(Line& line, const core::Credentials& who, const core::Client& client,
                         core::Instant now);
  core::Receipt receive(Line& from, const Meaning& meaning, core::Instant now);
  core::Receipt receive(const core::Credentials& from, core::MessageType verb,
                        const Meaning& meaning, core::Instant now);
  void sign_of_life(Line& from, core::Instant now);
  void detach(Line& line, core::End end, core::Instant now);
  void expire(core::Instant now);

  /// The id that is registered with this line; empty: none.
  std::string_view id_on(const Line& line) const;

  Census census(std::string_view key) const;

 private:
  using Number = std::uint64_t;

  struct Peer {
    std::string key;
    std::string id;
    std::string token;
    core::Client client;
    Number number;         // of its registration
    Line* line = nullptr;  // nullptr: lost
    struct Told {
      std::uint64_t order;  // among what waits
      std::string text;
    };
    std::vector<Told> backlog{};
    std::set<Number> partners{};
    core::Instant alive_at{};  // or lost
    Number alive_order = 0;
    std::optional<core::Instant> probed_at{};
    Number probe_order = 0;
  };

  Peer* find(std::string_view key, std::string_view id);
  Peer* find(Number number);
  Peer* carried_by(const Line& line);
  std::size_t connected(std::string_view key, core::AddressGroup group) const;

  core::Admission admit(Line& line, const core::Credentials& who, const core::Client& client,
                        core::Instant now);
  core::Admission resume(Peer& peer, Line& line, const core::Client& client, core::Instant now);
  Peer* longest_lost(std::string_view key);
  void carry(Peer& peer, Line& line, core::Instant now);
  void show_life(Peer& peer, core::Instant now);

  core::Receipt take(Peer& src, core::MessageType type, const Meaning& meaning, core::Instant now);
  core::Receipt transmit(Peer& src, core::MessageType type, const Meaning& meaning,
                         core::Instant now);
  core::Receipt keep(Peer& src, core::MessageType type, const std::string& dst_json,
                     const std::string& text, core::Instant now);
  void deliver(Peer* src, Peer& dst, core::MessageType type, const std::string& text);
  void deliver_waiting(Peer& peer);
  void save_unsent(Peer& peer, Line& line);
  void tell(Peer& peer, const std::string& text);
  void tell_expired(Peer& src, const std::string& dst_json);

  void end_connection(Peer& peer, core::End end, core::Instant now);
  void close_and_end(Peer& peer, core::End end, core::Instant now);
  void end(Peer& peer, bool tell_partners);
  void expire_peers(core::Instant now);

  core::RelayOptions options_;
  std::list<Peer> peers_;
  OutstandingModel outstanding_;
  Number count_ = 0;  // of whatever has to be numbered
};

}  // namespace peerjsd::fuzz
