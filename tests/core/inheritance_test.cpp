#include "peerjsd/core/inheritance.hpp"

#include "support/print.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace peerjsd::core {
namespace {

using Keepsakes = std::vector<Inheritance::Kept>;

Inheritance::Kept kept(std::string src, MessageType type, std::string text,
                       std::uint32_t mark = 1) {
  return {std::move(src), type, std::move(text), Instant{}, mark};
}

TEST(Inheritance, KeepsTheOrderOfSeveral) {
  Inheritance all{.kept = {kept("b", MessageType::Offer, "1")}};
  all.append({.kept = {kept("", MessageType::Expire, "2"), kept("b", MessageType::Answer, "3")}});
  EXPECT_EQ(all.kept,
            (Keepsakes{kept("b", MessageType::Offer, "1"), kept("", MessageType::Expire, "2"),
                       kept("b", MessageType::Answer, "3")}));
}

TEST(Inheritance, GivesMessagesAndWhatFollowsThemOfTheSameSender) {
  Inheritance all{
      .kept = {kept("b", MessageType::Leave, "before"), kept("", MessageType::Expire, "told"),
               kept("b", MessageType::Offer, "anew"), kept("c", MessageType::Leave, "another"),
               kept("b", MessageType::Leave, "of another", 2),
               kept("b", MessageType::Leave, "behind")}};
  EXPECT_EQ(all.take_messages(), (Keepsakes{kept("b", MessageType::Offer, "anew"),
                                            kept("b", MessageType::Leave, "behind")}));
  EXPECT_EQ(all.kept, (Keepsakes{kept("b", MessageType::Leave, "before"),
                                 kept("", MessageType::Expire, "told"),
                                 kept("c", MessageType::Leave, "another"),
                                 kept("b", MessageType::Leave, "of another", 2)}));
}

}  // namespace
}  // namespace peerjsd::core
