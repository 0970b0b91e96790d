// Every kernel of every tier against the contract's own words (contract.h), over inputs that sit on its edges.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "harness/numeric/math64.h"
#include "harness/numeric/trig64.h"
#include "inference/activations.h"
#include "tests/exact/contract.h"
#include "tests/exact/inputs.h"
#include "tests/support/random.h"

namespace samebits {
namespace {

using contract::Matrix;
using contract::Vector;

constexpr uint64_t kSeed = 20261121;

// Mixed magnitudes, both signs.
Vector reals(SplitMix64& random, int64_t n) {
  Vector out(static_cast<size_t>(n));
  for (float& x : out) x = random.uniform() * static_cast<float>(1 << random.below(8));
  return out;
}

void expect_bits(const Vector& expected, const Vector& got, const std::string& what) {
  ASSERT_EQ(expected.size(), got.size()) << what;
  for (size_t i = 0; i < expected.size(); ++i)
    ASSERT_EQ(std::bit_cast<uint32_t>(expected[i]), std::bit_cast<uint32_t>(got[i]))
        << fmt::format("{}, seed {}, element {}: {:a} instead of {:a}", what, kSeed, i, got[i], expected[i]);
}

// Blocks that meet every branch of §2: a scale near its floor, ties, zeros, subnormals, huge and random values.
Vector blocks_to_quantise(SplitMix64& random, bool wide) {
  const float range = wide ? 32639 : 127;
  Vector x;
  for (float amax : {range, 2 * range, 0x1p-100f, std::nextafter(0x1p-100f, 0.0f), 0x1p-149f, 0.0f, 0x1.fffffep127f})
    for (int i = 0; i < 32; ++i) {  // amax, then k + 1/2 steps of it
      const float step = amax / range;
      x.push_back(i == 0 ? -amax : step * (static_cast<float>(random.below(static_cast<uint64_t>(range))) - 0.5f));
    }
  for (int block = 0; block < 200; ++block) {
    const float scale = std::ldexp(1.0f, static_cast<int>(random.below(230)) - 120);
    for (int i = 0; i < 32; ++i) x.push_back(random.uniform() * scale);
  }
  return x;
}

TEST(ContractKernels, Quantisation) {
  SplitMix64 random(kSeed);
  for (const bool wide : {false, true}) {
    const Vector x = blocks_to_quantise(random, wide);
    const contract::Quantised expected = contract::quantise(x, wide);
    for (const Isa isa : tiers_here()) {
      QuantisedRows rows;
      rows.resize(1, static_cast<int64_t>(x.size()), wide);
      EXPECT_TRUE(kernels(isa).quantise_row(x.data(), rows.cols, rows.row(0)));
      expect_bits(expected.d, {rows.d.begin(), rows.d.end()}, isa_name(isa));
      for (size_t i = 0; i < x.size(); ++i)
        ASSERT_EQ(expected.q[i], wide ? 256 * rows.hi[i] + rows.lo[i] : rows.hi[i]) << isa_name(isa) << " " << x[i];
      for (size_t b = 0; b < rows.d.size(); ++b) {
        int32_t sum[2] = {0, 0};
        for (size_t i = 0; i < 32; ++i) sum[i / 16] += expected.q[32 * b + i];
        EXPECT_EQ(rows.sum16[2 * b], sum[0]) << isa_name(isa);
        EXPECT_EQ(rows.sum16[2 * b + 1], sum[1]) << isa_name(isa);
        EXPECT_EQ(rows.s16[2 * b], expected.d[b] * static_cast<float>(sum[0])) << isa_name(isa);
        EXPECT_EQ(rows.s32[b], expected.d[b] * static_cast<float>(sum[0] + sum[1])) << isa_name(isa);
      }
    }
  }
}

TEST(ContractKernels, RmsNorm) {
  SplitMix64 random(kSeed);
  for (int round = 0; round < 200; ++round) {
    const int64_t n = 1 + static_cast<int64_t>(random.below(300));
    Vector x = reals(random, n), w = reals(random, n);
    const float eps = round % 2 ? 1e-5f : 1e-6f;
    const Vector expected = contract::rms_norm(x, w, eps);
    x.resize(static_cast<size_t>(pad16(n)), 0.0f), w.resize(x.size(), 0.0f);
    for (const Isa isa : tiers_here()) {
      Vector y(x.size());
      kernels(isa).rms_norm(x.data(), w.data(), n, eps, y.data());
      y.resize(static_cast<size_t>(n));
      expect_bits(expected, y, isa_name(isa));
    }
  }
}

TEST(ContractKernels, Rope) {
  SplitMix64 random(kSeed);
  for (int round = 0; round < 100; ++round) {
    const int64_t n_rot = 2 * (1 + static_cast<int64_t>(random.below(32))), n = n_rot + round % 3 * 8;
    const bool halves = round % 2;
    const auto position = static_cast<int64_t>(random.below(4096));
    const Vector head = reals(random, n), frequencies = contract::inverse_frequencies(10000, n_rot, {});
    Vector expected = head, cos, sin;
    contract::rope(expected, position, frequencies, halves);
    for (const float f : frequencies) {
      const SinCos angle = sincos64(static_cast<float>(position) * f);
      cos.push_back(static_cast<float>(angle.cos)), sin.push_back(static_cast<float>(angle.sin));
    }
    for (const Isa isa : tiers_here()) {
      Vector turned = head;
      kernels(isa).rope(turned.data(), n_rot, cos.data(), sin.data(), halves);
      expect_bits(expected, turned, isa_name(isa));
    }
  }
}

// Windows, tails of blocks, and up to three segments of 1024 positions.
TEST(ContractKernels, Attention) {
  SplitMix64 random(kSeed);
  for (int round = 0; round < 20; ++round) {
    const int64_t d = round % 3 == 0 ? 20 : 64, padded = pad16(d), heads = 1 + round % 3;
    const int64_t first = round < 12 ? static_cast<int64_t>(random.below(70)) : 1000 + 300 * (round - 12), rows = 7;
    const int64_t window = round % 2 ? 0 : 1 + static_cast<int64_t>(random.below(round < 12 ? 50 : 1500));
    const int64_t positions = pad16(first + rows);
    Matrix keys, values;
    Vector k(static_cast<size_t>(positions * d)), v(static_cast<size_t>(positions * padded), 0.0f);
    for (int64_t t = 0; t < positions; ++t) {
      keys.push_back(reals(random, d)), values.push_back(reals(random, d));
      for (int64_t i = 0; i < d; ++i) {
        k[static_cast<size_t>((t / 16 * d + i) * 16 + t % 16)] = keys.back()[static_cast<size_t>(i)];
        v[static_cast<size_t>(t * padded + i)] = values.back()[static_cast<size_t>(i)];
      }
    }
    Vector q(static_cast<size_t>(rows * heads * padded), 0.0f), expected(q.size(), 0.0f);
    for (int64_t n = 0; n < rows * heads; ++n) {
      Vector one = reals(random, d);
      for (float& x : one) x *= 0.02f;
      std::copy(one.begin(), one.end(), q.begin() + n * padded);
      const Vector out = contract::attention(one, keys, values, first + n / heads, window);
      std::copy(out.begin(), out.end(), expected.begin() + n * padded);
    }
    for (const Isa isa : tiers_here()) {
      Vector got(q.size()), scratch(static_cast<size_t>(attention_scratch_floats(padded)));
      AttentionArgs a;
      a.head_dim = d, a.padded_dim = padded, a.k = k.data(), a.v = v.data(), a.heads = heads, a.window = window;
      a.first_position = first, a.n_rows = rows, a.scratch = scratch.data();
      a.q_stride = a.out_stride = heads * padded, a.q = q.data(), a.out = got.data();
      kernels(isa).attention(a);
      expect_bits(expected, got, fmt::format("{} round {}", isa_name(isa), round));
    }
  }
}

// One chunk; equal maxima, also +0 beside -0, and logits far below the maximum.
TEST(ContractKernels, LogitsOfAChunk) {
  SplitMix64 random(kSeed);
  for (int round = 0; round < 200; ++round) {
    const int64_t n = 1 + static_cast<int64_t>(random.below(1024));
    Vector x = reals(random, n);
    if (round % 3 == 0)  // several maxima
      for (int copies = 0; copies < 3; ++copies) x[random.below(x.size())] = 127;
    if (round % 5 == 0)
      for (float& value : x) value = value > 0 ? (value > 1 ? 0.0f : -0.0f) : value;
    const contract::Summary expected = contract::summarise(x);
    Vector padded = x;
    padded.resize(static_cast<size_t>(pad16(n)), NAN);
    for (const Isa isa : tiers_here()) {
      const LogitChunk got = kernels(isa).logit_chunk(padded.data(), n);
      EXPECT_TRUE(got.finite);
      EXPECT_EQ(got.argmax, expected.argmax) << isa_name(isa);
      expect_bits({expected.max}, {got.max}, isa_name(isa));
      EXPECT_EQ(static_cast<double>(got.max) + log64(got.sum), expected.logsumexp) << isa_name(isa);
    }
  }
}

}  // namespace
}  // namespace samebits
