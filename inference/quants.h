// Quantised weight types: one block layout a file in quants/, all brought into one integer form.
//
// The numerics contract (NUMERICS.md) is written over this form: a weight is
//   w = d * (q - offset) + m        q unsigned, d and m float32, one pair per 32 weights, or per 16 (`halves`)
// Products such as d * sub_scale of K-quants are exact in float32 (11 + 8 bits at most).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "inference/gguf.h"
#include "inference/kernels/layout.h"

namespace samebits {

// 32 consecutive weights of a row. Without `halves`, every second element equals the first.
struct Block32 {
  uint8_t q[32];  // 0 … max_q
  float d[2];     // scale of weights 0-15 and 16-31
  float m[2];     // added; 0 for types without a minimum
  // What the two were made of. d = d_f16 * d_sub, m = m_f16 * m_sub; where Scales says so, without the sub-scales.
  uint16_t d_f16, m_f16;    // the file's binary16 values
  int8_t d_sub[2], m_sub[2];  // the file's integer sub-scales, m_sub <= 0
};

struct QuantType {
  TensorType type{};
  std::string_view name;  // "Q4_K"
  int values = 0;         // weights a block of the file
  int bytes = 0;          // bytes a block of the file
  bool quantised = false;  // false: F32, F16, BF16 (no integer form)
  int max_q = 0;          // largest q: 3, 7, 15, 24, 31, 63, 240, 255
  int offset = 0;         // q - offset is the signed integer weight
  bool halves = false;    // two scales per 32 weights
  bool has_min = false;
  Scales scales = Scales::f16;
  int d_at = -1;  // byte offset in a block of the file's binary16 scale; -1: there is none
  int m_at = -1;  // of its binary16 minimum (K-quants: dmin)
  // `block`: one block of the file, `bytes` long -> values / 32 blocks.
  void (*unpack)(const uint8_t* block, Block32* out) = nullptr;
};

// nullptr for an id that is not supported.
const QuantType* quant_type(TensorType);
const QuantType* quant_type(std::string_view name);
// Name of any ggml_type id, supported or not ("IQ2_XXS"), for messages.
std::string type_name(uint32_t id);

// Exact values of n consecutive weights starting at `data` (n a multiple of the block): F32 as is, F16 and BF16
// widened, quantised fma(float(q - offset), d, m).
void dequantize(TensorType, const uint8_t* data, uint64_t n, float* out);
void dequantize(const Block32&, int offset, float* out);  // 32 of them

float f16_to_f32(uint16_t bits);
uint16_t f32_to_f16(float);  // round to nearest even, overflow to infinity

}  // namespace samebits
