#pragma once

#include <charconv>
#include <string_view>
#include <system_error>

namespace peerjsd::core {

/// Reads a whole number, with a minus where the type has a sign. False if `text` is anything else,
/// or more than the type holds; then `number` means nothing.
template <class Number>
bool read_number(std::string_view text, Number& number) {
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  return error == std::errc{} && stop == end;
}

}  // namespace peerjsd::core
