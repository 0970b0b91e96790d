#include "harness/numeric/philox.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <set>

namespace samebits {
namespace {

using Words = std::array<uint32_t, 4>;

// Known-answer vectors of Random123 (kat_vectors, philox4x32 10).
TEST(Philox, KnownAnswers) {
  EXPECT_EQ(philox4x32_10({0, 0, 0, 0}, {0, 0}), (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox4x32_10({~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}), (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox4x32_10({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Philox, StreamsOfDifferentKeysDiffer) {
  std::set<uint64_t> draws;
  for (uint64_t seed : {0ull, 1ull, 1ull << 32})
    for (uint32_t task : {0u, 1u, (1u << 24) - 1})
      for (uint32_t sample : {0u, 1u, ~0u})
        for (auto purpose : {DrawPurpose::sampling, DrawPurpose::few_shot, DrawPurpose::bootstrap})
          for (uint32_t index : {0u, 1u, ~0u}) draws.insert(Philox(seed, task, sample, purpose).u64(index));
  EXPECT_EQ(draws.size(), 3u * 3 * 3 * 3 * 3);
}

TEST(Philox, DrawsStayInRangeAndCoverIt) {
  const Philox stream(7, 1, 2, DrawPurpose::sampling);
  uint64_t counts[7] = {};
  double sum = 0;
  for (uint32_t i = 0; i < 70000; ++i) {
    const double u = stream.uniform(i);
    ASSERT_GE(u, 0);
    ASSERT_LT(u, 1);
    sum += u;
    ++counts[stream.below(i, 7)];
  }
  EXPECT_NEAR(sum / 70000, 0.5, 0.005);
  for (uint64_t c : counts) EXPECT_NEAR(static_cast<double>(c), 10000, 400);
}

// Pins the key and counter layout: a change of it changes every seeded result.
TEST(Philox, LayoutIsPinned) {
  const Philox stream(0x0123456789abcdef, 5, 9, DrawPurpose::attack);
  const auto block = philox4x32_10({3, 9, 5 << 8 | 4, 0}, {0x89abcdef, 0x01234567});
  EXPECT_EQ(stream.u32(3), block[0]);
  EXPECT_EQ(stream.u64(3), uint64_t{block[1]} << 32 | block[0]);
}

}  // namespace
}  // namespace samebits
