#pragma once

#include "peerjsd/core/time.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace peerjsd::fuzz {

inline constexpr std::size_t kClients = 4;

/// Something that one of the clients does, or that time passes.
struct Step {
  enum class Kind : std::uint8_t {
    Write,
    End,    ///< of its half
    Close,  ///< the next Write is on a new connection
    Pause,  ///< it reads nothing more, or reads on
    Pass,   ///< time passes at once
    Pace,   ///< time passes, bit by bit
  };
  Kind kind;
  std::size_t client = 0;
  std::string bytes{};
  core::Duration time{};
};

/// What is to be written stands in a script as it is. After each piece come the byte F7, which is
/// neither in UTF-8 nor begins a sound frame, and a letter that says what to do with the piece:
///
/// w   write it             t, r  write it in a text frame, or in ten
/// o   open a WebSocket, for the query that it is
/// h   ask for it, "GET /" or so    p  post, to its first line, the others
/// a, b, c, d   it is from this client, as what follows
/// e, x, s   end, close, pause      0 to 9, z   let time pass
std::vector<Step> read_script(std::string_view script);

}  // namespace peerjsd::fuzz
