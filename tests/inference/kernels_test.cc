// Every tier gives the scalar tier's bits, for every kernel, over seeded random shapes: odd tails, any tile.
#include "inference/kernels/kernels.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "harness/core/error.h"
#include "inference/gguf.h"
#include "inference/packed.h"
#include "inference/quants.h"
#include "tests/support/gguf_writer.h"

namespace samebits {
namespace {

struct Random {
  uint64_t state;
  uint64_t next() {  // splitmix64
    uint64_t z = (state += 0x9e3779b97f4a7c15ull);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
  }
  int64_t below(int64_t n) { return static_cast<int64_t>(next() % static_cast<uint64_t>(n)); }
  float real() {  // mixed magnitudes, both signs
    const float unit = static_cast<float>(next() >> 40) * 0x1p-24f - 0.5f;
    return unit * static_cast<float>(1 << below(8));
  }
  std::vector<float> reals(int64_t n) {
    std::vector<float> v(static_cast<size_t>(n));
    for (float& x : v) x = real();
    return v;
  }
};

std::vector<Isa> other_tiers() {
  std::vector<Isa> out;
  for (Isa isa : {Isa::avx2, Isa::avx512, Isa::avx512vnni})
    if (supported(isa)) out.push_back(isa);
  return out;
}

template <class T>
void expect_same_bits(const std::vector<T>& a, const std::vector<T>& b, const std::string& what) {
  ASSERT_EQ(a.size(), b.size());
  EXPECT_EQ(std::memcmp(a.data(), b.data(), a.size() * sizeof(T)), 0) << what;
}

struct Activations {
  int64_t tokens, cols, blocks;
  std::vector<int8_t> hi, lo;
  std::vector<float> d, s32, s16;
  std::vector<int32_t> sum16;
  Activations(const Kernels& k, const std::vector<float>& x, int64_t t, int64_t c, bool wide)
      : tokens(t),
        cols(c),
        blocks(c / 32),
        hi(static_cast<size_t>(t * c)),
        lo(wide ? hi.size() : 0),
        d(static_cast<size_t>(t * blocks)),
        s32(d.size()),
        s16(2 * d.size()),
        sum16(2 * d.size()) {
    for (int64_t r = 0; r < t; ++r)
      k.quantise_row(x.data() + r * c, c,
                     {hi.data() + r * c, wide ? lo.data() + r * c : nullptr, d.data() + r * blocks,
                      s32.data() + r * blocks, s16.data() + 2 * r * blocks, sum16.data() + 2 * r * blocks});
  }
};

// y = W x by the tier's kernel, groups taken one or two at a time.
std::vector<float> multiply(const Kernels& k, const PackedMatrix& w, const Activations& x, int64_t step) {
  std::vector<int32_t> start(static_cast<size_t>(x.tokens * x.blocks * w.parts()));
  for (size_t i = 0; i < start.size(); ++i)
    start[i] = -w.view().offset * (w.parts() == 2 ? x.sum16[i] : x.sum16[2 * i] + x.sum16[2 * i + 1]);
  const ActivationView view{x.cols,
                            x.hi.data(),
                            x.lo.empty() ? nullptr : x.lo.data(),
                            x.d.data(),
                            w.parts() == 2 ? x.s16.data() : x.s32.data(),
                            start.data()};
  const int64_t groups = w.view().groups;
  std::vector<float> y(static_cast<size_t>(x.tokens * groups * 16), -1.0f);
  std::vector<uint8_t> scratch(static_cast<size_t>(32 * x.cols));
  for (int64_t g = 0; g < groups; g += step)
    k.linear(w.view(), g, std::min(groups, g + step), view, x.tokens, y.data(), groups * 16, scratch.data());
  return y;
}

// The contract's own words (NUMERICS.md §3), from the file's blocks, knowing nothing of packing or tiles.
std::vector<float> define_linear(const Tensor& t, const Activations& x) {
  const QuantType& type = *quant_type(t.type);
  const int64_t rows = static_cast<int64_t>(t.rows()), stride = pad16(rows);
  std::vector<float> y(static_cast<size_t>(x.tokens * stride), 0.0f);
  std::vector<Block32> blocks(static_cast<size_t>(type.values / 32));
  for (int64_t token = 0; token < x.tokens; ++token)
    for (int64_t r = 0; r < rows; ++r) {
      float acc = 0;
      for (int64_t b = 0; b < x.blocks; ++b) {
        const int64_t per = type.values / 32;
        type.unpack(t.data + (r * x.cols / type.values + b / per) * type.bytes, blocks.data());
        const Block32& w = blocks[static_cast<size_t>(b % per)];
        const float dx = x.d[static_cast<size_t>(token * x.blocks + b)];
        for (int part = 0; part < (type.halves ? 2 : 1); ++part) {
          const int n = type.halves ? 16 : 32;
          int32_t dot = 0, sum = 0;
          for (int i = part * n; i < (part + 1) * n; ++i) {
            const auto at = static_cast<size_t>(token * x.cols + 32 * b + i);
            const int32_t q = x.lo.empty() ? x.hi[at] : 256 * x.hi[at] + x.lo[at];
            dot += (w.q[i] - type.offset) * q;
            sum += q;
          }
          acc = std::fma(static_cast<float>(dot), w.d[part] * dx, acc);
          if (type.has_min) acc = std::fma(w.m[part], dx * static_cast<float>(sum), acc);
        }
      }
      y[static_cast<size_t>(token * stride + r)] = acc;
    }
  return y;
}

TEST(Kernels, LinearEqualsItsDefinitionForEveryTypeTierTileAndWidth) {
  const uint64_t seed = 20261121;
  Random random{seed};
  for (const char* name :
       {"Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "IQ4_NL", "IQ4_XS", "MXFP4"}) {
    const QuantType* type = quant_type(name);
    ASSERT_TRUE(type) << name;
    for (int round = 0; round < 4; ++round) {
      const int64_t cols = type->values * (1 + random.below(3)), rows = 1 + random.below(70),
                    tokens = 1 + random.below(15);
      const std::vector<uint8_t> bytes =
          random_tensor(type->type, static_cast<uint64_t>(rows), static_cast<uint64_t>(cols), random.next(), 1.0f);
      Tensor t{"w",          type->type,   {static_cast<uint64_t>(cols), static_cast<uint64_t>(rows)},
               bytes.data(), bytes.size(), 0};
      const PackedMatrix w(t);
      const std::vector<float> x = random.reals(tokens * cols);
      for (bool wide : {false, true}) {
        const Activations reference(kernels(Isa::scalar), x, tokens, cols, wide);
        const std::vector<float> expected = define_linear(t, reference);
        for (Isa isa : {Isa::scalar, Isa::avx2, Isa::avx512, Isa::avx512vnni}) {
          if (!supported(isa)) continue;
          const Activations a(kernels(isa), x, tokens, cols, wide);
          const std::string what =
              fmt::format("seed {} {} {}x{} tokens {} wide {} {}", seed, name, rows, cols, tokens, wide, isa_name(isa));
          expect_same_bits(reference.hi, a.hi, what);
          expect_same_bits(reference.lo, a.lo, what);
          expect_same_bits(reference.d, a.d, what);
          expect_same_bits(reference.s32, a.s32, what);
          expect_same_bits(reference.s16, a.s16, what);
          for (int64_t step : {1, 2}) expect_same_bits(expected, multiply(kernels(isa), w, a, step), what);
        }
      }
    }
  }
}

// The largest products that a type can hold: where saturating instructions would show.
TEST(Kernels, LinearIsExactAtTheExtremes) {
  for (const char* name : {"Q8_0", "Q6_K", "Q4_0"}) {
    const QuantType* type = quant_type(name);
    for (int fill : {0x00, 0x7f, 0x80, 0xff}) {
      std::vector<uint8_t> bytes = random_tensor(type->type, 16, 256, 7, 1.0f);
      if (type->type == TensorType::Q8_0)
        for (size_t i = 0; i < bytes.size(); ++i)
          if (i % 34 >= 2) bytes[i] = static_cast<uint8_t>(fill);
      Tensor t{"w", type->type, {256, 16}, bytes.data(), bytes.size(), 0};
      const PackedMatrix w(t);
      for (float sign : {1.0f, -1.0f})
        for (bool wide : {false, true}) {
          const std::vector<float> x(3 * 256, sign);
          const Activations reference(kernels(Isa::scalar), x, 3, 256, wide);
          const std::vector<float> expected = define_linear(t, reference);
          for (Isa isa : other_tiers())
            expect_same_bits(expected, multiply(kernels(isa), w, reference, 1), isa_name(isa));
        }
    }
  }
}

TEST(Kernels, FloatLinearIsSequentialFma) {
  Random random{3};
  for (TensorType type : {TensorType::F32, TensorType::F16, TensorType::BF16}) {
    const int64_t rows = 37, cols = 51, tokens = 8;
    const std::vector<uint8_t> bytes = random_tensor(type, rows, cols, 11, 1.0f);
    Tensor t{"w", type, {static_cast<uint64_t>(cols), static_cast<uint64_t>(rows)}, bytes.data(), bytes.size(), 0};
    const PackedMatrix w(t);
    const std::vector<float> x = random.reals(tokens * cols);
    std::vector<float> dense(static_cast<size_t>(rows * cols));
    dequantize(type, bytes.data(), static_cast<uint64_t>(rows * cols), dense.data());
    std::vector<float> expected(static_cast<size_t>(tokens * pad16(rows)), 0.0f);
    for (int64_t i = 0; i < tokens; ++i)
      for (int64_t r = 0; r < rows; ++r) {
        float acc = 0;
        for (int64_t k = 0; k < cols; ++k)
          acc = std::fma(dense[static_cast<size_t>(r * cols + k)], x[static_cast<size_t>(i * cols + k)], acc);
        expected[static_cast<size_t>(i * pad16(rows) + r)] = acc;
      }
    for (Isa isa : {Isa::scalar, Isa::avx2, Isa::avx512, Isa::avx512vnni}) {
      if (!supported(isa)) continue;
      std::vector<float> y(expected.size(), -1.0f);
      kernels(isa).linear_float(w.view(), 0, w.view().groups, x.data(), cols, tokens, y.data(), pad16(rows));
      expect_same_bits(expected, y, isa_name(isa));
    }
  }
}

TEST(Kernels, RowStepsAgreeOnEveryTier) {
  Random random{5};
  const Kernels& k = kernels(Isa::scalar);
  for (int round = 0; round < 50; ++round) {
    const int64_t n = 1 + random.below(90), padded = pad16(n);
    std::vector<float> x = random.reals(padded), w = random.reals(padded), cos = random.reals(padded),
                       sin = random.reals(padded);
    for (int64_t i = n; i < padded; ++i) x[static_cast<size_t>(i)] = w[static_cast<size_t>(i)] = 0;
    for (Isa isa : other_tiers()) {
      const Kernels& o = kernels(isa);
      const auto both = [&](auto&& step, const char* what) {
        std::vector<float> a = x, b = x;
        step(k, a), step(o, b);
        expect_same_bits(a, b, fmt::format("{} {} n {}", what, isa_name(isa), n));
      };
      both([&](const Kernels& t, std::vector<float>& v) { t.rms_norm(v.data(), w.data(), n, 1e-5f, v.data()); },
           "rms_norm");
      both([&](const Kernels& t, std::vector<float>& v) { t.silu_mul(v.data(), w.data(), padded); }, "silu");
      both([&](const Kernels& t, std::vector<float>& v) { t.gelu_mul(v.data(), w.data(), padded); }, "gelu");
      both([&](const Kernels& t, std::vector<float>& v) { t.exp(x.data(), padded, v.data()); }, "exp");
      both([&](const Kernels& t,
               std::vector<float>& v) { t.rope(v.data(), n / 2 * 2, cos.data(), sin.data(), round % 2); },
           "rope");
      both([&](const Kernels& t,
               std::vector<float>& v) { t.add(v.data(), w.data(), padded), t.scale(v.data(), 0.3f, padded); },
           "add, scale");
      std::vector<uint16_t> h(static_cast<size_t>(padded)), h2 = h;
      k.to_f16(x.data(), padded, h.data(), 1), o.to_f16(x.data(), padded, h2.data(), 1);
      expect_same_bits(h, h2, "to_f16");
      const LogitChunk a = k.logit_chunk(x.data(), n), b = o.logit_chunk(x.data(), n);
      EXPECT_EQ(a.argmax, b.argmax);
      EXPECT_EQ(std::memcmp(&a.sum, &b.sum, 8), 0);
    }
  }
}

TEST(Kernels, ExpIsWithinOneAndAHalfUlpAndFlushesBelowTheNormals) {
  std::vector<float> x, y;
  for (float v = -87.0f; v <= 88.0f; v += 0.0037f) x.push_back(v);
  x.resize(x.size() / 16 * 16);
  y.resize(x.size());
  kernels(Isa::scalar).exp(x.data(), static_cast<int64_t>(x.size()), y.data());
  double worst = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const double exact = std::exp(static_cast<double>(x[i]));
    const double ulp = std::ldexp(1.0, std::ilogb(exact) - 23);
    worst = std::max(worst, std::fabs(static_cast<double>(y[i]) - exact) / ulp);
  }
  EXPECT_LT(worst, 1.5);
  std::vector<float> edge = {-87.01f, -1000, -INFINITY, 88.01f, 1000, INFINITY, 0, -0.0f, 0, 0, 0, 0, 0, 0, 0, 0},
                     out(16);
  kernels(Isa::scalar).exp(edge.data(), 16, out.data());
  const std::vector<float> expected = {0, 0, 0, INFINITY, INFINITY, INFINITY, 1, 1};
  EXPECT_EQ(std::vector<float>(out.begin(), out.begin() + 8), expected);
}

TEST(Kernels, QuantisationRefusesWhatIsNotFinite) {
  for (float bad : {NAN, -NAN, INFINITY, -INFINITY}) {
    std::vector<float> x(64, 0.5f);
    x[40] = bad;
    for (Isa isa : {Isa::scalar, Isa::avx2, Isa::avx512vnni}) {
      if (!supported(isa)) continue;
      Activations a(kernels(isa), x, 1, 64, false);
      EXPECT_FALSE(kernels(isa).quantise_row(
          x.data(), 64, {a.hi.data(), nullptr, a.d.data(), a.s32.data(), a.s16.data(), a.sum16.data()}));
      EXPECT_EQ(a.d[1], 0);
    }
  }
}

// One query at a time, as the contract words it, against tiles of many rows, windows and segments.
TEST(Kernels, AttentionRowsDoNotKnowTheirNeighbours) {
  Random random{9};
  for (int round = 0; round < 24; ++round) {
    const int64_t d = round % 3 == 0 ? 8 : 64, padded = pad16(d), heads = 1 + random.below(4);
    const int64_t first = round % 4 == 0 ? 1000 + random.below(1200) : random.below(60), rows = 1 + random.below(20);
    const int64_t window = round % 2 == 0 ? 0 : 1 + random.below(40), last = first + rows, blocks = (last + 15) / 16;
    std::vector<float> k = random.reals(blocks * 16 * d), v = random.reals(blocks * 16 * padded),
                       q = random.reals(rows * heads * padded);
    std::vector<float> scratch(static_cast<size_t>(attention_scratch_floats(padded)));
    const auto run = [&](Isa isa, int64_t row0, int64_t n, std::vector<float>& out) {
      AttentionArgs a;
      a.head_dim = d, a.padded_dim = padded, a.k = k.data(), a.v = v.data(), a.heads = heads, a.window = window;
      a.first_position = first + row0, a.n_rows = n, a.scratch = scratch.data();
      a.q_stride = a.out_stride = heads * padded;
      a.q = q.data() + row0 * a.q_stride;
      a.out = out.data() + row0 * a.out_stride;
      kernels(isa).attention(a);
    };
    std::vector<float> alone(q.size());
    for (int64_t r = 0; r < rows; ++r) run(Isa::scalar, r, 1, alone);
    for (Isa isa : {Isa::scalar, Isa::avx2, Isa::avx512, Isa::avx512vnni}) {
      if (!supported(isa)) continue;
      std::vector<float> together(q.size());
      run(isa, 0, rows, together);
      expect_same_bits(alone, together, fmt::format("{} round {}", isa_name(isa), round));
    }
  }
}

template <class F>
Error refusal_of(F&& f) {
  try {
    f();
  } catch (const Error& e) {
    return e;
  }
  return Error("none", "", "", "");
}

TEST(Tiers, ANameIsATierOfThisMachineOrRefused) {
  const uint32_t here = 1u << static_cast<int>(Isa::scalar);
  EXPECT_EQ(parse_isa("scalar", here), Isa::scalar);
  for (const char* name : {"sse9", "AVX2", " scalar"})
    EXPECT_EQ(refusal_of([&] { parse_isa(name, here); }).code, "E0220") << name;
  const Error typo = refusal_of([&] { parse_isa("scalr", here); });
  EXPECT_NE(typo.problem.find("did you mean \"scalar\"?"), std::string::npos) << typo.problem;
#if defined(__x86_64__)
  const Error lacking = refusal_of([&] { parse_isa("avx2", here); });
  EXPECT_EQ(lacking.code, "E0221");
  EXPECT_NE(lacking.hint.find("choose one of: scalar;"), std::string::npos) << lacking.hint;
  EXPECT_EQ(parse_isa("avx2", here | 1u << static_cast<int>(Isa::avx2)), Isa::avx2);
#endif
}

TEST(PackedMatrix, RefusesRowsThatDoNotDivideIntoBlocks) {
  Tensor t;
  t.name = "blk.0.ffn_up.weight";
  t.type = TensorType::Q8_0;
  t.shape = {48, 16};
  const Error e = refusal_of([&] { PackedMatrix packed(t); });
  EXPECT_EQ(e.code, "E0211");
  EXPECT_EQ(e.where, t.name);
}

}  // namespace
}  // namespace samebits
