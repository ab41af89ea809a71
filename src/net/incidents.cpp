#include "peerjsd/net/incidents.hpp"

#include <chrono>

#include <spdlog/spdlog.h>

namespace peerjsd::net {

std::string_view to_string(Incident incident) {
  switch (incident) {
    case Incident::ConnectionRefused:
      return "Connection refused";
    case Incident::HttpRefused:
      return "HTTP request refused";
    case Incident::WebSocketRefused:
      return "WebSocket refused";
    case Incident::ClientRefused:
      return "Client refused";
    case Incident::TokenRefused:
      return "Token refused";
    case Incident::AuthServiceFailed:
      return "Auth service failed";
    case Incident::MessageDropped:
      return "Message dropped";
    case Incident::NoRoom:
      return "No room left";
    case Incident::WebSocketFailed:
      return "WebSocket failed";
    case Incident::TlsFailed:
      return "TLS failed";
    case Incident::SlowReader:
      return "Client too slow";
    case Incident::Slowed:
      return "Client slowed";
    case Incident::Flood:
      break;
  }
  return "Client floods";
}

bool Incidents::count(Incident incident) {
  ++of(incident).total;
  return ++of(incident).this_second <= kMostLines;
}

void Incidents::warn(Incident incident, const std::string& text) {
  spdlog::warn("{}: {}", to_string(incident), text);
}

std::uint64_t Incidents::total(Incident incident) const {
  return counts_[static_cast<std::size_t>(incident)].total;
}

void Incidents::expire(core::Instant now) {
  if (now < second_ + std::chrono::seconds(1)) return;
  second_ = now;
  for (std::size_t i = 0; i < kIncidents; ++i) {
    const std::uint64_t in_all = std::exchange(counts_[i].this_second, 0);
    if (in_all <= kMostLines) continue;
    warn(static_cast<Incident>(i), fmt::format("{} more in a second", in_all - kMostLines));
  }
}

std::string Incidents::summary() const {
  std::string text;
  for (std::size_t i = 0; i < kIncidents; ++i) {
    if (counts_[i].total == 0) continue;
    if (!text.empty()) text += ", ";
    text += fmt::format("{} {}", to_string(static_cast<Incident>(i)), counts_[i].total);
  }
  return text;
}

}  // namespace peerjsd::net
