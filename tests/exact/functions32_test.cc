// exp, silu, gelu and the binary16 conversions (NUMERICS.md §4, §5) over all float32 inputs: the same bits on every
// tier, and within the errors that the contract states.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>

#include "tests/exact/contract.h"
#include "tests/exact/inputs.h"

namespace samebits {
namespace {

using Floats = std::vector<float>;

uint32_t bits(float x) { return std::bit_cast<uint32_t>(x); }

// NaNs are one value: no score ever holds one (NUMERICS.md §9).
bool same(float a, float b) { return bits(a) == bits(b) || (a != a && b != b); }

// What the contract says of a function: its bits, and that they are within `max_ulp` of `exact` from `first` to `last`.
struct Function {
  const char* name;
  void (*compute)(const Kernels&, const Floats& x, Floats& y);
  float (*definition)(float);
  double (*exact)(double);
  float first, last;
  double max_ulp;
  double max_below;  // absolute error below `first`
};

void apply_exp(const Kernels& k, const Floats& x, Floats& y) {
  k.exp(x.data(), static_cast<int64_t>(x.size()), y.data());
}

// The gates multiply by `up`; 1 leaves the activation itself.
void apply_silu(const Kernels& k, const Floats& x, Floats& y) {
  const Floats ones(x.size(), 1.0f);
  y = x;
  k.silu_mul(y.data(), ones.data(), static_cast<int64_t>(y.size()));
}

void apply_gelu(const Kernels& k, const Floats& x, Floats& y) {
  const Floats ones(x.size(), 1.0f);
  y = x;
  k.gelu_mul(y.data(), ones.data(), static_cast<int64_t>(y.size()));
}

double exact_exp(double x) { return std::exp(x); }
double exact_silu(double x) { return x / (1 + std::exp(-x)); }
double exact_gelu(double x) {
  constexpr double kTwoRootTwoOverPi = 1.5957691216057307117597842397375;  // 2 sqrt(2/pi)
  return x / (1 + std::exp(-x * kTwoRootTwoOverPi * (1 + 0.044715 * x * x)));
}

const Function kFunctions[] = {
    {"exp", apply_exp, contract::exp, exact_exp, -87.0f, 88.0f, 1, 0x1p-125},
    {"silu", apply_silu, contract::silu, exact_silu, -88.0f, INFINITY, 3, 0x1p-120},
    {"gelu", apply_gelu, contract::gelu, exact_gelu, -10.0f, INFINITY, 200, 0x1p-100},
};

class Functions32 : public testing::TestWithParam<Function> {};

TEST_P(Functions32, EveryTierGivesTheBitsOfTheDefinitionWithinTheStatedError) {
  const Function f = GetParam();
  Worst inside, below;
  std::atomic<uint64_t> inputs = 0, differing = 0;
  for_inputs(math_stride(), [&](const Floats& x) {
    Floats expected(x.size()), y(x.size());
    for (size_t i = 0; i < x.size(); ++i) expected[i] = f.definition(x[i]);
    for (Isa isa : tiers_here()) {
      f.compute(kernels(isa), x, y);
      for (size_t i = 0; i < x.size(); ++i)
        if (!same(expected[i], y[i]) && differing++ < 5)
          ADD_FAILURE() << fmt::format("{}({:a}) is {:a} on {}, not {:a}", f.name, x[i], y[i], isa_name(isa),
                                       expected[i]);
    }
    Worst in, out;
    for (size_t i = 0; i < x.size(); ++i) {
      if (x[i] >= f.first && x[i] <= f.last && std::isfinite(x[i]))
        in.see(ulps<double>(expected[i], f.exact(x[i]), 24, -126), x[i]);
      else if (x[i] < f.first && std::isfinite(x[i]))
        out.see(std::fabs(expected[i] - f.exact(x[i])), x[i]);
      else if (x[i] != x[i] && expected[i] == expected[i])
        ADD_FAILURE() << f.name << " of NaN is " << expected[i];
    }
    inside.merge(in), below.merge(out);
    inputs += x.size();
  });
  fmt::print("{}: {} inputs, worst {:.4f} ulp at {:a}; below {}: {:a} at {:a}\n", f.name, inputs.load(), inside.error(),
             inside.at(), f.first, below.error(), below.at());
  EXPECT_LE(inside.error(), f.max_ulp) << "at " << inside.at();
  EXPECT_LE(below.error(), f.max_below) << "at " << below.at();
}

INSTANTIATE_TEST_SUITE_P(, Functions32, testing::ValuesIn(kFunctions),
                         [](const auto& info) { return std::string(info.param.name); });

// What the KV cache stores. NaN stays NaN and overflow is told.
TEST(Binary16, EveryTierRoundsAllInputsToNearestEven) {
  std::atomic<uint64_t> differing = 0;
  for_inputs(math_stride(), [&](const Floats& x) {
    std::vector<uint16_t> h(x.size());
    Floats y(x.size());
    for (const Isa isa : tiers_here()) {
      const bool finite = kernels(isa).to_f16(x.data(), static_cast<int64_t>(x.size()), h.data(), 1);
      kernels(isa).from_f16(h.data(), static_cast<int64_t>(h.size()), y.data());
      bool all_finite = true;
      for (size_t i = 0; i < x.size(); ++i) {
        const float expected = contract::round_to_binary16(x[i]);
        all_finite = all_finite && std::isfinite(expected);
        if (!same(expected, y[i]) && differing++ < 5)
          ADD_FAILURE() << fmt::format("{:a} became {:a} on {}, not {:a}", x[i], y[i], isa_name(isa), expected);
      }
      EXPECT_EQ(finite, all_finite) << isa_name(isa);
    }
  });
}

TEST(Binary16, EveryTierWidensAllValuesExactly) {
  std::vector<uint16_t> h(1 << 16);
  for (size_t i = 0; i < h.size(); ++i) h[i] = static_cast<uint16_t>(i);
  Floats y(h.size());
  for (const Isa isa : tiers_here()) {
    kernels(isa).from_f16(h.data(), static_cast<int64_t>(h.size()), y.data());
    for (size_t i = 0; i < h.size(); ++i) {
      const int exponent = h[i] >> 10 & 31, fraction = h[i] & 1023;
      const float magnitude = exponent == 31  ? (fraction ? NAN : INFINITY)
                              : exponent == 0 ? std::ldexp(static_cast<float>(fraction), -24)
                                              : std::ldexp(static_cast<float>(1024 + fraction), exponent - 25);
      ASSERT_TRUE(same(std::copysign(magnitude, h[i] >> 15 ? -1.0f : 1.0f), y[i])) << isa_name(isa) << " " << i;
    }
  }
}

}  // namespace
}  // namespace samebits
