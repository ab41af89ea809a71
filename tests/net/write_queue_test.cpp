#include "peerjsd/net/write_queue.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace peerjsd::net {
namespace {

using Strings = std::vector<std::string>;

bool is_message(const std::string& unit) {
  return unit[0] == 'm';
}

std::string next(const WriteQueue& queue) {
  std::string bytes;
  const WriteQueue::Buffers buffers = queue.next();
  for (const iovec& buffer : std::span<const iovec>(buffers)) {
    bytes.append(static_cast<const char*>(buffer.iov_base), buffer.iov_len);
  }
  return bytes;
}

TEST(WriteQueue, GivesOutUnitsInOrderFromWhereWritingStopped) {
  WriteQueue queue;
  queue.push("abc");
  queue.push("def");
  EXPECT_EQ(next(queue), "abcdef");
  queue.consume(2);
  EXPECT_EQ(next(queue), "cdef");
  queue.consume(2);
  queue.push("ghi");
  EXPECT_EQ(next(queue), "efghi");
  EXPECT_EQ(queue.bytes(), 5U);
  queue.consume(5);
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.bytes(), 0U);
}

TEST(WriteQueue, OffersAsManyUnitsAsOneCallTakes) {
  WriteQueue queue;
  for (int i = 0; i < 100; ++i) queue.push("x");
  EXPECT_EQ(next(queue).size(), WriteQueue::kMostBuffers);
  queue.consume(WriteQueue::kMostBuffers);
  EXPECT_EQ(next(queue).size(), 100 - WriteQueue::kMostBuffers);
}

TEST(WriteQueue, StaysWholeThoughItIsNeverEmpty) {
  WriteQueue queue;
  std::string written;
  std::string expected;
  queue.push("start");
  expected += "start";
  for (int i = 0; i < 1000; ++i) {
    const std::string unit = std::to_string(i) + ";";
    queue.push(unit);
    expected += unit;
    const std::string bytes = next(queue).substr(0, unit.size());
    written += bytes;
    queue.consume(bytes.size());
  }
  written += next(queue);
  EXPECT_EQ(written, expected);
}

TEST(WriteQueue, TakesBackWhatHasNotBegun) {
  WriteQueue queue;
  queue.push("m1");
  queue.push("m2");
  queue.push("ping");
  queue.push("m3");
  EXPECT_EQ(queue.begun(), nullptr);
  queue.consume(3);
  ASSERT_NE(queue.begun(), nullptr);
  EXPECT_EQ(*queue.begun(), "m2");
  EXPECT_EQ(queue.take_unbegun(is_message), Strings{"m3"});
  EXPECT_EQ(next(queue), "2ping") << "what has begun must be ended";
  EXPECT_EQ(queue.bytes(), 5U);
}

TEST(WriteQueue, TakesBackNothingThatIsWritten) {
  WriteQueue queue;
  queue.push("m1");
  queue.push("m2");
  queue.consume(2);
  EXPECT_EQ(queue.take_unbegun(is_message), Strings{"m2"});
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.take_unbegun(is_message), Strings{});
}

}  // namespace
}  // namespace peerjsd::net
