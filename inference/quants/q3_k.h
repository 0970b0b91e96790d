// Q3_K: 3 bits, a 6-bit scale for each 16 of 256 weights.
// Layout: u8 hmask[32]; u8 qs[64]; u8 scales[12]; f16 d. Low two bits in qs, ordered as in Q2_K; the third bit of
// weight l of the i-th 32 is bit i of hmask[l]. Scale k: its low nibble is in byte k mod 8 (k < 8 low, else high
// nibble), its two high bits in byte 8 + k mod 4 at 2 * (k / 4); biased by 32.
#pragma once

#include "inference/quants/block.h"

namespace samebits::quants {

struct Q3_K {
  static constexpr QuantType kType = {.type = TensorType::Q3_K,
                                      .name = "Q3_K",
                                      .values = 256,
                                      .bytes = 110,
                                      .quantised = true,
                                      .max_q = 7,
                                      .offset = 4,
                                      .halves = true,
                                      .has_min = false,
                                      .scales = Scales::sub,
                                      .d_at = 108,
                                      .m_at = -1};

  static void unpack(const uint8_t* block, Block32* out) {
    const uint8_t* scales = block + 96;
    const auto scale = [&](int k) {
      const int low = k < 8 ? scales[k] & 15 : scales[k - 8] >> 4;
      return (low | (scales[8 + k % 4] >> 2 * (k / 4) & 3) << 4) - 32;
    };
    for (int i = 0; i < 8; ++i) {
      const uint8_t* qs = block + 32 + 32 * (i / 4);
      for (int l = 0; l < 32; ++l) out[i].q[l] = (qs[l] >> 2 * (i % 4) & 3) | (block[l] >> i & 1) << 2;
      set_sub_scales(out[i], load_u16(block + 108), 0, {scale(2 * i), scale(2 * i + 1)}, {0, 0});
    }
  }
};

}  // namespace samebits::quants
