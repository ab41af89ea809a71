#pragma once

#include <cstdint>
#include <string_view>

namespace peerjsd::core {

/// When the server tells a peer's partners that it has left.
enum class LeavePolicy : std::uint8_t {
  Auto,    ///< by how the peer went, see leave_timing()
  Always,  ///< at every end, at once
  Never,   ///< not at all, as npm peer
};

/// What stands behind a peer: a page runs a peerjs client in a browser, whose calls may outlive its
/// connection to the server; anything else (wscat, an app's own code) is native.
enum class PeerKind : std::uint8_t { Page, Native };

/// How a peer's connection ended.
enum class End : std::uint8_t {
  GoingAway,          ///< Close 1001: tab closed, reload, browser quit
  ClosedWithCode,     ///< any other Close with a code
  ClosedWithoutCode,  ///< Close without a code: what disconnect() and destroy() of peerjs send
  Lost,               ///< end of the TCP connection, or a protocol error, without a Close
  StreamClosed,       ///< the client dropped the XHR stream that carried it
  Silent,             ///< no sign of life within alive_timeout, or a failed takeover probe
  OverLimit,          ///< the server closed it because it did not keep to a limit
  Left,               ///< the peer sent LEAVE without a destination
  Replaced,           ///< the same id and token came back on another transport
  ServerStops,
  Dismissed,  ///< the operator ended it
  Expired,    ///< its token has
  Displaced,  ///< its id has become another peer's, on another node
};

enum class LeaveTiming : std::uint8_t { AtOnce, AfterGrace, None };

/// The rule of `--leave`. A peerjs client takes LEAVE as "close everything to that peer". So a page
/// that closed without a code gets none: disconnect() promises that calls live on, and destroy()
/// closes them itself. A page whose connection was lost may still be in its calls and come back.
LeaveTiming leave_timing(LeavePolicy policy, PeerKind kind, End end);

/// Plain words for the operator, e.g. "closed without a code".
std::string_view to_string(End end);

}  // namespace peerjsd::core
