#include "peerjsd/core/leave_policy.hpp"

namespace peerjsd::core {

LeaveTiming leave_timing(LeavePolicy policy, PeerKind kind, End end) {
  if (end == End::Replaced || end == End::ServerStops || end == End::Displaced) {
    return LeaveTiming::None;
  }
  if (policy == LeavePolicy::Never) return LeaveTiming::None;
  if (policy == LeavePolicy::Always || kind == PeerKind::Native) return LeaveTiming::AtOnce;
  if (end == End::ClosedWithoutCode) return LeaveTiming::None;
  if (end == End::Lost || end == End::Expired) return LeaveTiming::AfterGrace;
  return LeaveTiming::AtOnce;
}

std::string_view to_string(End end) {
  switch (end) {
    case End::GoingAway:
      return "going away";
    case End::ClosedWithCode:
      return "closed";
    case End::ClosedWithoutCode:
      return "closed without a code";
    case End::Lost:
      return "connection lost";
    case End::StreamClosed:
      return "stream closed";
    case End::Silent:
      return "no sign of life";
    case End::OverLimit:
      return "over a limit";
    case End::Left:
      return "left";
    case End::Replaced:
      return "resumed elsewhere";
    case End::ServerStops:
      return "server stops";
    case End::Dismissed:
      return "dismissed by the operator";
    case End::Expired:
      return "token expired";
    case End::Displaced:
      return "id taken on another node";
  }
  return "";
}

}  // namespace peerjsd::core
