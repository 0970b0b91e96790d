// What the block layouts of quants/ share: little-endian fields, and nibbles in ggml's order.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

#include "inference/quants.h"

namespace samebits::quants {

static_assert(std::endian::native == std::endian::little, "GGUF fields are read in place as little-endian");

inline uint16_t load_u16(const uint8_t* p) {
  uint16_t v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

inline uint32_t load_u32(const uint8_t* p) {
  uint32_t v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

// 32 nibbles from 16 bytes: the low ones are weights 0-15, the high ones 16-31.
inline void unpack_nibbles(const uint8_t* qs, uint8_t* q) {
  for (int j = 0; j < 16; ++j) {
    q[j] = qs[j] & 15;
    q[j + 16] = qs[j] >> 4;
  }
}

// Scales::f16: one binary16 scale and minimum for all 32 weights.
inline void set_scales(Block32& b, uint16_t d, uint16_t m) {
  b.d_f16 = d;
  b.m_f16 = m;
  b.d[0] = b.d[1] = f16_to_f32(d);
  b.m[0] = b.m[1] = f16_to_f32(m);
  b.d_sub[0] = b.d_sub[1] = b.m_sub[0] = b.m_sub[1] = 0;
}

struct Halves {
  int first, second;
};

// Scales::sub: w = d * scale * q - m * min, a sub-scale for each half of the 32 weights. Both products are exact.
inline void set_sub_scales(Block32& b, uint16_t d, uint16_t m, Halves scale, Halves min) {
  b.d_f16 = d;
  b.m_f16 = m;
  const int scales[2] = {scale.first, scale.second}, mins[2] = {min.first, min.second};
  for (int half = 0; half < 2; ++half) {
    b.d_sub[half] = static_cast<int8_t>(scales[half]);
    b.m_sub[half] = static_cast<int8_t>(-mins[half]);
    b.d[half] = f16_to_f32(d) * static_cast<float>(b.d_sub[half]);
    b.m[half] = f16_to_f32(m) * static_cast<float>(b.m_sub[half]);
  }
}

// The 6-bit scale and minimum of sub-block s (0-7) of Q4_K and Q5_K, packed into 12 bytes: the low six bits of
// bytes 0-3 and 4-7 for s < 4; nibbles of bytes 8-11 with the two spare bits of the former for s >= 4.
struct ScaleMin {
  int scale, min;
};

inline ScaleMin k4_scale_min(const uint8_t* b, int s) {
  if (s < 4) return {b[s] & 63, b[s + 4] & 63};
  return {(b[s + 4] & 15) | (b[s - 4] >> 6) << 4, (b[s + 4] >> 4) | (b[s] >> 6) << 4};
}

// What a 4-bit code of IQ4_NL and IQ4_XS stands for, plus 127: the format's non-linear table -127 … 113.
inline constexpr uint8_t kIq4Values[16] = {0, 23, 44, 62, 78, 92, 105, 117, 128, 140, 152, 165, 180, 196, 216, 240};

}  // namespace samebits::quants
