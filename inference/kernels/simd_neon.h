// 16 lanes as four 128-bit registers. Needs NEON with the dot product instructions; SAMEBITS_I8MM: usdot is there too.
//
// Of I8MM only usdot is used: usmmla does twice the products an instruction, but two rows by two tokens, which weights
// interleaved by single rows do not feed.

struct F { float32x4_t v[4]; };
struct I { int32x4_t v[4]; };
struct B { uint8x16_t v[4]; };  // 64 bytes: 16 rows of 4

constexpr int kTileTokens = 3;  // 1 group x 3 tokens = 24 of 32 registers

#define SAMEBITS_EACH for (int i = 0; i < 4; ++i)

inline F load(const float* p) {
  F r;
  SAMEBITS_EACH r.v[i] = vld1q_f32(p + 4 * i);
  return r;
}
inline void store(float* p, F a) { SAMEBITS_EACH vst1q_f32(p + 4 * i, a.v[i]); }
inline F set1(float x) {
  const float32x4_t v = vdupq_n_f32(x);
  return {{v, v, v, v}};
}
inline F operator+(F a, F b) {
  SAMEBITS_EACH a.v[i] = vaddq_f32(a.v[i], b.v[i]);
  return a;
}
inline F operator-(F a, F b) {
  SAMEBITS_EACH a.v[i] = vsubq_f32(a.v[i], b.v[i]);
  return a;
}
inline F operator*(F a, F b) {
  SAMEBITS_EACH a.v[i] = vmulq_f32(a.v[i], b.v[i]);
  return a;
}
inline F operator/(F a, F b) {
  SAMEBITS_EACH a.v[i] = vdivq_f32(a.v[i], b.v[i]);
  return a;
}
inline F fma(F a, F b, F c) {
  SAMEBITS_EACH c.v[i] = vfmaq_f32(c.v[i], a.v[i], b.v[i]);
  return c;
}
inline F select_gt(F a, F b, F c, F d) {
  SAMEBITS_EACH d.v[i] = vbslq_f32(vcgtq_f32(a.v[i], b.v[i]), c.v[i], d.v[i]);
  return d;
}
inline F select_lanes(int first, int last, F a, F b) {
  const int32_t count[4] = {0, 1, 2, 3};
  SAMEBITS_EACH {
    const int32x4_t lane = vaddq_s32(vld1q_s32(count), vdupq_n_s32(4 * i));
    const uint32x4_t keep = vandq_u32(vcgeq_s32(lane, vdupq_n_s32(first)), vcltq_s32(lane, vdupq_n_s32(last)));
    b.v[i] = vbslq_f32(keep, a.v[i], b.v[i]);
  }
  return b;
}

inline I load(const int32_t* p) {
  I r;
  SAMEBITS_EACH r.v[i] = vld1q_s32(p + 4 * i);
  return r;
}
inline I set1(int32_t x) {
  const int32x4_t v = vdupq_n_s32(x);
  return {{v, v, v, v}};
}
inline I operator+(I a, I b) {
  SAMEBITS_EACH a.v[i] = vaddq_s32(a.v[i], b.v[i]);
  return a;
}
inline I operator-(I a, I b) {
  SAMEBITS_EACH a.v[i] = vsubq_s32(a.v[i], b.v[i]);
  return a;
}
inline I shift_left(I a, int n) {
  SAMEBITS_EACH a.v[i] = vshlq_s32(a.v[i], vdupq_n_s32(n));
  return a;
}
inline I shift_right(I a, int n) { return shift_left(a, -n); }  // arithmetic
inline F to_float(I a) {
  F r;
  SAMEBITS_EACH r.v[i] = vcvtq_f32_s32(a.v[i]);
  return r;
}
inline I to_int(F a) {  // of integral values
  I r;
  SAMEBITS_EACH r.v[i] = vcvtnq_s32_f32(a.v[i]);
  return r;
}
inline F bits_to_float(I a) {
  F r;
  SAMEBITS_EACH r.v[i] = vreinterpretq_f32_s32(a.v[i]);
  return r;
}
inline I max_abs_bits(I m, F a) {
  const int32x4_t magnitude = vdupq_n_s32(0x7fffffff);
  SAMEBITS_EACH m.v[i] = vmaxq_s32(m.v[i], vandq_s32(vreinterpretq_s32_f32(a.v[i]), magnitude));
  return m;
}
inline int32_t reduce_max(I a) {
  return vmaxvq_s32(vmaxq_s32(vmaxq_s32(a.v[0], a.v[1]), vmaxq_s32(a.v[2], a.v[3])));
}
inline int32_t reduce_add(I a) {
  return vaddvq_s32(vaddq_s32(vaddq_s32(a.v[0], a.v[1]), vaddq_s32(a.v[2], a.v[3])));
}
inline void store_i8(int8_t* p, I a) {
  const int16x8_t low = vcombine_s16(vmovn_s32(a.v[0]), vmovn_s32(a.v[1]));
  const int16x8_t high = vcombine_s16(vmovn_s32(a.v[2]), vmovn_s32(a.v[3]));
  vst1q_s8(p, vcombine_s8(vmovn_s16(low), vmovn_s16(high)));
}

