#pragma once

#include "peerjsd/core/time.hpp"
#include "peerjsd/hooks/auth_answer.hpp"

#include <array>
#include <cstddef>
#include <list>
#include <map>
#include <string_view>
#include <utility>

namespace peerjsd::hooks {

/// SHA-256 of a question. Nobody finds two of the same, and nobody a token or a cookie in one.
using Digest = std::array<unsigned char, 32>;

Digest digest_of(std::string_view question);

/// An answer, and until when whom it admits may stay.
struct Settled {
  AuthAnswer answer;
  core::Instant expiry = core::Instant::max();
};

/// Answers that hold for a while, so many of them at most: then the oldest goes.
class AuthCache {
 public:
  explicit AuthCache(std::size_t most) : most_(most) {}

  void put(const Digest& question, const Settled& settled, core::Instant until);

  /// nullptr: there is none that still holds.
  const Settled* find(const Digest& question, core::Instant now) const;

  void clear();

  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    Settled settled;
    core::Instant until{};
    std::list<Digest>::iterator place;
  };

  const std::size_t most_;
  std::map<Digest, Entry> entries_;
  std::list<Digest> order_;  // in which they came
};

}  // namespace peerjsd::hooks
