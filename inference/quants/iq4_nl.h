// IQ4_NL: 4-bit codes into a table of unevenly spaced values, one scale for 32 weights. Layout: f16 d; u8 qs[16].
#pragma once

#include "inference/quants/block.h"

namespace samebits::quants {

struct IQ4_NL {
  static constexpr QuantType kType = {.type = TensorType::IQ4_NL,
                                      .name = "IQ4_NL",
                                      .values = 32,
                                      .bytes = 18,
                                      .quantised = true,
                                      .max_q = 240,
                                      .offset = 127,
                                      .halves = false,
                                      .has_min = false,
                                      .scales = Scales::f16,
                                      .d_at = 0,
                                      .m_at = -1};

  static void unpack(const uint8_t* block, Block32* out) {
    set_scales(*out, load_u16(block), 0);
    unpack_nibbles(block + 2, out->q);
    for (uint8_t& q : out->q) q = kIq4Values[q];
  }
};

}  // namespace samebits::quants
