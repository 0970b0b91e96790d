// 16 lanes as plain arrays: the definition of every operation, in portable C++ for baseline machines.
// Its only library call is fmaf, which IEEE 754 defines exactly.

struct F {
  float v[16];
};
struct I {
  int32_t v[16];
};
struct B {
  uint8_t v[64];
};  // 16 rows of 4

constexpr int kTileTokens = 3;

#define SAMEBITS_EACH for (int i = 0; i < 16; ++i)

inline float fma1(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
inline uint32_t float_bits(float x) {
  uint32_t b;
  __builtin_memcpy(&b, &x, 4);
  return b;
}
inline float bits_float(uint32_t b) {
  float x;
  __builtin_memcpy(&x, &b, 4);
  return x;
}

inline F load(const float* p) {
  F r;
  SAMEBITS_EACH r.v[i] = p[i];
  return r;
}
inline void store(float* p, F a) { SAMEBITS_EACH p[i] = a.v[i]; }
inline F set1(float x) {
  F r;
  SAMEBITS_EACH r.v[i] = x;
  return r;
}
inline F operator+(F a, F b) {
  SAMEBITS_EACH a.v[i] = a.v[i] + b.v[i];
  return a;
}
inline F operator-(F a, F b) {
  SAMEBITS_EACH a.v[i] = a.v[i] - b.v[i];
  return a;
}
inline F operator*(F a, F b) {
  SAMEBITS_EACH a.v[i] = a.v[i] * b.v[i];
  return a;
}
inline F operator/(F a, F b) {
  SAMEBITS_EACH a.v[i] = a.v[i] / b.v[i];
  return a;
}
inline F fma(F a, F b, F c) {
  SAMEBITS_EACH c.v[i] = fma1(a.v[i], b.v[i], c.v[i]);
  return c;
}
inline F select_gt(F a, F b, F c, F d) {
  SAMEBITS_EACH d.v[i] = a.v[i] > b.v[i] ? c.v[i] : d.v[i];
  return d;
}
inline F select_lanes(int first, int last, F a, F b) {
  SAMEBITS_EACH b.v[i] = first <= i && i < last ? a.v[i] : b.v[i];
  return b;
}

inline I load(const int32_t* p) {
  I r;
  SAMEBITS_EACH r.v[i] = p[i];
  return r;
}
inline I set1(int32_t x) {
  I r;
  SAMEBITS_EACH r.v[i] = x;
  return r;
}
inline I operator+(I a, I b) {
  SAMEBITS_EACH a.v[i] += b.v[i];
  return a;
}
inline I shift_left(I a, int n) {
  SAMEBITS_EACH a.v[i] = static_cast<int32_t>(static_cast<uint32_t>(a.v[i]) << n);
  return a;
}
inline I operator-(I a, I b) {
  SAMEBITS_EACH a.v[i] -= b.v[i];
  return a;
}
inline I shift_right(I a, int n) {
  SAMEBITS_EACH a.v[i] >>= n;
  return a;
}  // arithmetic (C++20)
inline F to_float(I a) {
  F r;
  SAMEBITS_EACH r.v[i] = static_cast<float>(a.v[i]);
  return r;
}
inline I to_int(F a) {
  I r;
  SAMEBITS_EACH r.v[i] = a.v[i] == a.v[i] ? static_cast<int32_t>(a.v[i]) : 0;
  return r;
}  // of integral values
inline F bits_to_float(I a) {
  F r;
  SAMEBITS_EACH r.v[i] = bits_float(static_cast<uint32_t>(a.v[i]));
  return r;
}
inline I max_abs_bits(I m, F a) {
  SAMEBITS_EACH {
    const int32_t b = static_cast<int32_t>(float_bits(a.v[i]) & 0x7fffffffu);
    m.v[i] = b > m.v[i] ? b : m.v[i];
  }
  return m;
}
inline int32_t reduce_max(I a) {
  int32_t m = a.v[0];
  SAMEBITS_EACH m = a.v[i] > m ? a.v[i] : m;
  return m;
}
inline int32_t reduce_add(I a) {
  int32_t s = 0;
  SAMEBITS_EACH s += a.v[i];
  return s;
}
inline void store_i8(int8_t* p, I a) { SAMEBITS_EACH p[i] = static_cast<int8_t>(a.v[i]); }

inline float half_to_float(uint16_t h) {
  const uint32_t sign = static_cast<uint32_t>(h & 0x8000u) << 16, exponent = (h >> 10) & 31u, fraction = h & 1023u;
  if (exponent == 31) return bits_float(sign | 0x7f800000u | (fraction << 13));
  if (exponent == 0) {  // subnormal: fraction * 2^-24, exact
    const float magnitude = static_cast<float>(fraction) * 5.9604644775390625e-8f;
    return bits_float(sign | float_bits(magnitude));
  }
  return bits_float(sign | ((exponent + 112) << 23) | (fraction << 13));
}
// Round half to even; NaN keeps its top payload bits and becomes quiet, as vcvtps2ph has it.
inline uint16_t float_to_half(float x) {
  const uint32_t b = float_bits(x), sign = (b >> 16) & 0x8000u, a = b & 0x7fffffffu;
  if (a > 0x7f800000u) return static_cast<uint16_t>(sign | 0x7e00u | ((a >> 13) & 0x3ffu));
  if (a >= 0x477ff000u) return static_cast<uint16_t>(sign | 0x7c00u);  // >= 65520 rounds to infinity
  if (a < 0x38800000u) {  // below 2^-14: a multiple of 2^-24; 0.5 aligns the unit of least precision there
    const uint32_t m = float_bits(bits_float(a) + 0.5f) - 0x3f000000u;
    return static_cast<uint16_t>(sign | m);
  }
  const uint32_t odd = (a >> 13) & 1u;
  return static_cast<uint16_t>(sign | ((a - 0x38000000u + 0xfffu + odd) >> 13));
}
inline F load_f16(const uint16_t* p) {
  F r;
  SAMEBITS_EACH r.v[i] = half_to_float(p[i]);
  return r;
}
inline F load_bf16(const uint16_t* p) {
  F r;
  SAMEBITS_EACH r.v[i] = bits_float(static_cast<uint32_t>(p[i]) << 16);
  return r;
}
inline void store_f16(uint16_t* p, F a) { SAMEBITS_EACH p[i] = float_to_half(a.v[i]); }
inline F load_i8(const int8_t* p) {
  F r;
  SAMEBITS_EACH r.v[i] = static_cast<float>(p[i]);
  return r;
}

inline B load_bytes(const uint8_t* p) {
  B r;
  __builtin_memcpy(r.v, p, 64);
  return r;
}
inline void store_bytes(uint8_t* p, B a) { __builtin_memcpy(p, a.v, 64); }
inline B low_nibbles(B a) {
  for (uint8_t& x : a.v) x &= 15;
  return a;
}
inline B high_nibbles(B a) {
  for (uint8_t& x : a.v) x >>= 4;
  return a;
}
// Adds `value` to the bytes whose bit is set; bits: 8 bytes.
inline B add_where(B a, const uint8_t* bits, uint8_t value) {
  for (int i = 0; i < 64; ++i) a.v[i] = static_cast<uint8_t>(a.v[i] + ((bits[i / 8] >> i % 8 & 1) ? value : 0));
  return a;
}

constexpr int32_t kFullByteBias = 0;
template <bool kFullByte>
inline I dot4(I acc, B w, const int8_t* x) {
  SAMEBITS_EACH
  for (int k = 0; k < 4; ++k) acc.v[i] += static_cast<int32_t>(w.v[4 * i + k]) * x[k];
  return acc;
}
#undef SAMEBITS_EACH
