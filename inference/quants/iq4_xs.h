// IQ4_XS: IQ4_NL's codes with a 6-bit scale for each 32 of 256 weights.
// Layout: f16 d; u16 scales_h, two high bits a scale; u8 scales_l[4], low nibbles; u8 qs[128], 16 bytes for each 32.
// Scales are biased by 32.
#pragma once

#include "inference/quants/block.h"

namespace samebits::quants {

struct IQ4_XS {
  static constexpr QuantType kType = {.type = TensorType::IQ4_XS,
                                      .name = "IQ4_XS",
                                      .values = 256,
                                      .bytes = 136,
                                      .quantised = true,
                                      .max_q = 240,
                                      .offset = 127,
                                      .halves = false,
                                      .has_min = false,
                                      .scales = Scales::sub,
                                      .d_at = 0,
                                      .m_at = -1};

  static void unpack(const uint8_t* block, Block32* out) {
    const int scales_high = load_u16(block + 2);
    for (int i = 0; i < 8; ++i) {
      const int low = block[4 + i / 2] >> 4 * (i % 2) & 15;
      const int high = scales_high >> 2 * i & 3;
      const int scale = (low | high << 4) - 32;
      set_sub_scales(out[i], load_u16(block), 0, {scale, scale}, {0, 0});
      unpack_nibbles(block + 8 + 16 * i, out[i].q);
      for (uint8_t& q : out[i].q) q = kIq4Values[q];
    }
  }
};

}  // namespace samebits::quants
