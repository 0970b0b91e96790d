// Q4_1: 4 bits, a scale and a minimum for 32 weights. Layout: f16 d, m; u8 qs[16].
#pragma once

#include "inference/quants/block.h"

namespace samebits::quants {

struct Q4_1 {
  static constexpr QuantType kType = {.type = TensorType::Q4_1,
                                      .name = "Q4_1",
                                      .values = 32,
                                      .bytes = 20,
                                      .quantised = true,
                                      .max_q = 15,
                                      .offset = 0,
                                      .halves = false,
                                      .has_min = true,
                                      .scales = Scales::f16,
                                      .d_at = 0,
                                      .m_at = 2};

  static void unpack(const uint8_t* block, Block32* out) {
    set_scales(*out, load_u16(block), load_u16(block + 2));
    unpack_nibbles(block + 4, out->q);
  }
};

}  // namespace samebits::quants
