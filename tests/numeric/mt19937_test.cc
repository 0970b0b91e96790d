// Expected values: CPython 3.11's random module.
#include "harness/numeric/mt19937.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

namespace samebits {
namespace {

using Draws = std::vector<uint64_t>;

TEST(PythonRandom, FirstWordsOfSmallAndLargeSeeds) {
  PythonRandom small(1234);
  for (uint32_t expected : {4150886329u, 3342196574u, 1892932127u, 501869158u}) EXPECT_EQ(small.next_u32(), expected);
  EXPECT_EQ(small.random(), 0x1.eaf602e68d680p-8);
  PythonRandom large((uint64_t{1} << 40) + 5);
  EXPECT_EQ(large.getrandbits(64), 9535518150286577956u);
  EXPECT_EQ(large.getrandbits(64), 12244916861145399977u);
}

// What lm-eval draws for the first two documents (n: size of the few-shot pool).
TEST(PythonRandom, FewShotDrawsOfLmEval) {
  PythonRandom hellaswag(1234);
  EXPECT_EQ(hellaswag.sample(39905, 11), (Draws{28883, 7657, 490, 5940, 38156, 2288, 5500, 6450, 23241, 15519, 1142}));
  EXPECT_EQ(hellaswag.sample(39905, 11), (Draws{2019, 1038, 22681, 31735, 30379, 9735, 5982, 11999, 7498, 958, 32970}));
  PythonRandom arc_easy(1234);
  EXPECT_EQ(arc_easy.sample(2251, 5), (Draws{1805, 478, 30, 371, 143}));
  EXPECT_EQ(arc_easy.sample(2251, 5), (Draws{343, 403, 1452, 969, 71}));
  PythonRandom arc_challenge(1234);
  EXPECT_EQ(arc_challenge.sample(1119, 25), (Draws{902, 239, 15,  185, 71,  171, 201, 726,  484, 35,  63,  32,  708,
                                                   991, 949, 304, 186, 374, 234, 29,  1030, 996, 511, 132, 1108}));
}

// FNV-1a over the draws of 3,000 generators that use every function, both branches of sample included.
TEST(PythonRandom, ThousandsOfDrawsEqualCPython) {
  uint64_t digest = 0xcbf29ce484222325;
  const auto add = [&](uint64_t value) {
    for (int byte = 0; byte < 8; ++byte) digest = (digest ^ ((value >> (8 * byte)) & 0xff)) * 0x100000001b3;
  };
  for (uint64_t c = 0; c < 3000; ++c) {
    PythonRandom random(c % 3 != 0 ? c * c * 2654435761u : c);
    const uint64_t n = 1 + c * 7 % 5000;
    for (uint64_t i : random.sample(n, c % std::min<uint64_t>(n + 1, 60))) add(i);
    add(std::bit_cast<uint64_t>(random.random()));
    add(random.getrandbits(static_cast<int>(1 + c % 64)));
    for (uint64_t i : random.choices(n, 5)) add(i);
    add(static_cast<uint64_t>(random.randint(-static_cast<int64_t>(c), static_cast<int64_t>(3 * c))));
    Draws items(c % 40);
    for (uint64_t i = 0; i < items.size(); ++i) items[i] = i;
    random.shuffle(items);
    for (uint64_t i : items) add(i);
  }
  EXPECT_EQ(digest, 0x5fd2f6e5b81b1b75u);
}

TEST(PythonRandom, EdgesOfSample) {
  PythonRandom random(0);
  EXPECT_TRUE(random.sample(0, 0).empty());
  EXPECT_EQ(random.sample(1, 1), Draws{0});
  EXPECT_EQ(random.getrandbits(0), 0u);
}

}  // namespace
}  // namespace samebits
