// MXFP4 (OCP microscaling): e2m1 codes and one power of two for 32 weights. Layout: u8 e; u8 qs[16].
// Codes stand for 0, 0.5, 1, 1.5, 2, 3, 4, 6 and their negatives; they are doubled to be integers, and the scale
// 2^(e - 127) is halved. e = 255 is NaN in the standard: Gguf::check_finite refuses it.
#pragma once

#include "inference/quants/block.h"

namespace samebits::quants {

struct MXFP4 {
  static constexpr QuantType kType = {.type = TensorType::MXFP4,
                                      .name = "MXFP4",
                                      .values = 32,
                                      .bytes = 17,
                                      .quantised = true,
                                      .max_q = 24,
                                      .offset = 12,
                                      .halves = false,
                                      .has_min = false,
                                      .scales = Scales::f32};

  static constexpr uint8_t kValues[16] = {12, 13, 14, 15, 16, 18, 20, 24, 12, 11, 10, 9, 8, 6, 4, 0};  // doubled + 12

  // 2^(e - 128); 2^-127 and 2^-128 are subnormal in binary32.
  static float scale(uint8_t e) { return std::bit_cast<float>(e < 2 ? uint32_t{0x200000} << e : (e - 1u) << 23); }

  static void unpack(const uint8_t* block, Block32* out) {
    set_scales(*out, 0, 0);
    out->d[0] = out->d[1] = scale(block[0]);
    unpack_nibbles(block + 1, out->q);
    for (uint8_t& q : out->q) q = kValues[q];
  }
};

}  // namespace samebits::quants
