#include "peerjsd/core/deadline_queue.hpp"

#include <chrono>
#include <memory>

#include <gtest/gtest.h>

namespace peerjsd::core {
namespace {

using namespace std::chrono_literals;

struct FirstTag;
struct SecondTag;
struct Item : Deadline<FirstTag>, Deadline<SecondTag> {};
using Queue = DeadlineQueue<Item, FirstTag>;

constexpr Instant kStart{1h};

TEST(DeadlineQueue, GivesOutWhatIsDueOldestFirst) {
  Queue queue;
  Item a;
  Item b;
  queue.push(a, kStart);
  queue.push(b, kStart + 10ms);
  EXPECT_EQ(queue.pop_due(kStart + 99ms, 100ms), nullptr);
  EXPECT_EQ(queue.pop_due(kStart + 110ms, 100ms), &a);
  EXPECT_EQ(queue.pop_due(kStart + 110ms, 100ms), &b);
  EXPECT_EQ(queue.pop_due(kStart + 110ms, 100ms), nullptr);
  EXPECT_TRUE(queue.empty());
}

TEST(DeadlineQueue, BeginsAnewWhenPushedAgain) {
  Queue queue;
  Item a;
  Item b;
  queue.push(a, kStart);
  queue.push(b, kStart + 10ms);
  queue.push(a, kStart + 20ms);
  EXPECT_EQ(queue.front(), &b);
  EXPECT_EQ(queue.since(a), kStart + 20ms);
}

TEST(DeadlineQueue, PutsWhatHasWaitedLongerBeforeWhatHasNot) {
  Queue queue;
  Item a;
  Item b;
  Item c;
  queue.push(a, kStart);
  queue.push(b, kStart + 20ms);
  queue.push(c, kStart + 10ms);
  EXPECT_EQ(queue.pop_due(kStart + 1s, 0ms), &a);
  EXPECT_EQ(queue.pop_due(kStart + 1s, 0ms), &c);
  EXPECT_EQ(queue.pop_due(kStart + 1s, 0ms), &b);
  queue.push(b, kStart + 20ms);
  queue.push(c, kStart + 10ms);
  EXPECT_EQ(queue.front(), &c) << "even before all";
}

TEST(DeadlineQueue, ForgetsWhatWasRemovedOrDestroyed) {
  Queue queue;
  Item a;
  auto b = std::make_unique<Item>();
  queue.push(a, kStart);
  queue.push(*b, kStart);
  EXPECT_TRUE(queue.contains(a));
  queue.remove(a);
  EXPECT_FALSE(queue.contains(a));
  b.reset();
  EXPECT_TRUE(queue.empty());
}

TEST(DeadlineQueue, OfOneKindKnowsNothingOfAnother) {
  Queue first;
  DeadlineQueue<Item, SecondTag> second;
  Item item;
  first.push(item, kStart);
  second.push(item, kStart + 5ms);
  first.remove(item);
  EXPECT_TRUE(first.empty());
  EXPECT_EQ(second.front(), &item);
  EXPECT_EQ(second.since(item), kStart + 5ms);
}

}  // namespace
}  // namespace peerjsd::core
