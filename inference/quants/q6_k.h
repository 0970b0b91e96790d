// Q6_K: 6 bits, an 8-bit scale for each 16 of 256 weights.
// Layout: u8 ql[128]; u8 qh[64]; i8 scales[16]; f16 d. Each 128 weights use 64 bytes of ql and 32 of qh: the 1st and
// 3rd 32 are the low and high nibbles of the first 32 bytes of ql, the 2nd and 4th those of the second 32 bytes; the
// bits of qh at 0, 2, 4, 6 belong to the 1st, 2nd, 3rd, 4th.
#pragma once

#include "inference/quants/block.h"

namespace samebits::quants {

struct Q6_K {
  static constexpr QuantType kType = {.type = TensorType::Q6_K,
                                      .name = "Q6_K",
                                      .values = 256,
                                      .bytes = 210,
                                      .quantised = true,
                                      .max_q = 63,
                                      .offset = 32,
                                      .halves = true,
                                      .has_min = false,
                                      .scales = Scales::sub,
                                      .d_at = 208,
                                      .m_at = -1};

  static void unpack(const uint8_t* block, Block32* out) {
    const auto* scales = reinterpret_cast<const int8_t*>(block + 192);
    for (int i = 0; i < 8; ++i) {
      const int part = i % 4;
      const uint8_t* ql = block + 64 * (i / 4) + 32 * (part % 2);
      const uint8_t* qh = block + 128 + 32 * (i / 4);
      for (int l = 0; l < 32; ++l) out[i].q[l] = (ql[l] >> 4 * (part / 2) & 15) | (qh[l] >> 2 * part & 3) << 4;
      set_sub_scales(out[i], load_u16(block + 208), 0, {scales[2 * i], scales[2 * i + 1]}, {0, 0});
    }
  }
};

}  // namespace samebits::quants
