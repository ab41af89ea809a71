#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <span>
#include <string>

namespace peerjsd::core {

enum class IdFormat {
  Uuid,   ///< UUID version 4, 36 characters, as npm peer 1.x gives them
  Token,  ///< 16 characters [a-z0-9], as npm peer 0.2.x did
};

/// Fills the span with bytes nobody can predict.
using RandomSource = std::function<void(std::span<std::byte>)>;

/// A fresh id. Unguessable if `random` is; whether it is already in use is for the caller to check.
std::string make_peer_id(IdFormat format, const RandomSource& random);

}  // namespace peerjsd::core
