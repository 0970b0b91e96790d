#include "inference/quants.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>

#include "harness/core/digest.h"
#include "tests/support/random.h"

namespace samebits {
namespace {

// ---- binary16 ----

// Straight from the definition, in double: sign, exponent, fraction.
double slow_f16(uint16_t bits) {
  const int exponent = bits >> 10 & 31, fraction = bits & 1023;
  const double magnitude = exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
  return bits & 0x8000 ? -magnitude : magnitude;
}

bool is_nan_or_inf(uint16_t bits) { return (bits & 0x7c00) == 0x7c00; }

TEST(F16, WidensAll65536) {
  for (uint32_t b = 0; b < 65536; ++b) {
    const auto bits = static_cast<uint16_t>(b);
    const float wide = f16_to_f32(bits);
    if (is_nan_or_inf(bits)) {
      EXPECT_EQ(std::isnan(wide), (b & 0x3ff) != 0) << b;
      EXPECT_FALSE(std::isfinite(wide)) << b;
    } else {
      EXPECT_EQ(wide, slow_f16(bits)) << b;
    }
    EXPECT_EQ(std::signbit(wide), b >= 0x8000) << b;
  }
}

TEST(F16, NarrowingInvertsWidening) {
  for (uint32_t b = 0; b < 65536; ++b) {
    const float wide = f16_to_f32(static_cast<uint16_t>(b));
    if (std::isnan(wide)) {
      EXPECT_TRUE(std::isnan(f16_to_f32(f32_to_f16(wide)))) << b;
    } else {
      EXPECT_EQ(f32_to_f16(wide), b);
    }
  }
}

// Between any two neighbours: below the midpoint the lower one, above it the upper one, on it the even one.
TEST(F16, RoundsToNearestEven) {
  for (uint16_t low = 0; low < 0x7c00; ++low) {
    const auto high = static_cast<uint16_t>(low + 1);  // may be infinity: then 65520 is the midpoint
    const double above = high == 0x7c00 ? 65536 : slow_f16(high);
    const auto middle = static_cast<float>((slow_f16(low) + above) / 2);  // exact
    for (const uint16_t sign : {0, 0x8000}) {
      const float s = sign ? -1.f : 1.f;
      EXPECT_EQ(f32_to_f16(s * middle), sign | (low % 2 ? high : low)) << low;
      EXPECT_EQ(f32_to_f16(s * std::nextafter(middle, 0.f)), sign | low) << low;
      EXPECT_EQ(f32_to_f16(s * std::nextafter(middle, INFINITY)), sign | high) << low;
    }
  }
  EXPECT_EQ(f32_to_f16(INFINITY), 0x7c00);
  EXPECT_EQ(f32_to_f16(-3e38f), 0xfc00);
  EXPECT_EQ(f32_to_f16(0x1p-149f), 0);
}

// ---- Block layouts ----

struct Golden {
  TensorType type;
  const char* sha256;
};

// SHA-256 of 256 dequantised blocks as float32 (-0 made +0), computed once with gguf-py 0.19's quants.dequantize.
// The blocks: SplitMix64 bytes seeded with the type's id, top exponent bit of each binary16 field and top bit of
// MXFP4's exponent cleared.
constexpr Golden kGolden[] = {
    {TensorType::Q4_0, "077550fd182086e7ca01bf1fb3bc29ef344335d7cb3cc46486597fc4e7f20791"},
    {TensorType::Q4_1, "72ba78aade53cf85f3702bab1974fe9eb7c2dba0988253679f8f1213a3784413"},
    {TensorType::Q5_0, "26b80307b16b2435c2bda567bb11341e9e757006dd26c6f94fac7c812b0ba084"},
    {TensorType::Q5_1, "ff9de124b93806804b450f0028d2aa9a47171b4b63a5ea3aaefca69eb69a2db6"},
    {TensorType::Q8_0, "c78542d08232334ae97edb7618583314205f1f4e7dd7c55ed00730dda26a28d4"},
    {TensorType::Q2_K, "2ebb8210d6cc81c5db95f9686aa89b6d40c94f913f9cffccbe3cff9839c77887"},
    {TensorType::Q3_K, "714c77e42f7403d95be466cee3d354afc8fd6e8148d3203fa165275fc10cb08e"},
    {TensorType::Q4_K, "3886c85d7b03310a4f09f164ce055692af491c3ef8919f89bee2040c223e7909"},
    {TensorType::Q5_K, "8d50ff109baaaab78bfe0f8891ef875d2aec1b4604ef587dc36fbd0e24f63741"},
    {TensorType::Q6_K, "5aebc9ae5006ef2dab5428071b935b5b25b88c2023abbee87670a7929b8b1f50"},
    {TensorType::IQ4_NL, "cd7cda70e38a26acf79ec5d5c92f6a5a7995cf4269f3e67a63ccd5e16e278035"},
    {TensorType::IQ4_XS, "1c548411bb88b8f3a2c3434e5a01b510793e3a5253ad20c54dee7e166b648f47"},
    {TensorType::MXFP4, "fa8a0d8a6c99b27fa6ad8f92861a558634e2eae6b457c02eb89d08df01582744"},
};

constexpr int kBlocks = 256;

std::vector<uint8_t> golden_blocks(const QuantType& type) {
  std::vector<uint8_t> data = SplitMix64(static_cast<uint64_t>(type.type)).bytes(size_t(kBlocks) * type.bytes);
  for (int b = 0; b < kBlocks; ++b) {
    uint8_t* block = data.data() + size_t(b) * type.bytes;
    if (type.d_at >= 0) block[type.d_at + 1] &= 0xbf;
    if (type.m_at >= 0) block[type.m_at + 1] &= 0xbf;
    if (type.type == TensorType::MXFP4) block[0] &= 0x7f;
  }
  return data;
}

TEST(Quants, DequantiseAsPublished) {
  for (const Golden& golden : kGolden) {
    const QuantType& type = *quant_type(golden.type);
    const std::vector<uint8_t> data = golden_blocks(type);
    std::vector<float> values(size_t(kBlocks) * type.values);
    dequantize(type.type, data.data(), values.size(), values.data());
    for (float& v : values) v += 0.f;
    EXPECT_EQ(sha256_hex({reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)}), golden.sha256)
        << type.name;
  }
}

// The kernels rely on what QuantType says about its blocks.
TEST(Quants, BlocksKeepTheirPromises) {
  for (const Golden& golden : kGolden) {
    const QuantType& type = *quant_type(golden.type);
    const std::vector<uint8_t> data = golden_blocks(type);
    int largest = 0;
    for (int b = 0; b < kBlocks; ++b) {
      Block32 blocks[8];
      type.unpack(data.data() + size_t(b) * type.bytes, blocks);
      for (int i = 0; i < type.values / 32; ++i) {
        const Block32& out = blocks[i];
        for (const int q : out.q) largest = std::max(largest, q);
        EXPECT_TRUE(type.halves || (out.d[0] == out.d[1] && out.m[0] == out.m[1])) << type.name;
        EXPECT_TRUE(type.has_min || (out.m[0] == 0 && out.m[1] == 0)) << type.name;
        for (int half = 0; half < 2 && type.scales != Scales::f32; ++half) {
          const bool sub = type.scales == Scales::sub;
          EXPECT_EQ(out.d[half], f16_to_f32(out.d_f16) * (sub ? static_cast<float>(out.d_sub[half]) : 1)) << type.name;
          EXPECT_EQ(out.m[half], f16_to_f32(out.m_f16) * (sub ? static_cast<float>(out.m_sub[half]) : 1)) << type.name;
        }
      }
    }
    EXPECT_EQ(largest, type.max_q) << type.name;
  }
}

// dequantize() multiplies and adds; the contract says fma. They agree because the product is exact.
TEST(Quants, ProductOfScaleAndWeightIsExact) {
  for (const Golden& golden : kGolden) {
    const QuantType& type = *quant_type(golden.type);
    const std::vector<uint8_t> data = golden_blocks(type);
    for (int b = 0; b < kBlocks; ++b) {
      Block32 blocks[8];
      type.unpack(data.data() + size_t(b) * type.bytes, blocks);
      for (int i = 0; i < type.values; ++i) {
        const float d = blocks[i / 32].d[i % 32 / 16];
        const float q = static_cast<float>(blocks[i / 32].q[i % 32] - type.offset);
        ASSERT_EQ(static_cast<double>(d * q), static_cast<double>(d) * q) << type.name;
      }
    }
  }
}

TEST(Quants, Mxfp4ScalesReachIntoSubnormals) {
  const QuantType& type = *quant_type(TensorType::MXFP4);
  uint8_t block[17] = {0, 0x01};  // weight 0: code 1, doubled value 1
  for (int e = 0; e < 255; ++e) {
    block[0] = static_cast<uint8_t>(e);
    float values[32];
    dequantize(type.type, block, 32, values);
    EXPECT_EQ(values[0], std::ldexp(1.0, e - 128)) << e;
  }
}

TEST(Quants, FloatTypesWiden) {
  const uint16_t half[2] = {0x3c00, 0x0001}, brain[2] = {0x3f80, 0xc049};
  float out[2];
  dequantize(TensorType::F16, reinterpret_cast<const uint8_t*>(half), 2, out);
  EXPECT_EQ(out[0], 1.f);
  EXPECT_EQ(out[1], 0x1p-24f);
  dequantize(TensorType::BF16, reinterpret_cast<const uint8_t*>(brain), 2, out);
  EXPECT_EQ(out[0], 1.f);
  EXPECT_EQ(out[1], -3.140625f);
}

TEST(Quants, TypesAreFoundByIdAndName) {
  EXPECT_EQ(quant_type("Q4_K"), quant_type(TensorType::Q4_K));
  EXPECT_EQ(quant_type("IQ2_XXS"), nullptr);
  EXPECT_EQ(quant_type(static_cast<TensorType>(4)), nullptr);
  EXPECT_EQ(type_name(16), "IQ2_XXS");
  EXPECT_EQ(type_name(4), "number 4");
  EXPECT_EQ(type_name(4'000'000'000), "number 4000000000");
}

}  // namespace
}  // namespace samebits
