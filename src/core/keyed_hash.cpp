#include "peerjsd/core/keyed_hash.hpp"

#include <bit>
#include <cstring>

namespace peerjsd::core {
namespace {

struct State {
  std::uint64_t v0, v1, v2, v3;

  void round() {
    v0 += v1;
    v1 = std::rotl(v1, 13) ^ v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = std::rotl(v1, 17) ^ v2;
    v2 = std::rotl(v2, 32);
  }

  void take(std::uint64_t word) {
    v3 ^= word;
    round();
    v0 ^= word;
  }
};

/// The order of the bytes is the machine's: the hash is for this process alone.
std::uint64_t word_at(std::string_view text, std::size_t offset) {
  std::uint64_t word = 0;
  std::memcpy(&word, text.data() + offset, sizeof word);
  return word;
}

}  // namespace

std::uint64_t keyed_hash(const HashKey& key, std::string_view text) {
  State state{key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d, key[0] ^ 0x6c7967656e657261,
              key[1] ^ 0x7465646279746573};
  constexpr std::size_t step = sizeof(std::uint64_t);
  const std::size_t rest = text.size() % step;
  for (std::size_t i = 0; i + step <= text.size(); i += step) state.take(word_at(text, i));
  std::uint64_t last = std::uint64_t{text.size()} << 56;
  for (std::size_t i = 0; i < rest; ++i) {
    last |= std::uint64_t{static_cast<unsigned char>(text[text.size() - rest + i])} << (8 * i);
  }
  state.take(last);
  state.v2 ^= 0xff;
  for (int i = 0; i < 3; ++i) state.round();
  return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

}  // namespace peerjsd::core