inline F load_f16(const uint16_t* p) {
  F r;
  SAMEBITS_EACH r.v[i] = vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(p + 4 * i)));
  return r;
}
inline F load_bf16(const uint16_t* p) {
  F r;
  SAMEBITS_EACH r.v[i] = vreinterpretq_f32_u32(vshll_n_u16(vld1_u16(p + 4 * i), 16));
  return r;
}
inline void store_f16(uint16_t* p, F a) {
  SAMEBITS_EACH vst1_u16(p + 4 * i, vreinterpret_u16_f16(vcvt_f16_f32(a.v[i])));
}
inline F load_i8(const int8_t* p) {
  const int8x16_t bytes = vld1q_s8(p);
  const int16x8_t low = vmovl_s8(vget_low_s8(bytes)), high = vmovl_s8(vget_high_s8(bytes));
  return to_float({{vmovl_s16(vget_low_s16(low)), vmovl_s16(vget_high_s16(low)), vmovl_s16(vget_low_s16(high)),
                    vmovl_s16(vget_high_s16(high))}});
}
inline float fma1(float a, float b, float c) { return __builtin_fmaf(a, b, c); }

inline B load_bytes(const uint8_t* p) {
  B r;
  SAMEBITS_EACH r.v[i] = vld1q_u8(p + 16 * i);
  return r;
}
inline void store_bytes(uint8_t* p, B a) { SAMEBITS_EACH vst1q_u8(p + 16 * i, a.v[i]); }
inline B low_nibbles(B a) {
  SAMEBITS_EACH a.v[i] = vandq_u8(a.v[i], vdupq_n_u8(15));
  return a;
}
inline B high_nibbles(B a) {
  SAMEBITS_EACH a.v[i] = vshrq_n_u8(a.v[i], 4);
  return a;
}

// Adds `value` to the bytes whose bit is set; bits: 8 bytes.
inline B add_where(B a, const uint8_t* bits, uint8_t value) {
  const uint8_t each[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
  const uint8x16_t own = vld1q_u8(each);
  SAMEBITS_EACH {
    const uint8x16_t spread = vcombine_u8(vdup_n_u8(bits[2 * i]), vdup_n_u8(bits[2 * i + 1]));
    a.v[i] = vaddq_u8(a.v[i], vandq_u8(vtstq_u8(spread, own), vdupq_n_u8(value)));
  }
  return a;
}

// Without usdot both factors are signed: full bytes come in as w - 128; the start value has 128 times the sum of x.
#ifdef SAMEBITS_I8MM
constexpr int32_t kFullByteBias = 0;
#else
constexpr int32_t kFullByteBias = 128;
#endif
template <bool kFullByte>
inline I dot4(I acc, B w, const int8_t* x) {
  const int8x16_t xs =
      vreinterpretq_s8_s32(vdupq_n_s32(*reinterpret_cast<const int32_t __attribute__((aligned(1), may_alias))*>(x)));
  SAMEBITS_EACH {
#ifdef SAMEBITS_I8MM
    acc.v[i] = vusdotq_s32(acc.v[i], w.v[i], xs);
#else
    const uint8x16_t signed_w = kFullByte ? veorq_u8(w.v[i], vdupq_n_u8(128)) : w.v[i];
    acc.v[i] = vdotq_s32(acc.v[i], vreinterpretq_s8_u8(signed_w), xs);
#endif
  }
  return acc;
}
#undef SAMEBITS_EACH
