// How a weight matrix is repacked for the kernels: one stream of bytes for each group of 16 rows, in reading order.
//
// As dense as the file where the file is dense, since decoding one token is bound by memory. Rows are lanes: group g
// holds rows 16g … 16g+15.
//
//   group   super-blocks, ascending
//   super   [header] then `blocks_per_super` blocks of 32 columns; the header is f16 d (16), f16 m (16) with a minimum
//   block   [quants][scales]
//   quants  nibbles (j 0-3, row, 4): the low one is column 4j + i, the high one column 16 + 4j + i; then for each plane
//           (bits 4, 5) one bit a weight (k4 0-7, row, 4). Or bytes (k4 0-7, row, 4).
//   scales  f16: d (16), m (16). sub: int8 d (parts, 16), m (parts, 16), to be multiplied by the header's. f32: d (16).
// Float weights: (k, row).
#pragma once

#include <cstdint>

namespace samebits {

// Always inlined: these are compiled into every tier's TU, and the linker may keep no copy that a machine cannot run.
#define SAMEBITS_INLINE [[gnu::always_inline]] constexpr

// Named by the bits of a weight, then what else is stored.
enum class Layout : uint8_t {
  u4, u4_min, u5, u5_min, u8,                                                   // binary16 scales
  u4_sub_min, u5_sub_min, u4_sub_halves, u4_sub_halves_min, u6_sub_halves, u8_sub,  // sub-scales under a header
  u5_f32,                                                                       // binary32 scales
  f32, f16, bf16,
};

// What the scales of a type are in its file, and so in its layout.
enum class Scales : uint8_t {
  f16,  // binary16, one a block of 32
  sub,  // binary16, one for 256 weights, times an 8-bit integer a part
  f32,  // neither: a power of two
};

struct LayoutInfo {
  int planes;  // of bits above the nibbles; -1: whole bytes
  Scales scales;
  bool min, halves;  // a minimum; two scales a block
  bool full_byte;    // weights above 127 occur

  SAMEBITS_INLINE int parts() const { return halves ? 2 : 1; }
  SAMEBITS_INLINE int64_t quant_bytes() const { return planes < 0 ? 512 : 256 + 64 * planes; }
  SAMEBITS_INLINE int64_t scale_bytes() const {
    return (min ? 2 : 1) * parts() * 16 * (scales == Scales::sub ? 1 : scales == Scales::f16 ? 2 : 4);
  }
  SAMEBITS_INLINE int64_t block_bytes() const { return quant_bytes() + scale_bytes(); }
  SAMEBITS_INLINE int64_t blocks_per_super() const { return scales == Scales::sub ? 8 : 1; }
  SAMEBITS_INLINE int64_t header_bytes() const { return scales == Scales::sub ? (min ? 64 : 32) : 0; }
  SAMEBITS_INLINE int64_t super_bytes() const { return header_bytes() + blocks_per_super() * block_bytes(); }
  // Of block b, from the start of its group's stream.
  SAMEBITS_INLINE int64_t header_at(int64_t b) const { return b / blocks_per_super() * super_bytes(); }
  SAMEBITS_INLINE int64_t block_at(int64_t b) const {
    return header_at(b) + header_bytes() + b % blocks_per_super() * block_bytes();
  }
};

inline constexpr LayoutInfo kLayouts[] = {
    {0, Scales::f16, false, false, false},  // u4: Q4_0
    {0, Scales::f16, true, false, false},   // u4_min: Q4_1
    {1, Scales::f16, false, false, false},  // u5: Q5_0
    {1, Scales::f16, true, false, false},   // u5_min: Q5_1
    {-1, Scales::f16, false, false, true},  // u8: Q8_0, IQ4_NL
    {0, Scales::sub, true, false, false},   // u4_sub_min: Q4_K
    {1, Scales::sub, true, false, false},   // u5_sub_min: Q5_K
    {0, Scales::sub, false, true, false},   // u4_sub_halves: Q3_K
    {0, Scales::sub, true, true, false},    // u4_sub_halves_min: Q2_K
    {2, Scales::sub, false, true, false},   // u6_sub_halves: Q6_K
    {-1, Scales::sub, false, false, true},  // u8_sub: IQ4_XS
    {1, Scales::f32, false, false, false},  // u5_f32: MXFP4
};

SAMEBITS_INLINE bool is_float(Layout layout) { return layout >= Layout::f32; }
SAMEBITS_INLINE const LayoutInfo& info_of(Layout quantised) { return kLayouts[static_cast<int>(quantised)]; }

// Bytes of one group's stream. `cols`: a multiple of 32, of 256 with sub-scales; any for floats.
SAMEBITS_INLINE int64_t group_bytes(Layout layout, int64_t cols) {
  if (is_float(layout)) return cols * 16 * (layout == Layout::f32 ? 4 : 2);
  return cols / 32 / info_of(layout).blocks_per_super() * info_of(layout).super_bytes();
}

#undef SAMEBITS_INLINE

}  // namespace samebits
