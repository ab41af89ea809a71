#pragma once

#include "support/bytes.hpp"
#include "support/relay_model.hpp"

#include <string>
#include <string_view>

namespace peerjsd::fuzz {

/// A message in words, and what it means.
struct Phrase {
  std::string text;
  Meaning meaning;
};

/// Some message to one of the ids "\"\n", "5", "a" and "b", or to nobody, or nonsense; in one of
/// several ways to write the same.
Phrase read_phrase(Bytes& bytes, std::string_view payload);

}  // namespace peerjsd::fuzz
