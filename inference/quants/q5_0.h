// Q5_0: 5 bits, one scale for 32 weights. Layout: f16 d; u32 qh, bit j = fifth bit of weight j; u8 qs[16].
#pragma once

#include "inference/quants/block.h"

namespace samebits::quants {

struct Q5_0 {
  static constexpr QuantType kType = {.type = TensorType::Q5_0,
                                      .name = "Q5_0",
                                      .values = 32,
                                      .bytes = 22,
                                      .quantised = true,
                                      .max_q = 31,
                                      .offset = 16,
                                      .halves = false,
                                      .has_min = false,
                                      .scales = Scales::f16,
                                      .d_at = 0,
                                      .m_at = -1};

  static void unpack(const uint8_t* block, Block32* out) {
    set_scales(*out, load_u16(block), 0);
    unpack_nibbles(block + 6, out->q);
    const uint32_t high = load_u32(block + 2);
    for (int j = 0; j < 32; ++j) out->q[j] |= (high >> j & 1) << 4;
  }
};

}  // namespace samebits::quants
