// exp64, log64 and sincos64 (NUMERICS.md §5) against long double: 11 bits more on x86-64, 60 more on aarch64.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>

#include "harness/numeric/math64.h"
#include "harness/numeric/trig64.h"
#include "tests/exact/inputs.h"
#include "tests/support/random.h"

namespace samebits {
namespace {

constexpr uint64_t kSeed = 64;
// Correctly rounded, as far as an oracle that is itself off by 2^-11 of a unit can tell.
constexpr double kRounded = 0.5 + 0x1p-10;

// body(random, worst) often enough for about 2^28 / stride calls of `draw`, on all cores.
Worst& worst_of(Worst& worst, double (*computed)(double), long double (*exact)(long double),
                double (*draw)(SplitMix64&)) {
  constexpr int64_t kAtATime = 4096;
  const auto chunks = static_cast<int64_t>((uint64_t{1} << 28) / math_stride() / kAtATime + 1);
  Workers workers(0);
  workers.each(chunks, [&](int64_t chunk) {
    SplitMix64 random(kSeed + static_cast<uint64_t>(chunk));
    Worst mine;
    for (int64_t i = 0; i < kAtATime; ++i) {
      const double x = draw(random);
      mine.see(ulps<long double>(computed(x), exact(x), 53, -1022), x);
    }
    worst.merge(mine);
  });
  fmt::print("{} arguments, worst {:.5f} ulp at {:a}, seed {}\n", chunks * kAtATime, worst.error(), worst.at(), kSeed);
  return worst;
}

long double exact_exp(long double x) { return std::exp(x); }
long double exact_log(long double x) { return std::log(x); }

double unit(SplitMix64& random) { return static_cast<double>(random.next() >> 11) * 0x1p-53; }

// The whole range with its subnormal results, differences of logits, and small arguments.
double draw_exponent(SplitMix64& random) {
  switch (random.below(3)) {
    case 0:
      return unit(random) * 1454.9 - 745.13;
    case 1:
      return -static_cast<double>(static_cast<float>(unit(random)) * 100.0f);
    default:
      return std::ldexp(unit(random) - 0.5, -static_cast<int>(random.below(60)));
  }
}

// Any positive number, sums of weights, and the neighbourhood of 1.
double draw_argument(SplitMix64& random) {
  switch (random.below(3)) {
    case 0:
      return std::bit_cast<double>(1 + random.below(0x7fefffffffffffff));
    case 1:
      return 1 + unit(random) * 1e6;
    default:
      return 1 + std::ldexp(unit(random) - 0.5, -static_cast<int>(random.below(50)));
  }
}

TEST(Functions64, ExpIsCorrectlyRounded) {
  Worst worst;
  EXPECT_LE(worst_of(worst, exp64, exact_exp, draw_exponent).error(), kRounded) << "at " << worst.at();
}

TEST(Functions64, LogIsCorrectlyRounded) {
  Worst worst;
  EXPECT_LE(worst_of(worst, log64, exact_log, draw_argument).error(), kRounded) << "at " << worst.at();
}

// Every float32 angle that rope may meet; how many sines and cosines are then not the nearest float32.
TEST(Functions64, SinCosOfEveryAngleIsWithinTheStatedError) {
  Worst worst;
  std::atomic<uint64_t> angles = 0, not_nearest = 0;
  for_inputs(math_stride(), [&](const std::vector<float>& inputs) {
    Worst mine;
    for (const float x : inputs) {
      const SinCos got = sincos64(x);
      if (!(std::fabs(x) <= 0x1p20f)) {
        ASSERT_TRUE(got.sin != got.sin && got.cos != got.cos) << x;
        continue;
      }
      if (std::signbit(x)) {
        const SinCos positive = sincos64(-x);
        ASSERT_TRUE(got.sin == -positive.sin && got.cos == positive.cos) << x;
        continue;
      }
      const long double sin = std::sin(static_cast<long double>(x)), cos = std::cos(static_cast<long double>(x));
      mine.see(ulps<long double>(got.sin, sin, 53, -1022), x);
      mine.see(ulps<long double>(got.cos, cos, 53, -1022), x);
      ++angles;
      not_nearest += (static_cast<float>(got.sin) != static_cast<float>(sin)) +
                     (static_cast<float>(got.cos) != static_cast<float>(cos));
    }
    worst.merge(mine);
  });
  fmt::print("{} angles, worst {:.4f} ulp at {:a}; {} not the nearest float32\n", angles.load(), worst.error(),
             worst.at(), not_nearest.load());
  EXPECT_LE(worst.error(), 2.0) << "at " << worst.at();
}

}  // namespace
}  // namespace samebits
