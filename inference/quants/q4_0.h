// Q4_0: 4 bits, one scale for 32 weights. Layout: f16 d; u8 qs[16].
#pragma once

#include "inference/quants/block.h"

namespace samebits::quants {

struct Q4_0 {
  static constexpr QuantType kType = {.type = TensorType::Q4_0,
                                      .name = "Q4_0",
                                      .values = 32,
                                      .bytes = 18,
                                      .quantised = true,
                                      .max_q = 15,
                                      .offset = 8,
                                      .halves = false,
                                      .has_min = false,
                                      .scales = Scales::f16,
                                      .d_at = 0,
                                      .m_at = -1};

  static void unpack(const uint8_t* block, Block32* out) {
    set_scales(*out, load_u16(block), 0);
    unpack_nibbles(block + 2, out->q);
  }
};

}  // namespace samebits::quants
