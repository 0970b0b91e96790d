// Q2_K: 2 bits, a 4-bit scale and a 4-bit minimum for each 16 of 256 weights.
// Layout: u8 scales[16], low nibble scale, high nibble minimum; u8 qs[64]; f16 d, dmin.
// qs: 32 bytes serve 128 weights; the bits at shift 0, 2, 4, 6 are the 1st, 2nd, 3rd, 4th 32 of them.
#pragma once

#include "inference/quants/block.h"

namespace samebits::quants {

struct Q2_K {
  static constexpr QuantType kType = {.type = TensorType::Q2_K,
                                      .name = "Q2_K",
                                      .values = 256,
                                      .bytes = 84,
                                      .quantised = true,
                                      .max_q = 3,
                                      .offset = 0,
                                      .halves = true,
                                      .has_min = true,
                                      .scales = Scales::sub,
                                      .d_at = 80,
                                      .m_at = 82};

  static void unpack(const uint8_t* block, Block32* out) {
    for (int i = 0; i < 8; ++i) {
      const uint8_t* qs = block + 16 + 32 * (i / 4);
      for (int l = 0; l < 32; ++l) out[i].q[l] = qs[l] >> 2 * (i % 4) & 3;
      const int first = block[2 * i], second = block[2 * i + 1];
      set_sub_scales(out[i], load_u16(block + 80), load_u16(block + 82), {first & 15, second & 15},
                     {first >> 4, second >> 4});
    }
  }
};

}  // namespace samebits::quants
