#pragma once

#include "peerjsd/core/backend.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

// What nodes tell each other through Redis: a list of texts, each as a netstring (its length in
// decimal digits, a colon, its bytes), the first of which says what it is. So the scripts can write
// it, too. Since when a message waits is said as how many milliseconds that is: each node has a
// clock of its own.
namespace peerjsd::cluster {

/// Messages for one destination.
struct Delivery {
  std::string_view origin;  ///< the node
  std::uint64_t number;     ///< of this delivery among all of that node; they grow
  std::string_view key;
  std::string_view dst;
  struct Item {
    std::string_view src;
    core::MessageType type;
    std::string_view text;
    core::Instant since;         ///< it has been waiting to arrive
    std::uint32_t mark = 0;      ///< see core::Registration, and core::Parcel on whose
    std::uint32_t dst_mark = 0;  ///< see core::Parcel

    bool operator==(const Item&) const = default;
  };
  std::vector<Item> items;
};

/// What became of deliveries, to their origin.
struct Receipts {
  std::string_view receiver;  ///< the node
  struct Item {
    std::uint64_t number;
    bool is_accepted;            ///< else the destination was not there
    std::uint32_t dst_mark = 0;  ///< of who was handed it; 0: not all of it was handed to anybody
  };
  std::vector<Item> items;
};

/// Somebody for whom something waits has come.
struct Arrived {
  std::string_view key;
  std::string_view id;
};

/// A peer has resumed on another node.
struct Moved {
  std::string_view key;
  std::string_view id;
  std::string_view token;  ///< its digest
};

/// Another token wants the id.
struct Challenged {
  std::string_view key;
  std::string_view id;
};

/// The operator wants it to end.
struct Dismissed {
  std::string_view key;
  std::string_view id;
};

/// A node's word to itself: what was published to it before has come.
struct Fence {};

/// What a peer takes along.
struct Bequest {
  std::string_view key;
  std::string_view id;
  std::string_view token;  ///< its digest
  core::Inheritance inheritance;
};

using Envelope = std::variant<std::monostate, Delivery, Receipts, Arrived, Moved, Challenged,
                              Dismissed, Fence, Bequest>;

/// Nothing if it is none of these. Views of `text`.
Envelope parse_envelope(std::string_view text, core::Instant now);

std::string to_text(const Delivery& delivery, core::Instant now);
std::string to_text(const Receipts& receipts);
std::string to_text(const Dismissed& dismissed);
std::string to_text(Fence);
std::string to_text(const Bequest& bequest, core::Instant now);

}  // namespace peerjsd::cluster
