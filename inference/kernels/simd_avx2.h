// 16 lanes as two 256-bit registers. Needs AVX2, FMA and F16C. SAMEBITS_VNNI: vpdpbusd is there.

struct F { __m256 a, b; };
struct I { __m256i a, b; };
struct B { __m256i a, b; };  // 64 bytes: 16 rows of 4

constexpr int kTileTokens = 3;  // 1 group x 3 tokens = 12 of 16 registers

inline F load(const float* p) { return {_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)}; }
inline void store(float* p, F x) { _mm256_storeu_ps(p, x.a); _mm256_storeu_ps(p + 8, x.b); }
inline F set1(float x) { const __m256 v = _mm256_set1_ps(x); return {v, v}; }
inline F operator+(F x, F y) { return {_mm256_add_ps(x.a, y.a), _mm256_add_ps(x.b, y.b)}; }
inline F operator-(F x, F y) { return {_mm256_sub_ps(x.a, y.a), _mm256_sub_ps(x.b, y.b)}; }
inline F operator*(F x, F y) { return {_mm256_mul_ps(x.a, y.a), _mm256_mul_ps(x.b, y.b)}; }
inline F operator/(F x, F y) { return {_mm256_div_ps(x.a, y.a), _mm256_div_ps(x.b, y.b)}; }
inline F fma(F x, F y, F z) { return {_mm256_fmadd_ps(x.a, y.a, z.a), _mm256_fmadd_ps(x.b, y.b, z.b)}; }
inline F select_gt(F x, F y, F c, F d) {
  return {_mm256_blendv_ps(d.a, c.a, _mm256_cmp_ps(x.a, y.a, _CMP_GT_OQ)),
          _mm256_blendv_ps(d.b, c.b, _mm256_cmp_ps(x.b, y.b, _CMP_GT_OQ))};
}
inline F select_lanes(int first, int last, F x, F y) {
  const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  const auto mask = [&](int base) {
    const __m256i at = _mm256_add_epi32(lane, _mm256_set1_epi32(base));
    return _mm256_castsi256_ps(_mm256_andnot_si256(_mm256_cmpgt_epi32(_mm256_set1_epi32(first), at),
                                                   _mm256_cmpgt_epi32(_mm256_set1_epi32(last), at)));
  };
  return {_mm256_blendv_ps(y.a, x.a, mask(0)), _mm256_blendv_ps(y.b, x.b, mask(8))};
}

inline __m256i load256(const void* p) { return _mm256_loadu_si256(static_cast<const __m256i*>(p)); }
inline I load(const int32_t* p) { return {load256(p), load256(p + 8)}; }
inline I set1(int32_t x) { const __m256i v = _mm256_set1_epi32(x); return {v, v}; }
inline I operator+(I x, I y) { return {_mm256_add_epi32(x.a, y.a), _mm256_add_epi32(x.b, y.b)}; }
inline I shift_left(I x, int n) {
  const __m128i c = _mm_cvtsi32_si128(n);
  return {_mm256_sll_epi32(x.a, c), _mm256_sll_epi32(x.b, c)};
}
inline I operator-(I x, I y) { return {_mm256_sub_epi32(x.a, y.a), _mm256_sub_epi32(x.b, y.b)}; }
inline I shift_right(I x, int n) {  // arithmetic
  const __m128i c = _mm_cvtsi32_si128(n);
  return {_mm256_sra_epi32(x.a, c), _mm256_sra_epi32(x.b, c)};
}
inline F to_float(I x) { return {_mm256_cvtepi32_ps(x.a), _mm256_cvtepi32_ps(x.b)}; }
inline I to_int(F x) { return {_mm256_cvtps_epi32(x.a), _mm256_cvtps_epi32(x.b)}; }  // of integral values
inline F bits_to_float(I x) { return {_mm256_castsi256_ps(x.a), _mm256_castsi256_ps(x.b)}; }
inline I max_abs_bits(I m, F x) {
  const __m256i mask = _mm256_set1_epi32(0x7fffffff);
  return {_mm256_max_epi32(m.a, _mm256_and_si256(_mm256_castps_si256(x.a), mask)),
          _mm256_max_epi32(m.b, _mm256_and_si256(_mm256_castps_si256(x.b), mask))};
}
inline int32_t reduce_max(I x) {
  alignas(32) int32_t t[8];
  _mm256_store_si256(reinterpret_cast<__m256i*>(t), _mm256_max_epi32(x.a, x.b));
  int32_t m = t[0];
  for (int i = 1; i < 8; ++i) m = t[i] > m ? t[i] : m;
  return m;
}
inline int32_t reduce_add(I x) {
  alignas(32) int32_t t[8];
  _mm256_store_si256(reinterpret_cast<__m256i*>(t), _mm256_add_epi32(x.a, x.b));
  return t[0] + t[1] + t[2] + t[3] + t[4] + t[5] + t[6] + t[7];
}
inline void store_i8(int8_t* p, I x) {
  const __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(x.a, x.b), 0xd8);
  const __m128i bytes = _mm_packs_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), bytes);
}

