// Q8_0: 8 bits, one scale for 32 weights. Layout: f16 d; i8 qs[32].
#pragma once

#include "inference/quants/block.h"

namespace samebits::quants {

struct Q8_0 {
  static constexpr QuantType kType = {.type = TensorType::Q8_0,
                                      .name = "Q8_0",
                                      .values = 32,
                                      .bytes = 34,
                                      .quantised = true,
                                      .max_q = 255,
                                      .offset = 128,
                                      .halves = false,
                                      .has_min = false,
                                      .scales = Scales::f16,
                                      .d_at = 0,
                                      .m_at = -1};

  static void unpack(const uint8_t* block, Block32* out) {
    set_scales(*out, load_u16(block), 0);
    for (int j = 0; j < 32; ++j) out->q[j] = block[2 + j] ^ 0x80;  // i8 + 128
  }
};

}  // namespace samebits::quants
