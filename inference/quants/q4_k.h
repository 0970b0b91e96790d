// Q4_K: 4 bits, a 6-bit scale and a 6-bit minimum for each 32 of 256 weights.
// Layout: f16 d, dmin; u8 scales[12] (k4_scale_min); u8 qs[128]: 32 bytes serve 64 weights, low nibbles the first 32.
#pragma once

#include "inference/quants/block.h"

namespace samebits::quants {

struct Q4_K {
  static constexpr QuantType kType = {.type = TensorType::Q4_K,
                                      .name = "Q4_K",
                                      .values = 256,
                                      .bytes = 144,
                                      .quantised = true,
                                      .max_q = 15,
                                      .offset = 0,
                                      .halves = false,
                                      .has_min = true,
                                      .scales = Scales::sub,
                                      .d_at = 0,
                                      .m_at = 2};

  static void unpack(const uint8_t* block, Block32* out) {
    for (int i = 0; i < 8; ++i) {
      const ScaleMin s = k4_scale_min(block + 4, i);
      set_sub_scales(out[i], load_u16(block), load_u16(block + 2), {s.scale, s.scale}, {s.min, s.min});
      const uint8_t* qs = block + 16 + 32 * (i / 2);
      for (int l = 0; l < 32; ++l) out[i].q[l] = qs[l] >> 4 * (i % 2) & 15;
    }
  }
};

}  // namespace samebits::quants
