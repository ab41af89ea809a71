// The decoder reads a client's bytes as Beast does, however they are cut.

#include "support/decoded_stream.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

using namespace peerjsd;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t limit = data[0] % 2 == 0 ? 200 : std::size_t{1} << 20;
  const std::size_t chunk = 1U + data[1];
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  test::DecodedStream ours(limit);
  ours.feed_in_chunks(bytes, chunk);
  const test::BeastVerdict theirs = test::read_with_beast(bytes, limit, 512);
  if (test::compare(ours, theirs) != test::Verdict::Different) return 0;
  for (const auto& line : ours.transcript()) std::fprintf(stderr, "ours:    %s\n", line.c_str());
  for (const auto& line : theirs.transcript) std::fprintf(stderr, "Beast's: %s\n", line.c_str());
  std::abort();
}
