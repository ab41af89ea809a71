#include "peerjsd/hooks/event_queue.hpp"

#include <cstddef>
#include <string>

#include <gtest/gtest.h>

namespace peerjsd::hooks {
namespace {

constexpr auto kRare = EventQueue::Kind::Rare;
constexpr auto kCheap = EventQueue::Kind::Cheap;

/// All that is in the queue.
std::string rest_of(EventQueue& queue) {
  std::string all;
  while (queue.size() > 0) {
    all += queue.begin_batch();
    queue.end_batch();
  }
  return all;
}

TEST(EventQueueTest, DropsTheOldestThatWaitsAndNothingUnderWay) {
  EventQueue queue(3);
  queue.push("1", kRare);
  queue.push("2", kRare);
  EXPECT_EQ(queue.begin_batch(), "[1,2]");
  EXPECT_EQ(queue.push("3", kRare), 0U);
  EXPECT_EQ(queue.push("4", kRare), 1U) << "3, for 1 and 2 may have arrived";
  queue.end_batch();
  EXPECT_EQ(rest_of(queue), "[4]");
}

TEST(EventQueueTest, DropsTheNewOneWhereAllAreUnderWay) {
  EventQueue queue(2);
  queue.push("1", kRare);
  queue.push("2", kRare);
  queue.begin_batch();
  EXPECT_EQ(queue.push("3", kRare), 1U);
  queue.set_most(1);
  EXPECT_EQ(queue.push("4", kRare), 1U);
  EXPECT_EQ(queue.size(), 2U);
  queue.end_batch();
  EXPECT_EQ(rest_of(queue), "");
}

TEST(EventQueueTest, IsBoundedInBytesToo) {
  constexpr std::size_t size = EventQueue::kMostBytes / 16;
  const auto event = [](char c) { return std::string(size, c); };
  EventQueue queue(1000);
  EXPECT_EQ(queue.push(event('a'), kRare), 0U);
  for (int i = 0; i < 7; ++i) EXPECT_EQ(queue.push(event('b'), kCheap), 0U);
  EXPECT_EQ(queue.push(event('c'), kCheap), 1U) << "half of it is full";
  for (int i = 0; i < 8; ++i) EXPECT_EQ(queue.push(event('d'), kRare), 0U);
  queue.begin_batch();
  EXPECT_EQ(queue.push(event('e'), kRare), 1U);
  EXPECT_EQ(queue.size(), 16U);
  EXPECT_EQ(queue.push(event('f') + event('f'), kRare), 2U);
  queue.end_batch();
  EXPECT_EQ(queue.size(), 14U) << "that under way, and three that waited, have gone";
  EXPECT_EQ(queue.push(event('g'), kRare), 0U) << "there is room again";
}

TEST(EventQueueTest, GivesHalfOfItToWhatAnybodyCanCause) {
  EventQueue queue(4);
  EXPECT_EQ(queue.push("1", kCheap), 0U);
  EXPECT_EQ(queue.push("2", kCheap), 0U);
  EXPECT_EQ(queue.push("3", kCheap), 1U);
  EXPECT_EQ(queue.push("4", kRare), 0U);
  EXPECT_EQ(queue.push("5", kRare), 0U);
  EXPECT_EQ(queue.push("6", kRare), 1U) << "the oldest, whatever it is";
  EXPECT_EQ(queue.push("7", kCheap), 1U) << "there is no room for it";
  EXPECT_EQ(rest_of(queue), "[2,4,5,6]");
  EXPECT_EQ(queue.push("8", kCheap), 0U);
}

TEST(EventQueueTest, ASmallerOneDropsAllThatIsTooMuch) {
  EventQueue queue(4);
  for (const char* event : {"1", "2", "3", "4"}) queue.push(event, kRare);
  queue.set_most(2);
  EXPECT_EQ(queue.size(), 4U);
  EXPECT_EQ(queue.push("5", kRare), 3U);
  EXPECT_EQ(rest_of(queue), "[4,5]");
}

TEST(EventQueueTest, BoundsABatchByNumberAndSize) {
  EventQueue queue(1000);
  for (std::size_t i = 0; i <= EventQueue::kMostInBatch; ++i) queue.push("1", kRare);
  queue.begin_batch();
  EXPECT_EQ(queue.under_way(), EventQueue::kMostInBatch);
  queue.end_batch();
  EXPECT_EQ(rest_of(queue), "[1]");
  const std::string large(EventQueue::kMostBatchBytes, '1');
  queue.push(large, kRare);
  queue.push("2", kRare);
  EXPECT_EQ(queue.begin_batch(), "[" + large + "]") << "one goes, whatever its size";
}

}  // namespace
}  // namespace peerjsd::hooks
