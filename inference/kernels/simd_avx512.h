// 16 lanes as one 512-bit register. SAMEBITS_VNNI: vpdpbusd is there.

struct F {
  __m512 v;
};
struct I {
  __m512i v;
};
struct B {
  __m512i v;
};  // 64 bytes: 16 rows of 4

constexpr int kTileTokens = 6;  // 2 groups x 6 tokens = 24 of 32 registers

inline F load(const float* p) { return {_mm512_loadu_ps(p)}; }
inline void store(float* p, F a) { _mm512_storeu_ps(p, a.v); }
inline F set1(float x) { return {_mm512_set1_ps(x)}; }
inline F operator+(F a, F b) { return {_mm512_add_ps(a.v, b.v)}; }
inline F operator-(F a, F b) { return {_mm512_sub_ps(a.v, b.v)}; }
inline F operator*(F a, F b) { return {_mm512_mul_ps(a.v, b.v)}; }
inline F operator/(F a, F b) { return {_mm512_div_ps(a.v, b.v)}; }
inline F fma(F a, F b, F c) { return {_mm512_fmadd_ps(a.v, b.v, c.v)}; }
// a > b ? c : d, lane by lane.
inline F select_gt(F a, F b, F c, F d) {
  return {_mm512_mask_blend_ps(_mm512_cmp_ps_mask(a.v, b.v, _CMP_GT_OQ), d.v, c.v)};
}
// Lanes first <= lane < last keep a, the others take b.
inline F select_lanes(int first, int last, F a, F b) {
  return {_mm512_mask_blend_ps(static_cast<__mmask16>(((1u << last) - 1) & ~((1u << first) - 1)), b.v, a.v)};
}

inline I load(const int32_t* p) { return {_mm512_loadu_si512(p)}; }
inline I set1(int32_t x) { return {_mm512_set1_epi32(x)}; }
inline I operator+(I a, I b) { return {_mm512_add_epi32(a.v, b.v)}; }
inline I shift_left(I a, int n) { return {_mm512_sll_epi32(a.v, _mm_cvtsi32_si128(n))}; }
inline I operator-(I a, I b) { return {_mm512_sub_epi32(a.v, b.v)}; }
inline I shift_right(I a, int n) { return {_mm512_sra_epi32(a.v, _mm_cvtsi32_si128(n))}; }  // arithmetic
inline F to_float(I a) { return {_mm512_cvtepi32_ps(a.v)}; }
inline I to_int(F a) { return {_mm512_cvtps_epi32(a.v)}; }  // of integral values
inline F bits_to_float(I a) { return {_mm512_castsi512_ps(a.v)}; }
inline I max_abs_bits(I m, F a) {
  return {_mm512_max_epi32(m.v, _mm512_and_si512(_mm512_castps_si512(a.v), _mm512_set1_epi32(0x7fffffff)))};
}
inline int32_t reduce_max(I a) { return _mm512_reduce_max_epi32(a.v); }
inline int32_t reduce_add(I a) { return _mm512_reduce_add_epi32(a.v); }
inline void store_i8(int8_t* p, I a) { _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm512_cvtepi32_epi8(a.v)); }

inline F load_f16(const uint16_t* p) {
  return {_mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)))};
}
inline F load_bf16(const uint16_t* p) {
  const __m256i h = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  return {_mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(h), 16))};
}
inline void store_f16(uint16_t* p, F a) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p),
                      _mm512_cvtps_ph(a.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}
inline F load_i8(const int8_t* p) {
  return {_mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))))};
}
inline float fma1(float a, float b, float c) { return __builtin_fmaf(a, b, c); }

inline B load_bytes(const uint8_t* p) { return {_mm512_loadu_si512(p)}; }
inline void store_bytes(uint8_t* p, B a) { _mm512_storeu_si512(p, a.v); }
inline B low_nibbles(B a) { return {_mm512_and_si512(a.v, _mm512_set1_epi8(15))}; }
inline B high_nibbles(B a) { return {_mm512_and_si512(_mm512_srli_epi16(a.v, 4), _mm512_set1_epi8(15))}; }
// Adds `value` to the bytes whose bit is set.
inline B add_where(B a, const uint8_t* bits, uint8_t value) {
  uint64_t mask;
  __builtin_memcpy(&mask, bits, 8);
  return {_mm512_mask_add_epi8(a.v, mask, a.v, _mm512_set1_epi8(static_cast<char>(value)))};
}

// acc + the dot product of each row's 4 unsigned bytes with the 4 signed bytes at x: exact in int32.
// Without VNNI pairs meet in int16, which is exact for w <= 127 (2 * 127 * 128 = 32512); larger bytes are
// split into w & 127 and w & 128 (2 * 128 * 128 = 32768 occurs only with the sign that fits).
inline __m512i pairs(__m512i w, __m512i x) {
  return _mm512_madd_epi16(_mm512_maddubs_epi16(w, x), _mm512_set1_epi16(1));
}
constexpr int32_t kFullByteBias = 0;
template <bool kFullByte>
inline I dot4(I acc, B w, const int8_t* x) {
  const __m512i xs = _mm512_set1_epi32(*reinterpret_cast<const int32_t __attribute__((aligned(1), may_alias))*>(x));
#ifdef SAMEBITS_VNNI
  return {_mm512_dpbusd_epi32(acc.v, w.v, xs)};
#else
  if constexpr (!kFullByte) return {_mm512_add_epi32(acc.v, pairs(w.v, xs))};
  const __m512i top = _mm512_and_si512(w.v, _mm512_set1_epi8(static_cast<char>(128)));
  const __m512i low = _mm512_andnot_si512(_mm512_set1_epi8(static_cast<char>(128)), w.v);
  return {_mm512_add_epi32(acc.v, _mm512_add_epi32(pairs(low, xs), pairs(top, xs)))};
#endif
}
