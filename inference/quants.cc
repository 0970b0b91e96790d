#include "inference/quants.h"

#include <bit>
#include <cstring>

#include "harness/core/error.h"
#include "inference/quants/iq4_nl.h"
#include "inference/quants/iq4_xs.h"
#include "inference/quants/mxfp4.h"
#include "inference/quants/q2_k.h"
#include "inference/quants/q3_k.h"
#include "inference/quants/q4_0.h"
#include "inference/quants/q4_1.h"
#include "inference/quants/q4_k.h"
#include "inference/quants/q5_0.h"
#include "inference/quants/q5_1.h"
#include "inference/quants/q5_k.h"
#include "inference/quants/q6_k.h"
#include "inference/quants/q8_0.h"

namespace samebits {
namespace {

template <class Layout>
constexpr QuantType with_unpack() {
  QuantType type = Layout::kType;
  type.unpack = &Layout::unpack;
  return type;
}

constexpr QuantType kTypes[] = {
    {.type = TensorType::F32, .name = "F32", .values = 1, .bytes = 4},
    {.type = TensorType::F16, .name = "F16", .values = 1, .bytes = 2},
    {.type = TensorType::BF16, .name = "BF16", .values = 1, .bytes = 2},
#define SAMEBITS_QUANT(layout) with_unpack<quants::layout>(),
#include "inference/quants.def"
#undef SAMEBITS_QUANT
};

// ggml_type ids 0-42 (ggml.h). Empty: removed from the format.
constexpr std::string_view kTypeNames[] = {
    "F32",   "F16",    "Q4_0",  "Q4_1", "",     "",        "Q5_0",   "Q5_1",    "Q8_0",  "Q8_1",   "Q2_K",
    "Q3_K",  "Q4_K",   "Q5_K",  "Q6_K", "Q8_K", "IQ2_XXS", "IQ2_XS", "IQ3_XXS", "IQ1_S", "IQ4_NL", "IQ3_S",
    "IQ2_S", "IQ4_XS", "I8",    "I16",  "I32",  "I64",     "F64",    "IQ1_M",   "BF16",  "",       "",
    "",      "TQ1_0",  "TQ2_0", "",     "",     "",        "MXFP4",  "NVFP4",   "Q1_0",  "Q2_0"};

void dequantize_blocks(const QuantType& type, const uint8_t* data, uint64_t n, float* out) {
  Block32 blocks[8];  // the largest block of the file holds 256 values
  for (uint64_t done = 0; done < n; done += type.values, data += type.bytes) {
    type.unpack(data, blocks);
    for (int i = 0; i < type.values / 32; ++i, out += 32) dequantize(blocks[i], type.offset, out);
  }
}

}  // namespace

const QuantType* quant_type(TensorType id) {
  for (const QuantType& type : kTypes)
    if (type.type == id) return &type;
  return nullptr;
}

const QuantType* quant_type(std::string_view name) {
  for (const QuantType& type : kTypes)
    if (type.name == name) return &type;
  return nullptr;
}

std::string type_name(uint32_t id) {
  if (id < std::size(kTypeNames) && !kTypeNames[id].empty()) return std::string(kTypeNames[id]);
  return "number " + std::to_string(id);
}

void dequantize(const Block32& b, int offset, float* out) {
  // The product is exact in binary32 for every type, so this is fma(q - offset, d, m) without needing one.
  for (int i = 0; i < 32; ++i) out[i] = static_cast<float>(b.q[i] - offset) * b.d[i / 16] + b.m[i / 16];
}

void dequantize(TensorType id, const uint8_t* data, uint64_t n, float* out) {
  const QuantType* type = quant_type(id);
  SAMEBITS_ASSERT(type && n % type->values == 0);
  if (type->quantised) return dequantize_blocks(*type, data, n, out);
  if (id == TensorType::F32) {
    std::memcpy(out, data, n * sizeof(float));
    return;
  }
  for (uint64_t i = 0; i < n; ++i) {
    const uint16_t bits = quants::load_u16(data + 2 * i);
    out[i] = id == TensorType::F16 ? f16_to_f32(bits) : std::bit_cast<float>(uint32_t{bits} << 16);
  }
}

float f16_to_f32(uint16_t bits) {
  const uint32_t sign = uint32_t{bits & 0x8000u} << 16, magnitude = bits & 0x7fffu;
  if (magnitude >= 0x7c00) return std::bit_cast<float>(sign | 0x7f800000 | (magnitude & 0x3ff) << 13);
  if (magnitude >= 0x0400) return std::bit_cast<float>(sign | ((magnitude << 13) + (112u << 23)));  // bias 15 -> 127
  const float subnormal = static_cast<float>(magnitude) * 0x1p-24f;                                 // exact
  return std::bit_cast<float>(sign | std::bit_cast<uint32_t>(subnormal));
}

uint16_t f32_to_f16(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value), magnitude = bits & 0x7fffffff;
  const uint32_t sign = bits >> 16 & 0x8000;
  if (magnitude > 0x7f800000) return static_cast<uint16_t>(sign | 0x7e00);   // one quiet NaN
  if (magnitude >= 0x477ff000) return static_cast<uint16_t>(sign | 0x7c00);  // 65520 and above round to infinity
  if (magnitude >= 0x38800000) {                                             // 2^-14: a normal result
    const uint32_t rebiased = magnitude - (112u << 23);
    return static_cast<uint16_t>(sign | (rebiased + 0xfff + (rebiased >> 13 & 1)) >> 13);
  }
  if (magnitude <= 0x33000000) return static_cast<uint16_t>(sign);  // up to 2^-25, a tie to even: zero
  const uint32_t shift = 126 - (magnitude >> 23);                   // to units of 2^-24; 14 … 24
  const uint32_t significand = (magnitude & 0x7fffff) | 0x800000;
  const uint32_t rounded = significand + (1u << (shift - 1)) - 1 + (significand >> shift & 1);
  return static_cast<uint16_t>(sign | rounded >> shift);
}

}  // namespace samebits