inline F load_f16(const uint16_t* p) {
  const __m128i* h = reinterpret_cast<const __m128i*>(p);
  return {_mm256_cvtph_ps(_mm_loadu_si128(h)), _mm256_cvtph_ps(_mm_loadu_si128(h + 1))};
}
inline F load_bf16(const uint16_t* p) {
  const __m128i* h = reinterpret_cast<const __m128i*>(p);
  return {_mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(_mm_loadu_si128(h)), 16)),
          _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(_mm_loadu_si128(h + 1)), 16))};
}
inline void store_f16(uint16_t* p, F x) {
  constexpr int kMode = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;
  __m128i* h = reinterpret_cast<__m128i*>(p);
  _mm_storeu_si128(h, _mm256_cvtps_ph(x.a, kMode));
  _mm_storeu_si128(h + 1, _mm256_cvtps_ph(x.b, kMode));
}
inline F load_i8(const int8_t* p) {
  const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  return {_mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(v)), _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_srli_si128(v, 8)))};
}
inline float fma1(float a, float b, float c) { return __builtin_fmaf(a, b, c); }

inline B load_bytes(const uint8_t* p) { return {load256(p), load256(p + 32)}; }
inline void store_bytes(uint8_t* p, B x) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), x.a);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p + 32), x.b);
}
inline B low_nibbles(B x) {
  const __m256i m = _mm256_set1_epi8(15);
  return {_mm256_and_si256(x.a, m), _mm256_and_si256(x.b, m)};
}
inline B high_nibbles(B x) { return low_nibbles({_mm256_srli_epi16(x.a, 4), _mm256_srli_epi16(x.b, 4)}); }
// Adds `value` to the bytes whose bit is set. Each byte gets the byte of bits that holds its own, then tests it.
inline B add_where(B x, const uint8_t* bits, uint8_t value) {
  const __m256i spread = _mm256_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3,
                                          3, 3, 3, 3, 3, 3);
  const __m256i own = _mm256_set1_epi64x(static_cast<int64_t>(0x8040201008040201u));
  const auto half = [&](__m256i v, const uint8_t* p) {
    int32_t four;
    __builtin_memcpy(&four, p, 4);
    const __m256i set = _mm256_and_si256(_mm256_shuffle_epi8(_mm256_set1_epi32(four), spread), own);
    const __m256i mask = _mm256_cmpeq_epi8(set, own);
    return _mm256_add_epi8(v, _mm256_and_si256(mask, _mm256_set1_epi8(static_cast<char>(value))));
  };
  return {half(x.a, bits), half(x.b, bits + 4)};
}

// acc + dot products: exact, see simd_avx512.h.
#ifdef SAMEBITS_VNNI
template <bool kFullByte>
inline __m256i dot4(__m256i acc, __m256i w, __m256i x) {
  return _mm256_dpbusd_avx_epi32(acc, w, x);
}
#else
inline __m256i pairs(__m256i w, __m256i x) {
  return _mm256_madd_epi16(_mm256_maddubs_epi16(w, x), _mm256_set1_epi16(1));
}
template <bool kFullByte>
inline __m256i dot4(__m256i acc, __m256i w, __m256i x) {
  if constexpr (!kFullByte) return _mm256_add_epi32(acc, pairs(w, x));
  const __m256i bit = _mm256_set1_epi8(static_cast<char>(128));
  return _mm256_add_epi32(
      acc, _mm256_add_epi32(pairs(_mm256_andnot_si256(bit, w), x), pairs(_mm256_and_si256(bit, w), x)));
}
#endif

constexpr int32_t kFullByteBias = 0;
template <bool kFullByte>
inline I dot4(I acc, B w, const int8_t* x) {
  const __m256i xs = _mm256_set1_epi32(*reinterpret_cast<const int32_t __attribute__((aligned(1), may_alias))*>(x));
  return {dot4<kFullByte>(acc.a, w.a, xs), dot4<kFullByte>(acc.b, w.b, xs)};
}
