#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <utility>

namespace peerjsd::fuzz {

/// The fuzzer's bytes as a row of choices, one byte each. When they are used up, every choice is
/// the first.
class Bytes {
 public:
  Bytes(const std::uint8_t* data, std::size_t size) : at_(data), end_(data + size) {}

  bool empty() const { return at_ == end_; }

  /// 0 to count - 1.
  std::size_t below(std::size_t count) { return empty() ? 0 : *at_++ % count; }

  bool flip() { return below(2) == 1; }

  /// All that is left, as it is.
  std::string rest() { return {std::exchange(at_, end_), end_}; }

  template <class Choices>
  auto& one_of(Choices& choices) {
    return *std::next(std::begin(choices), static_cast<std::ptrdiff_t>(below(std::size(choices))));
  }

 private:
  const std::uint8_t* at_;
  const std::uint8_t* end_;
};

}  // namespace peerjsd::fuzz
