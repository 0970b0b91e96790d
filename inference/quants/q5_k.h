// Q5_K: 5 bits, a 6-bit scale and a 6-bit minimum for each 32 of 256 weights.
// Layout: f16 d, dmin; u8 scales[12] (k4_scale_min); u8 qh[32], bit i of qh[l] = fifth bit of weight l of the i-th 32;
// u8 qs[128], ordered as in Q4_K.
#pragma once

#include "inference/quants/block.h"

namespace samebits::quants {

struct Q5_K {
  static constexpr QuantType kType = {.type = TensorType::Q5_K,
                                      .name = "Q5_K",
                                      .values = 256,
                                      .bytes = 176,
                                      .quantised = true,
                                      .max_q = 31,
                                      .offset = 0,
                                      .halves = false,
                                      .has_min = true,
                                      .scales = Scales::sub,
                                      .d_at = 0,
                                      .m_at = 2};

  static void unpack(const uint8_t* block, Block32* out) {
    const uint8_t* qh = block + 16;
    for (int i = 0; i < 8; ++i) {
      const ScaleMin s = k4_scale_min(block + 4, i);
      set_sub_scales(out[i], load_u16(block), load_u16(block + 2), {s.scale, s.scale}, {s.min, s.min});
      const uint8_t* qs = block + 48 + 32 * (i / 2);
      for (int l = 0; l < 32; ++l) out[i].q[l] = (qs[l] >> 4 * (i % 2) & 15) | (qh[l] >> i & 1) << 4;
    }
  }
};

}  // namespace samebits::quants
