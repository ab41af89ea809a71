#pragma once

#include "peerjsd/core/time.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <spdlog/fmt/fmt.h>

namespace peerjsd::net {

/// What went wrong with a client, or what it was refused.
enum class Incident : std::uint8_t {
  ConnectionRefused,
  HttpRefused,
  WebSocketRefused,
  ClientRefused,
  TokenRefused,
  AuthServiceFailed,  ///< nobody could be asked whether a client may connect
  MessageDropped,
  NoRoom,  ///< for a message to wait; its sender got EXPIRE
  WebSocketFailed,
  TlsFailed,
  SlowReader,  ///< ended, for it left too much unread
  Slowed,      ///< it sends faster than it may
  Flood,       ///< ended, for it went on doing so
};

inline constexpr std::size_t kIncidents = 13;

std::string_view to_string(Incident incident);

/// Counts them, and logs each as a warning, but in one second not more than kMostLines of a kind:
/// of the rest it says how many they were. So nobody can fill the log.
class Incidents {
 public:
  static constexpr unsigned kMostLines = 20;

  /// `format` and `arguments` say after the kind what was the matter.
  template <class... Arguments>
  void report(Incident incident, fmt::format_string<Arguments...> format,
              Arguments&&... arguments) {
    if (!count(incident)) return;
    warn(incident, fmt::format(format, std::forward<Arguments>(arguments)...));
  }

  /// For what is logged elsewhere.
  void add(Incident incident) { ++of(incident).total; }

  std::uint64_t total(Incident incident) const;

  /// To be called more often than once a second.
  void expire(core::Instant now);

  /// Those that have happened, as in "messages dropped 3, TLS failed 1"; empty if none has.
  std::string summary() const;

 private:
  struct Count {
    std::uint64_t total = 0;
    std::uint64_t this_second = 0;
  };

  Count& of(Incident incident) { return counts_[static_cast<std::size_t>(incident)]; }
  bool count(Incident incident);
  static void warn(Incident incident, const std::string& text);

  std::array<Count, kIncidents> counts_;
  core::Instant second_{};  // when the present one began
};

}  // namespace peerjsd::net
