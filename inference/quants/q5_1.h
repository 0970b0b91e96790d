// Q5_1: 5 bits, a scale and a minimum for 32 weights. Layout: f16 d, m; u32 qh, bit j = fifth bit of weight j; u8
// qs[16].
#pragma once

#include "inference/quants/block.h"

namespace samebits::quants {

struct Q5_1 {
  static constexpr QuantType kType = {.type = TensorType::Q5_1,
                                      .name = "Q5_1",
                                      .values = 32,
                                      .bytes = 24,
                                      .quantised = true,
                                      .max_q = 31,
                                      .offset = 0,
                                      .halves = false,
                                      .has_min = true,
                                      .scales = Scales::f16,
                                      .d_at = 0,
                                      .m_at = 2};

  static void unpack(const uint8_t* block, Block32* out) {
    set_scales(*out, load_u16(block), load_u16(block + 2));
    unpack_nibbles(block + 8, out->q);
    const uint32_t high = load_u32(block + 4);
    for (int j = 0; j < 32; ++j) out->q[j] |= (high >> j & 1) << 4;
  }
};

}  // namespace samebits::quants
