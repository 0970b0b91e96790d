// Everything but linear layers: every tier equals the contract's definition, edges included.
#include <fmt/format.h>

#include "tests/inference/kernel_cases.h"
#include "tests/inference/kernel_definitions.h"

namespace samebits {
namespace {

constexpr uint64_t kSeed = 5;

size_t size(int64_t n) { return static_cast<size_t>(n); }

// As the kernels want their rows: readable to a multiple of 16, zero there.
std::vector<float> padded(std::vector<float> v) {
  v.resize(size(pad16(static_cast<int64_t>(v.size()))), 0.0f);
  return v;
}

TEST(KernelRows, QuantisationEqualsItsDefinition) {
  Cases cases(kSeed);
  for (int round = 0; round < 60; ++round) {
    const int64_t blocks = cases.between(1, 5);
    std::vector<float> x = cases.mixed(32 * blocks);
    for (float& v : x) v = round % 3 == 0 ? v * 0x1p-100f : round % 3 == 1 && std::fabs(v) > 1000 ? 1 : v;
    if (round % 10 == 9) x[cases.below(x.size())] = std::vector<float>{NAN, -NAN, INFINITY, -INFINITY}[cases.below(4)];
    for (bool wide : {false, true}) {
      bool finite = true;
      std::vector<int32_t> q, sum16;
      std::vector<float> d, s32, s16;
      for (int64_t b = 0; b < blocks; ++b) {
        const definition::QuantisedBlock block = definition::quantise(&x[size(32 * b)], wide);
        finite = finite && block.finite;
        q.insert(q.end(), block.q, block.q + 32);
        d.push_back(block.d);
        int32_t sums[2] = {};
        for (int i = 0; i < 32; ++i) sums[i / 16] += block.q[i];
        for (int32_t sum : sums) sum16.push_back(sum), s16.push_back(block.d * static_cast<float>(sum));
        s32.push_back(block.d * static_cast<float>(sums[0] + sums[1]));
      }
      for (Isa isa : tiers_here()) {
        std::vector<int8_t> hi(x.size()), lo(x.size());
        std::vector<float> d_(d.size()), s32_(d.size()), s16_(s16.size());
        std::vector<int32_t> sum16_(s16.size()), q_;
        EXPECT_EQ(finite, kernels(isa).quantise_row(x.data(), 32 * blocks,
                                                    {hi.data(), wide ? lo.data() : nullptr, d_.data(), s32_.data(),
                                                     s16_.data(), sum16_.data()}));
        for (size_t i = 0; i < x.size(); ++i) q_.push_back(wide ? 256 * hi[i] + lo[i] : hi[i]);
        const std::string what = fmt::format("seed {} round {} wide {} {}", kSeed, round, wide, isa_name(isa));
        expect_same_bits(q, q_, what);
        expect_same_bits(d, d_, what);
        expect_same_bits(s32, s32_, what);
        expect_same_bits(s16, s16_, what);
        expect_same_bits(sum16, sum16_, what);
      }
    }
  }
}

// step(tier, values, n) changes a row in place; define(x) is the contract's value of element i.
template <class Step, class Define>
void expect_row_step(const char* what, uint64_t seed, const Step& step, const Define& define) {
  Cases cases(seed);
  for (int round = 0; round < 80; ++round) {
    const int64_t n = cases.between(1, 90);
    const std::vector<float> x = round % 2 ? cases.mixed(n) : cases.reals(n), w = cases.mixed(n);
    std::vector<float> expected = x;
    define(expected, w);
    for (Isa isa : tiers_here()) {
      std::vector<float> y = padded(x);
      step(kernels(isa), y.data(), padded(w).data(), n);
      y.resize(x.size());
      expect_same_bits(expected, y, fmt::format("{} seed {} n {} {}", what, seed, n, isa_name(isa)));
    }
  }
}

template <class Define>
auto each(Define define) {
  return [define](std::vector<float>& x, const std::vector<float>& w) {
    for (size_t i = 0; i < x.size(); ++i) x[i] = define(x[i], w[i]);
  };
}

TEST(KernelRows, ValueByValueStepsEqualTheirDefinitions) {
  expect_row_step(
      "add", 11, [](const Kernels& k, float* x, const float* w, int64_t n) { k.add(x, w, pad16(n)); },
      each([](float x, float w) { return x + w; }));
  expect_row_step(
      "scale", 12, [](const Kernels& k, float* x, const float*, int64_t n) { k.scale(x, 0.3f, pad16(n)); },
      each([](float x, float) { return x * 0.3f; }));
  expect_row_step(
      "silu", 13, [](const Kernels& k, float* x, const float* w, int64_t n) { k.silu_mul(x, w, pad16(n)); },
      each([](float x, float w) { return definition::silu(x) * w; }));
  expect_row_step(
      "gelu", 14, [](const Kernels& k, float* x, const float* w, int64_t n) { k.gelu_mul(x, w, pad16(n)); },
      each([](float x, float w) { return definition::gelu(x) * w; }));
  expect_row_step(
      "exp", 15, [](const Kernels& k, float* x, const float*, int64_t n) { k.exp(x, pad16(n), x); },
      each([](float x, float) { return definition::exp(x); }));
}

TEST(KernelRows, NormsEqualTheirDefinition) {
  for (float eps : {1e-5f, 1e-6f})
    expect_row_step(
        "rms_norm", 16, [&](const Kernels& k, float* x, const float* w, int64_t n) { k.rms_norm(x, w, n, eps, x); },
        [&](std::vector<float>& x, const std::vector<float>& w) { x = definition::rms_norm(x, w, eps); });
}

TEST(KernelRows, RopeEqualsItsDefinition) {
  for (bool neox : {false, true}) {
    Cases cases(kSeed);
    for (int round = 0; round < 40; ++round) {
      const int64_t n = cases.between(2, 140), n_rot = cases.between(1, n / 2) * 2;
      const std::vector<float> head = cases.mixed(n), cos = cases.mixed(n_rot / 2), sin = cases.mixed(n_rot / 2);
      std::vector<float> expected = head;
      definition::rope(expected, n_rot, cos, sin, neox);
      for (Isa isa : tiers_here()) {
        std::vector<float> y = head;
        kernels(isa).rope(y.data(), n_rot, cos.data(), sin.data(), neox);
        expect_same_bits(expected, y, fmt::format("seed {} n_rot {} {}", kSeed, n_rot, isa_name(isa)));
      }
    }
  }
}

TEST(KernelRows, ExpIsWithinOneAndAHalfUlpAndFlushesBelowTheNormals) {
  double worst = 0;
  for (float v = -87.0f; v <= 88.0f; v += 0.0037f) {
    const double exact = std::exp(static_cast<double>(v)), ulp = std::ldexp(1.0, std::ilogb(exact) - 23);
    worst = std::max(worst, std::fabs(static_cast<double>(definition::exp(v)) - exact) / ulp);
  }
  EXPECT_LT(worst, 1.5);
  const std::vector<float> x = {-87.01f, -1000, -INFINITY, 88.01f, 1000,  INFINITY, 0, -0.0f,
                                NAN,     -NAN,  0,         -87.0f, 88.0f, 0,        0, 0};
  std::vector<float> expected;
  for (float v : x) expected.push_back(definition::exp(v));
  EXPECT_EQ((std::vector<float>{0, 0, 0, INFINITY, INFINITY, INFINITY, 1, 1}),
            std::vector<float>(expected.begin(), expected.begin() + 8));
  for (Isa isa : tiers_here()) {
    std::vector<float> y(16);
    kernels(isa).exp(x.data(), 16, y.data());
    expect_same_bits(expected, y, isa_name(isa));
  }
}

// Every binary16 value, and around each of them the ties and their neighbours.
TEST(KernelRows, Binary16ConversionsEqualTheirDefinition) {
  std::vector<uint16_t> halves(0x10000);
  std::vector<float> wide(halves.size()), near_ties;
  for (size_t i = 0; i < halves.size(); ++i) {
    halves[i] = static_cast<uint16_t>(i);
    wide[i] = f16_to_f32(halves[i]);
    const uint32_t bits = std::bit_cast<uint32_t>(wide[i]);
    for (int32_t offset : {0, 0xfff, 0x1000, 0x1001})
      near_ties.push_back(std::bit_cast<float>(bits + static_cast<uint32_t>(offset)));
    if (std::fabs(wide[i]) < 0x1p-14f) {  // subnormal: ties are half a unit of 2^-24 away
      const float tie = std::fabs(wide[i]) + 0x1p-25f;
      for (float v : {tie, std::nextafter(tie, 0.0f), std::nextafter(tie, 1.0f)}) near_ties.push_back(i & 1 ? -v : v);
    }
  }
  near_ties.resize(near_ties.size() / 16 * 16);
  Cases cases(kSeed);
  for (float& v : cases.mixed(16 * 64)) near_ties.push_back(v);
  const auto same_half = [](uint16_t a, uint16_t b) {  // any NaN is any other
    return a == b || ((a & 0x7fff) > 0x7c00 && (b & 0x7fff) > 0x7c00);
  };
  for (Isa isa : tiers_here()) {
    std::vector<float> y(wide.size());
    kernels(isa).from_f16(halves.data(), static_cast<int64_t>(halves.size()), y.data());
    expect_same_bits(wide, y, isa_name(isa));
    std::vector<uint16_t> h(near_ties.size());
    EXPECT_FALSE(kernels(isa).to_f16(near_ties.data(), static_cast<int64_t>(h.size()), h.data(), 1));
    for (size_t i = 0; i < h.size(); ++i)
      ASSERT_TRUE(same_half(f32_to_f16(near_ties[i]), h[i])) << isa_name(isa) << " " << near_ties[i];
  }
}

TEST(KernelRows, Binary16RowsKeepTheirStrideAndTellWhatOverflows) {
  Cases cases(kSeed);
  for (int64_t stride : {1, 16})
    for (int round = 0; round < 30; ++round) {
      const int64_t n = cases.between(1, 70);
      std::vector<float> x = cases.reals(n);
      if (round % 2) x[cases.below(x.size())] = std::vector<float>{65520, -65520, INFINITY, NAN}[cases.below(4)];
      for (Isa isa : tiers_here()) {
        std::vector<uint16_t> out(size(n * stride), 0x1234), expected = out;
        for (int64_t i = 0; i < n; ++i) expected[size(i * stride)] = f32_to_f16(x[size(i)]);
        EXPECT_EQ(kernels(isa).to_f16(padded(x).data(), n, out.data(), stride), round % 2 == 0);
        if (round % 2 == 0) expect_same_bits(expected, out, fmt::format("seed {} n {} {}", kSeed, n, isa_name(isa)));
      }
    }
}

TEST(KernelRows, LogitChunksEqualTheirDefinition) {
  Cases cases(kSeed);
  for (int round = 0; round < 120; ++round) {
    const int64_t n = round < 60 ? cases.between(1, 40) : cases.between(1, 1024);
    std::vector<float> x = round % 2 ? cases.mixed(n) : cases.reals(n);
    if (round % 5 == 0)  // ties, also of both zeros
      for (float& v : x) v = static_cast<float>(static_cast<int>(v) % 2) * cases.sign() * 0.0f;
    if (round % 7 == 0) x[cases.below(x.size())] = cases.below(2) ? NAN : -INFINITY;
    const LogitChunk expected = definition::logit_chunk(x);
    // What lies behind the chunk is the next one's: it may not count, however large.
    std::vector<float> with_next = x;
    with_next.resize(size(pad16(n)), round % 2 ? NAN : 1e30f);
    for (Isa isa : tiers_here()) {
      const LogitChunk c = kernels(isa).logit_chunk(with_next.data(), n);
      const std::string what = fmt::format("seed {} round {} n {} {}", kSeed, round, n, isa_name(isa));
      EXPECT_EQ(expected.finite, c.finite) << what;
      EXPECT_EQ(expected.argmax, c.argmax) << what;
      EXPECT_EQ(expected.holders, c.holders) << what;
      expect_same_bits(std::vector{expected.max}, std::vector{c.max}, what);
      expect_same_bits(std::vector{expected.sum}, std::vector{c.sum}, what);
    }
  }
}

// Queries of several rows and heads together, against each alone; windows, segments, a first block that is not 0.
TEST(KernelRows, AttentionEqualsItsDefinition) {
  const uint64_t seed = 9;
  Cases cases(seed);
  for (int round = 0; round < 24; ++round) {
    const bool segments = round % 4 == 0;
    const int64_t d = round % 3 == 0 ? 8 : round % 3 == 1 ? 64 : 20, dim = pad16(d), heads = cases.between(1, 4);
    const int64_t first = segments ? cases.between(1000, 2100) : cases.between(0, 60),
                  rows = cases.between(1, segments ? 5 : 20), window = round % 2 ? cases.between(1, 40) : 0;
    const int64_t block0 = window > 0 ? std::max<int64_t>(0, first + 1 - window) / 16 : 0;
    const int64_t blocks = (first + rows + 15) / 16 - block0, positions = 16 * (block0 + blocks);
    definition::OneQuery one{d, 0, window, nullptr, {}, {}};
    std::vector<float> k(size(blocks * 16 * d)), v(size(blocks * 16 * dim), 0.0f);
    for (int64_t t = 0; t < positions; ++t) {
      one.k.push_back(cases.reals(d)), one.v.push_back(cases.reals(d));
      for (float& x : one.k.back()) x = f16_to_f32(f32_to_f16(0.1f * x));
      for (float& x : one.v.back()) x = f16_to_f32(f32_to_f16(cases.below(8) ? x : 0x1p-20f * x));
      if (t < 16 * block0) continue;
      const int64_t block = t / 16 - block0;
      for (int64_t i = 0; i < d; ++i) {
        k[size((block * d + i) * 16 + t % 16)] = one.k.back()[size(i)];
        v[size((16 * block + t % 16) * dim + i)] = one.v.back()[size(i)];
      }
    }
    const int64_t stride = heads * dim;
    const std::vector<float> q = cases.reals(rows * stride);
    std::vector<float> expected(q.size(), 0.0f), scratch(size(attention_scratch_floats(dim)));
    for (int64_t n = 0; n < rows * heads; ++n) {
      one.position = first + n / heads, one.q = q.data() + n * dim;
      const std::vector<float> out = definition::attention(one);
      std::copy(out.begin(), out.end(), expected.begin() + n * dim);
    }
    for (Isa isa : tiers_here()) {
      std::vector<float> y(q.size(), -1.0f);
      kernels(isa).attention({d, dim, k.data(), v.data(), block0, first, rows, heads, window, q.data(), stride,
                              y.data(), stride, scratch.data()});
      expect_same_bits(expected, y, fmt::format("seed {} round {} {}", seed, round, isa_name(isa)));
    }
  }
}

}  // namespace
}  // namespace samebits
