#include "peerjsd/net/line_pacer.hpp"

#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace peerjsd::net {
namespace {

using Texts = std::vector<std::string>;

/// What comes at each of the next `paces`; "-" for nothing.
Texts run(LinePacer& pacer, int paces) {
  Texts texts;
  for (int i = 0; i < paces; ++i) texts.push_back(pacer.next().value_or("-"));
  return texts;
}

int paces_until_idle(LinePacer& pacer) {
  int paces = 0;
  for (; !pacer.is_idle() && paces < 10000; ++paces) pacer.next();
  return paces;
}

TEST(LinePacerTest, GivesOneLineAPaceInOrder) {
  LinePacer pacer(false);
  pacer.push("a");
  pacer.push("b");
  EXPECT_EQ(pacer.lines(), 2U);
  EXPECT_EQ(pacer.bytes(), 2U);
  EXPECT_EQ(run(pacer, 3), (Texts{"a", "b", "-"}));
  EXPECT_EQ(pacer.bytes(), 0U);
  EXPECT_TRUE(pacer.is_idle());
}

TEST(LinePacerTest, MakesOneLineOfSeveral) {
  LinePacer pacer(false);
  pacer.push("{\r\n\"type\":\n1}");
  EXPECT_EQ(pacer.next(), "{  \"type\": 1}");
}

TEST(LinePacerTest, APageGetsFillersFurtherAndFurtherApart) {
  LinePacer pacer(true);
  pacer.push("a");
  EXPECT_EQ(run(pacer, 8), (Texts{"a", " ", "-", " ", "-", "-", "-", " "}));
  pacer.push("b");
  EXPECT_EQ(run(pacer, 2), (Texts{"b", " "})) << "a line begins anew";
}

TEST(LinePacerTest, AFillerIsOwedForEachLineButNotForEver) {
  LinePacer few(true);
  few.push("a");
  few.next();
  Texts fillers;
  while (!few.is_idle()) {
    if (const auto filler = few.next()) fillers.push_back(*filler);
  }
  EXPECT_EQ(fillers, Texts(8, " "));

  LinePacer many(true);
  for (int i = 0; i < 1000; ++i) many.push("a");
  run(many, 1000);
  EXPECT_LE(paces_until_idle(many), 64 * 12);
}

TEST(LinePacerTest, KeepsAliveWithOneFillerIfNothingElseWouldCome) {
  LinePacer pacer(false);
  pacer.keep_alive();
  EXPECT_EQ(run(pacer, 2), (Texts{" ", "-"}));
  pacer.push("a");
  pacer.keep_alive();
  EXPECT_EQ(run(pacer, 2), (Texts{"a", "-"}));
}

TEST(LinePacerTest, SettlesWithAFillerForEachLineThatMayBeUnread) {
  LinePacer pacer(true);
  for (const char* const line : {"a", "b", "c"}) pacer.push(line);
  run(pacer, 2);
  EXPECT_EQ(pacer.take(), Texts{"c"});
  EXPECT_EQ(pacer.owed(), 1U);
  pacer.settle();
  EXPECT_EQ(run(pacer, 2), (Texts{" ", "-"}));
  EXPECT_TRUE(pacer.is_idle());
}

TEST(LinePacerTest, SettlesWithoutPauses) {
  LinePacer pacer(true);
  for (int i = 0; i < 9; ++i) pacer.push("a");
  run(pacer, 9 + 2);
  EXPECT_EQ(pacer.owed(), 8U);
  pacer.settle();
  EXPECT_EQ(run(pacer, 9), (Texts{" ", " ", " ", " ", " ", " ", " ", " ", "-"}));
}

TEST(LinePacerTest, IsSettledAtOnceWhenAPageHasHadAllItsFillersAndForAnybodyElse) {
  LinePacer page(true);
  for (int i = 0; i < 5; ++i) page.push("a");
  paces_until_idle(page);
  EXPECT_EQ(page.owed(), 0U);

  LinePacer other(false);
  for (int i = 0; i < 5; ++i) other.push("a");
  run(other, 5);
  EXPECT_EQ(other.owed(), 0U);
}

TEST(LinePacerTest, APageThatReadsWhatItGetsIsOwedLittleForeverSoMany) {
  LinePacer pacer(true);
  for (int i = 0; i < 50; ++i) {
    pacer.push("a");
    run(pacer, 20);
  }
  EXPECT_LE(pacer.owed(), 1U);
}

TEST(LinePacerTest, WhoCatchesUpGetsFillersUntilAPageThatIsSlowHasReadAll) {
  LinePacer pacer(true);
  for (int i = 0; i < 30; ++i) pacer.push("a");
  run(pacer, 30);
  pacer.catch_up();
  EXPECT_EQ(run(pacer, 3 * 30), Texts(3 * 30, " "));
  EXPECT_FALSE(pacer.is_catching_up());
  EXPECT_TRUE(pacer.is_idle());
  EXPECT_EQ(pacer.owed(), 0U);
}

TEST(LinePacerTest, FillersBetweenLinesHaveToBeReadAsWell) {
  LinePacer pacer(true);
  pacer.push("a");
  EXPECT_EQ(run(pacer, 2), (Texts{"a", " "}));
  pacer.push("b");
  EXPECT_EQ(run(pacer, 2), (Texts{"b", " "}));
  pacer.catch_up();
  EXPECT_EQ(run(pacer, 10), (Texts{" ", " ", " ", " ", " ", " ", " ", " ", " ", "-"}));
}

TEST(LinePacerTest, ALineForWhoCatchesUpComesAtOnceAndIsToBeReadAfterAllBeforeIt) {
  LinePacer pacer(true);
  pacer.push("a");
  run(pacer, 1);
  pacer.catch_up();
  EXPECT_EQ(run(pacer, 2), (Texts{" ", " "}));
  pacer.push("d");
  // The fourth of what was written: twelve paces from the first on, of which three are gone.
  EXPECT_EQ(run(pacer, 11), (Texts{"d", " ", " ", " ", " ", " ", " ", " ", " ", " ", "-"}));
}

TEST(LinePacerTest, NobodyCatchesUpWhoHasReadEverythingOrIsNoPage) {
  LinePacer page(true);
  page.catch_up();
  EXPECT_FALSE(page.is_catching_up()) << "nothing was written";
  page.push("a");
  run(page, 3);
  page.catch_up();
  EXPECT_EQ(run(page, 4), (Texts{" ", " ", " ", "-"}));
  page.catch_up();
  EXPECT_FALSE(page.is_catching_up()) << "nothing new";

  LinePacer other(false);
  other.push("a");
  run(other, 1);
  other.catch_up();
  EXPECT_FALSE(other.is_catching_up());
}

TEST(LinePacerTest, WhoIsLeftWhileCatchingUpIsOwedTheRestButNotForEver) {
  LinePacer pacer(true);
  for (int i = 0; i < 10; ++i) pacer.push("a");
  run(pacer, 10);
  pacer.catch_up();
  run(pacer, 7);
  EXPECT_EQ(pacer.owed(), 16U);
  run(pacer, 20);
  EXPECT_EQ(pacer.owed(), 3U);
  pacer.settle();
  EXPECT_EQ(run(pacer, 4), (Texts{" ", " ", " ", "-"}));
  EXPECT_TRUE(pacer.is_idle());
}

TEST(LinePacerTest, SettlesInSomeTimeWhateverTheNumberOfLines) {
  LinePacer pacer(true);
  for (int i = 0; i < 1000; ++i) pacer.push("a");
  run(pacer, 1000);
  EXPECT_EQ(pacer.owed(), 16U);
}

}  // namespace
}  // namespace peerjsd::net
