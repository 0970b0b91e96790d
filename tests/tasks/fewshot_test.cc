// Few-shot draws: CPython's generator, the n + 1 rule, duplicates.

#include "tasks/fewshot.h"
#include "tests/support/errors.h"

#include <gtest/gtest.h>


namespace samebits {
namespace {

std::vector<Document> numbered(int n) {
  std::vector<Document> out;
  for (int i = 0; i < n; ++i) out.push_back({{"i", i}});
  return out;
}

using Positions = std::vector<size_t>;

TEST(Fewshot, DrawsAreCPythonsOneGeneratorATask) {
  // random.Random(1234).sample(range(2251), 5), three times in a row.
  const std::vector<Document> pool = numbered(2251);
  TaskFile task;
  FewshotSampler sampler(task, pool, 1234);
  EXPECT_EQ(sampler.draw(5, {}), (Positions{1805, 478, 30, 371, 143}));
  EXPECT_EQ(sampler.draw(5, {}), (Positions{343, 403, 1452, 969, 71}));
  EXPECT_EQ(sampler.draw(5, {}), (Positions{126, 64, 1417, 1983, 1898}));
}

TEST(Fewshot, TheDocumentIsLeftOutOfOneMoreDraw) {
  // random.Random(1234).sample(range(40398), 6): the first five, unless one of them is the document.
  const std::vector<Document> pool = numbered(40398);
  TaskFile task;
  task.fewshot.leave_out_document = true;
  FewshotSampler other(task, pool, 1234);
  EXPECT_EQ(other.draw(5, pool[0]), (Positions{28883, 7657, 490, 5940, 38156}));
  FewshotSampler itself(task, pool, 1234);
  const Positions drawn = itself.draw(5, pool[490]);
  EXPECT_EQ(Positions(drawn.begin(), drawn.begin() + 4), (Positions{28883, 7657, 5940, 38156}));
}

TEST(Fewshot, CopiesOfTheDocumentNeverCostAnExample) {
  std::vector<Document> pool(20, Document{{"i", -1}});
  for (const Document& d : numbered(5)) pool.push_back(d);
  TaskFile task;
  task.fewshot.leave_out_document = true;
  FewshotSampler sampler(task, pool, 7);
  for (int round = 0; round < 50; ++round) {
    const Positions drawn = sampler.draw(5, pool[0]);
    ASSERT_EQ(drawn.size(), 5u);
    for (const size_t i : drawn) EXPECT_GE(i, 20u);
  }
  EXPECT_EQ(code_of([&] { sampler.draw(6, pool[0]); }), "E0413");
}

TEST(Fewshot, FirstNTakesTheFirstOthers) {
  const std::vector<Document> pool = numbered(4);
  TaskFile task;
  task.fewshot.sampler = "first_n";
  EXPECT_EQ(FewshotSampler(task, pool, 1).draw(2, pool[0]), (Positions{0, 1}));
  task.fewshot.leave_out_document = true;
  EXPECT_EQ(FewshotSampler(task, pool, 1).draw(2, pool[0]), (Positions{1, 2}));
  EXPECT_EQ(code_of([&] { FewshotSampler(task, pool, 1).draw(4, pool[0]); }), "E0413");
}

}  // namespace
}  // namespace samebits
