#pragma once

#include "peerjsd/core/message.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace peerjsd::core {

/// What became of a wish to register.
enum class Admission : std::uint8_t {
  Opened,
  Resumed,
  Standby,     ///< a stream, but the peer has a WebSocket, which goes first
  Later,       ///< a renewed stream, but of the one before not all has been read
  Incomplete,  ///< key, id or token is missing
  InvalidKey,
  IdTooLong,
  TokenTooLong,
  IdNotAllowed,
  IdTaken,
  LimitReached,
  AddressLimitReached,
  OwnerLimitReached,
  Unavailable,  ///< the other nodes cannot be asked whether the id is free
  Pending,      ///< they have been asked
  Contested,    ///< somebody else has asked for the id, and has no answer yet: to be tried again
};

/// What became of a message.
enum class Receipt : std::uint8_t {
  Relayed,
  Forwarded,  ///< the destination is not here; the other nodes are asked
  Kept,       ///< the destination is absent; the message waits for it
  Expired,  ///< the destination is absent, nothing waits (expire_timeout 0): the sender was told so
  NoRoom,   ///< too much waits for the destination already, or in all: the sender was told so
  Heartbeat,
  Left,          ///< LEAVE without a destination: the sender's registration has ended
  Late,          ///< the relay had already let go of this transport
  Early,         ///< it is not known yet whether the sender may have its id
  Unauthorized,  ///< nobody is registered with this key, id and token
  Absent,        ///< LEAVE to an absent peer, or the tail of an expired attempt: nothing to do
  NotUtf8,
  NotJson,
  NotAnObject,
  TooDeep,
  UnknownType,
  NotAllowed,  ///< one of the two has no right to that: the sender was told so
  WrongVerb,   ///< its type is not that of the URL it was posted to
  NoDestination,
};

bool is_admitted(Admission admission);

/// Why a client was refused, in the words of npm peer 1.0.2 (that its `address` has too many peers:
/// of 0.2.10) where it has some; empty if it was not.
std::string refusal_reason(Admission admission, std::string_view address);

/// The message that tells the client so.
std::string refusal(Admission admission, std::string_view address);

/// Why a message was dropped, in words for the operator; empty if nothing was wrong with it.
std::string_view complaint(Receipt receipt);

/// What is recorded of a message that could not be read.
Receipt receipt_of(ParseError error);

}  // namespace peerjsd::core
