#include "peerjsd/cluster/envelope.hpp"

#include <chrono>
#include <string>
#include <variant>

#include <gtest/gtest.h>

namespace peerjsd::cluster {
namespace {

using core::Instant;
using core::MessageType;
using namespace std::chrono_literals;
using namespace std::string_literals;

/// By the clock of who speaks, and of who listens.
constexpr Instant kThere{1h};
constexpr Instant kHere{24h};

template <class Kind>
Kind parsed(const std::string& text) {
  const Envelope envelope = parse_envelope(text, kHere);
  EXPECT_TRUE(std::holds_alternative<Kind>(envelope)) << text;
  return std::holds_alternative<Kind>(envelope) ? std::get<Kind>(envelope) : Kind{};
}

TEST(Envelope, CarriesADelivery) {
  const std::string odd = "5:\0 \xc3\xa4,"s;
  const std::string text =
      to_text(Delivery{"node",
                       18446744073709551615U,
                       "key",
                       odd,
                       {{"a", MessageType::Offer, "{}", kThere, 4294967295U, 4294967294U},
                        {odd, MessageType::Expire, "", kThere - 1500ms},
                        {"b", MessageType::Custom, "[]", kThere + 1s}}},
              kThere);
  const auto delivery = parsed<Delivery>(text);
  EXPECT_EQ(delivery.origin, "node");
  EXPECT_EQ(delivery.number, 18446744073709551615U);
  EXPECT_EQ(delivery.key, "key");
  EXPECT_EQ(delivery.dst, odd);
  ASSERT_EQ(delivery.items.size(), 3U);
  EXPECT_EQ(delivery.items[0].src, "a");
  EXPECT_EQ(delivery.items[0].type, MessageType::Offer);
  EXPECT_EQ(delivery.items[0].text, "{}");
  EXPECT_EQ(delivery.items[0].since, kHere);
  EXPECT_EQ(delivery.items[0].mark, 4294967295U);
  EXPECT_EQ(delivery.items[0].dst_mark, 4294967294U);
  EXPECT_EQ(delivery.items[1].src, odd);
  EXPECT_EQ(delivery.items[1].type, MessageType::Expire);
  EXPECT_EQ(delivery.items[1].text, "");
  EXPECT_EQ(delivery.items[1].since, kHere - 1500ms);
  EXPECT_EQ(delivery.items[1].mark, 0U);
  EXPECT_EQ(delivery.items[1].dst_mark, 0U);
  EXPECT_EQ(delivery.items[2].type, MessageType::Custom);
  EXPECT_EQ(delivery.items[2].text, "[]");
  EXPECT_EQ(delivery.items[2].since, kHere) << "nothing waits since later than now";
}

TEST(Envelope, CarriesReceipts) {
  const std::string text = to_text(Receipts{"node", {{7, true, 4294967295U}, {8, false}}});
  const auto receipts = parsed<Receipts>(text);
  EXPECT_EQ(receipts.receiver, "node");
  ASSERT_EQ(receipts.items.size(), 2U);
  EXPECT_EQ(receipts.items[0].number, 7U);
  EXPECT_TRUE(receipts.items[0].is_accepted);
  EXPECT_EQ(receipts.items[0].dst_mark, 4294967295U);
  EXPECT_EQ(receipts.items[1].number, 8U);
  EXPECT_FALSE(receipts.items[1].is_accepted);
}

TEST(Envelope, CarriesABequest) {
  const auto inheritance_at = [](Instant now) -> core::Inheritance {
    return {{{"x"}, {"y", 5}},
            {{"v", MessageType::Answer, "0", now - 2s, 7},
             {"v", MessageType::Custom, "1", now - 1s, 8, 9}},
            {{"z", MessageType::Offer, "4", now - 1h, 6},
             {"", MessageType::Leave, "", now},
             {"z", MessageType::Custom, "5", now}}};
  };
  const std::string text = to_text(Bequest{"key", "id", "token", inheritance_at(kThere)}, kThere);
  const auto bequest = parsed<Bequest>(text);
  EXPECT_EQ(bequest.key, "key");
  EXPECT_EQ(bequest.id, "id");
  EXPECT_EQ(bequest.token, "token");
  EXPECT_EQ(bequest.inheritance, inheritance_at(kHere));
}

TEST(Envelope, IsWhatTheScriptsWrite) {
  EXPECT_EQ(parsed<Arrived>("7:arrived3:key2:id").id, "id");
  EXPECT_EQ(parsed<Challenged>("10:challenged3:key2:id").key, "key");
  const std::string text = "5:moved3:key2:id5:token";
  const auto moved = parsed<Moved>(text);
  EXPECT_EQ(moved.id, "id");
  EXPECT_EQ(moved.token, "token");
  EXPECT_EQ(parsed<Dismissed>(to_text(Dismissed{"key", "id"})).id, "id");
  parsed<Fence>(to_text(Fence{}));
}

TEST(Envelope, RefusesEverythingElse) {
  for (const std::string text : {"",
                                 "x",
                                 "3:abc",
                                 "7:arrived",
                                 "7:arrived3:key",
                                 "7:arrived3:key2:id1:x",
                                 "7:arrived3:key3:id",
                                 "7:arrived3:key2id",
                                 "-1:a",
                                 "99999999999999999999:a",
                                 "8:delivery",
                                 "5:moved3:key2:id",
                                 "8:delivery1:n1:x1:k1:d",
                                 "8:delivery1:n1:11:k1:d1:s",
                                 "8:delivery1:n1:11:k1:d1:s5:OFFER1:01:t1:0",
                                 "8:delivery1:n1:11:k1:d1:s5:OFFER1:01:t1:01:01:s",
                                 "8:delivery1:n1:11:k1:d1:s4:WHAT1:01:t1:01:0",
                                 "8:delivery1:n1:11:k1:d1:s7:unknown1:01:t1:01:0",
                                 "8:delivery1:n1:11:k1:d1:s5:OFFER1:x1:t1:01:0",
                                 "8:delivery1:n1:11:k1:d1:s5:OFFER0:1:t1:01:0",
                                 "8:delivery1:n1:11:k1:d1:s5:OFFER2:-11:t1:01:0",
                                 "8:delivery1:n1:11:k1:d1:s5:OFFER10:42949672961:t1:01:0",
                                 "8:delivery1:n1:11:k1:d1:s5:OFFER1:01:t1:x1:0",
                                 "8:delivery1:n1:11:k1:d1:s5:OFFER1:01:t1:01:x",
                                 "8:delivery1:n1:11:k1:d1:s5:OFFER1:01:t1:010:4294967296",
                                 "8:delivery1:n1:11:k1:d1:s5:OFFER1:01:t10:42949672961:0",
                                 "7:bequest1:k1:i1:t1:0",
                                 "7:bequest1:k1:i1:t1:x1:0",
                                 "7:bequest1:k1:i1:t1:01:x",
                                 "7:bequest1:k1:i1:t1:31:01:p1:01:p",
                                 "7:bequest1:k1:i1:t1:21:01:p1:x",
                                 "7:bequest1:k1:i1:t1:41:01:p1:0",
                                 "7:bequest1:k1:i1:t1:01:11:s",
                                 "7:bequest1:k1:i1:t1:01:61:s4:WHAT1:01:t1:01:0",
                                 "7:bequest1:k1:i1:t1:01:61:s5:OFFER1:01:t1:01:x",
                                 "7:bequest1:k1:i1:t1:01:51:s5:OFFER1:01:t1:0",
                                 "7:bequest1:k1:i1:t1:01:01:d",
                                 "7:bequest1:k1:i1:t1:01:01:d4:WHAT1:01:t1:0",
                                 "7:bequest1:k1:i1:t1:01:01:d5:OFFER1:x1:t1:0",
                                 "7:bequest1:k1:i1:t1:01:01:d5:OFFER1:01:t1:x",
                                 "7:bequest1:k1:i1:t20:184467440737095516151:01:p",
                                 "8:receipts",
                                 "8:receipts1:n1:1",
                                 "8:receipts1:n1:18:accepted",
                                 "8:receipts1:n1:x8:accepted1:0",
                                 "8:receipts1:n1:18:accepted1:x",
                                 "5:fence1:x"}) {
    EXPECT_TRUE(std::holds_alternative<std::monostate>(parse_envelope(text, kHere))) << text;
  }
}

}  // namespace
}  // namespace peerjsd::cluster
