#pragma once

#include "peerjsd/net/websocket_codec.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace peerjsd::test {

/// The events of one client's bytes, a line each: "text hello", "close 1000 bye", "error 1002".
using Transcript = std::vector<std::string>;

/// What a WebSocketDecoder makes of a client's bytes.
class DecodedStream {
 public:
  explicit DecodedStream(std::size_t limit) : limit_(limit) {}

  /// The bytes lie in an allocation of their own size that is gone afterwards, so that a sanitizer
  /// sees a step outside of it and a view kept for too long.
  void feed(std::string_view bytes);

  /// All of them, so many at a time.
  void feed_in_chunks(std::string_view bytes, std::size_t chunk);

  const Transcript& transcript() const { return transcript_; }
  std::string_view reason() const { return reason_; }
  bool ended() const { return ended_; }

 private:
  void note(const net::WebSocketDecoder::Result& result);

  net::WebSocketDecoder decoder_;
  std::size_t limit_;
  Transcript transcript_;
  std::string_view reason_;
  bool ended_ = false;
};

/// What Beast's WebSocket, an independent reader, makes of the same bytes.
struct BeastVerdict {
  Transcript transcript;
  std::string reason;  ///< why it ended
  enum class End { Other, BadText, BadCloseReason, BadCloseCode, TooBig } end = End::Other;
};

BeastVerdict read_with_beast(std::string_view bytes, std::size_t limit, std::size_t chunk);

enum class Verdict { Same, DeliberatelyDifferent, Different };

Verdict compare(const DecodedStream& ours, const BeastVerdict& beast);

}  // namespace peerjsd::test
