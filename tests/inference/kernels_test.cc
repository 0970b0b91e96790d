// Linear layers: every tier equals the contract's definition, over seeded random shapes with odd tails, any tile, any
// number of threads.
#include <fmt/format.h>

#include "harness/core/error.h"
#include "inference/activations.h"
#include "inference/packed.h"
#include "inference/quants.h"
#include "inference/workers.h"
#include "tests/inference/kernel_cases.h"
#include "tests/inference/kernel_definitions.h"
#include "tests/support/errors.h"
#include "tests/support/gguf_writer.h"

namespace samebits {
namespace {

constexpr const char* kQuantised[] = {"Q4_0", "Q4_1", "Q5_0", "Q5_1",   "Q8_0",   "Q2_K", "Q3_K",
                                      "Q4_K", "Q5_K", "Q6_K", "IQ4_NL", "IQ4_XS", "MXFP4"};

// Tensors are views; this one owns its bytes.
struct OwnedTensor {
  std::vector<uint8_t> bytes;
  Tensor tensor;
  OwnedTensor(TensorType type, int64_t rows, int64_t cols, uint64_t seed, float magnitude)
      : bytes(random_tensor(type, static_cast<uint64_t>(rows), static_cast<uint64_t>(cols), seed, magnitude)),
        tensor{"w", type, {static_cast<uint64_t>(cols), static_cast<uint64_t>(rows)}, bytes.data(), bytes.size(), 0} {}
};

std::vector<definition::QuantisedBlock> define_blocks(const std::vector<float>& x, bool wide) {
  std::vector<definition::QuantisedBlock> out;
  for (size_t i = 0; i < x.size(); i += 32) out.push_back(definition::quantise(&x[i], wide));
  return out;
}

// y = W x on one tier, `step` groups a call, calls on any of `threads` threads.
std::vector<float> multiply(Isa isa, const PackedMatrix& w, const std::vector<float>& x, int64_t tokens, bool wide,
                            int64_t step, int threads) {
  const Kernels& k = kernels(isa);
  QuantisedRows rows;
  std::vector<int32_t> starts;
  ActivationView view;
  if (w.quantised()) {
    rows.resize(tokens, w.cols(), wide);
    for (int64_t r = 0; r < tokens; ++r) k.quantise_row(x.data() + r * w.cols(), w.cols(), rows.row(r));
    starts = rows.starts(w.view().offset, w.parts());
    view = rows.view(w.parts(), starts);
  }
  const int64_t groups = w.view().groups;
  std::vector<float> y(static_cast<size_t>(tokens * groups * 16), -1.0f);
  Workers(threads).each((groups + step - 1) / step, [&](int64_t i) {
    multiply_groups(k, w.view(), i * step, std::min(groups, (i + 1) * step), view, x.data(), w.cols(), tokens, y.data(),
                    groups * 16);
  });
  return y;
}

// Blocks of activations that are far apart in size, besides edges inside of them.
std::vector<float> activations(Cases& cases, int64_t n) {
  std::vector<float> x = cases.mixed(n);
  for (int64_t b = 0; b < n / 32; ++b) {
    const int kind = static_cast<int>(cases.below(8));
    const float by = kind == 0 ? 0.0f : kind == 1 ? 0x1p-120f : kind == 2 ? 0x1p-90f : 1.0f;
    const float limit = kind == 3 ? 1e36f : 1e30f;  // a sum of 32 stays finite: 0 times it is 0 in padded rows
    for (int64_t i = 32 * b; i < 32 * (b + 1); ++i) {
      float& v = x[static_cast<size_t>(i)];
      v = (std::fabs(v) > limit ? 1.0f : v) * by;
    }
  }
  return x;
}

TEST(Kernels, LinearEqualsItsDefinitionForEveryTypeTierTileAndWidth) {
  const uint64_t seed = 20261121;
  Cases cases(seed);
  for (const char* name : kQuantised) {
    const QuantType* type = quant_type(name);
    ASSERT_TRUE(type) << name;
    for (int round = 0; round < 6; ++round) {
      const int64_t cols = type->values * cases.between(1, 3), rows = cases.between(1, 70),
                    tokens = cases.between(1, 15);
      // The smallest magnitude makes the file's scales subnormal in binary16.
      const float magnitude = round == 0 ? 1e-5f : 1.0f;
      const OwnedTensor t(type->type, rows, cols, cases.next(), magnitude);
      const PackedMatrix w(t.tensor);
      const std::vector<float> x = round < 2 ? cases.reals(tokens * cols) : activations(cases, tokens * cols);
      for (bool wide : {false, true}) {
        const std::vector<float> expected = definition::linear(t.tensor, define_blocks(x, wide), tokens);
        for (Isa isa : tiers_here())
          for (int64_t step : {1, 2, 5})
            expect_same_bits(expected, multiply(isa, w, x, tokens, wide, step, 1),
                             fmt::format("seed {} {} {}x{} tokens {} wide {} step {} {}", seed, name, rows, cols,
                                         tokens, wide, step, isa_name(isa)));
      }
    }
  }
}

// The largest products that a type can hold: where saturating instructions would show.
TEST(Kernels, LinearIsExactAtTheExtremes) {
  for (const char* name : {"Q8_0", "Q6_K", "Q4_0", "IQ4_NL"}) {
    const QuantType* type = quant_type(name);
    for (int fill : {0x00, 0x7f, 0x80, 0xff}) {
      OwnedTensor t(type->type, 16, 256, 7, 1.0f);
      if (type->values == 32)
        for (size_t i = 0; i < t.bytes.size(); ++i)
          if (i % static_cast<size_t>(type->bytes) >= 2) t.bytes[i] = static_cast<uint8_t>(fill);
      const PackedMatrix w(t.tensor);
      for (float sign : {1.0f, -1.0f})
        for (bool wide : {false, true}) {
          const std::vector<float> x(3 * 256, sign);
          const std::vector<float> expected = definition::linear(t.tensor, define_blocks(x, wide), 3);
          for (Isa isa : tiers_here())
            expect_same_bits(expected, multiply(isa, w, x, 3, wide, 1, 1), fmt::format("{} {}", name, isa_name(isa)));
        }
    }
  }
}

TEST(Kernels, PackedRowsAreTheRowsOfTheFile) {
  std::vector<std::string> names(std::begin(kQuantised), std::end(kQuantised));
  names.insert(names.end(), {"F32", "F16", "BF16"});
  for (const std::string& name : names) {
    const OwnedTensor t(quant_type(name)->type, 37, 512, 11, 1.0f);
    const PackedMatrix w(t.tensor);
    std::vector<float> expected(37 * 512), rows(expected.size());
    dequantize(t.tensor.type, t.tensor.data, expected.size(), expected.data());
    for (int64_t r = 0; r < 37; ++r) w.row(r, rows.data() + 512 * r);
    expect_same_bits(expected, rows, name);
  }
}

TEST(Kernels, FloatLinearIsSequentialFma) {
  const uint64_t seed = 3;
  Cases cases(seed);
  for (TensorType type : {TensorType::F32, TensorType::F16, TensorType::BF16})
    for (int round = 0; round < 6; ++round) {
      const int64_t rows = cases.between(1, 70), cols = cases.between(1, 90), tokens = cases.between(1, 15);
      const OwnedTensor t(type, rows, cols, cases.next(), round == 0 ? 1e-6f : 1.0f);
      const PackedMatrix w(t.tensor);
      const std::vector<float> x = cases.mixed(tokens * cols);
      const std::vector<float> expected = definition::linear_float(t.tensor, x, tokens);
      for (Isa isa : tiers_here())
        for (int64_t step : {1, 2})
          expect_same_bits(expected, multiply(isa, w, x, tokens, false, step, 1),
                           fmt::format("seed {} {}x{} tokens {} {}", seed, rows, cols, tokens, isa_name(isa)));
    }
}

TEST(Kernels, LinearDoesNotKnowHowManyThreadsThereAre) {
  const uint64_t seed = 17;
  Cases cases(seed);
  for (const char* name : {"Q4_K", "Q8_0", "F16"}) {
    const OwnedTensor t(quant_type(name)->type, 100, 256, cases.next(), 1.0f);
    const PackedMatrix w(t.tensor);
    const std::vector<float> x = cases.reals(9 * 256);
    for (Isa isa : tiers_here()) {
      const std::vector<float> alone = multiply(isa, w, x, 9, false, 7, 1);
      for (int threads : {2, 3, 7})
        expect_same_bits(alone, multiply(isa, w, x, 9, false, 1, threads),
                         fmt::format("seed {} {} threads {} {}", seed, name, threads, isa_name(isa)));
    }
  }
}

TEST(Tiers, ANameIsATierOfThisMachineOrRefused) {
  const uint32_t here = 1u << static_cast<int>(Isa::scalar);
  EXPECT_EQ(parse_isa("scalar", here), Isa::scalar);
  for (const char* name : {"sse9", "AVX2", " scalar"})
    EXPECT_EQ(error_of([&] { parse_isa(name, here); }).code, "E0220") << name;
  const Error typo = error_of([&] { parse_isa("scalr", here); });
  EXPECT_NE(typo.problem.find("no tier \"scalr\""), std::string::npos) << typo.problem;
  EXPECT_NE(typo.problem.find("did you mean \"scalar\"?"), std::string::npos) << typo.problem;
  // A tier of another processor is a tier that this one lacks, not an unknown word.
  for (const char* name : {"avx2", "avxvnni", "avx512", "avx512vnni", "neon", "neon_i8mm"}) {
    const Error lacking = error_of([&] { parse_isa(name, here); });
    EXPECT_EQ(lacking.code, "E0221") << name;
    EXPECT_NE(lacking.problem.find("\"" + std::string(name) + "\""), std::string::npos) << lacking.problem;
    EXPECT_NE(lacking.hint.find("choose one of: scalar;"), std::string::npos) << lacking.hint;
  }
  EXPECT_EQ(parse_isa("avx2", here | 1u << static_cast<int>(Isa::avx2)), Isa::avx2);
  EXPECT_FALSE(supported(Isa::neon) && supported(Isa::avx2));
}

TEST(Tiers, EachIsFoundByItsNameAndNamesItself) {
  for (Isa isa : tiers_here()) {
    EXPECT_EQ(parse_isa(isa_name(isa)), isa);
    EXPECT_STREQ(kernels(isa).name, isa_name(isa));
  }
}

TEST(PackedMatrix, RefusesRowsThatDoNotDivideIntoBlocks) {
  Tensor t;
  t.name = "blk.0.ffn_up.weight";
  t.type = TensorType::Q8_0;
  t.shape = {48, 16};
  const Error e = error_of([&] { PackedMatrix packed(t); });
  EXPECT_EQ(e.code, "E0211");
  EXPECT_EQ(e.where, t.name);
}

}  // namespace
}  // namespace samebits
