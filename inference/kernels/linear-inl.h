// y = W x, exact int32 inside a block, one fma a block and output (NUMERICS.md §3).
//
// Tiles of (groups of 16 rows) x (tokens). Which tile computes an output cannot matter: every output has its own
// accumulator, and blocks arrive in ascending order whatever the tile.

template <bool kNibbles, bool kMin, bool kHalves, bool kFullByte>
struct Format {
  static constexpr bool nibbles = kNibbles, min = kMin, halves = kHalves, full_byte = kFullByte;
  static constexpr int parts = kHalves ? 2 : 1;            // scales a block
  static constexpr int block_bytes = kNibbles ? 256 : 512;  // 16 rows x 32 weights
};

// Two steps of 4 columns (k4 = j and j + 4 of 8) of a group's block.
template <class Fmt>
inline B load_step(const uint8_t* block, int k4) {
  if constexpr (Fmt::nibbles) {
    const B packed = load_bytes(block + 64 * (k4 & 3));
    return k4 < 4 ? low_nibbles(packed) : high_nibbles(packed);
  } else {
    return load_bytes(block + 64 * k4);
  }
}

// What a block's sum starts with: -offset times the sum of q, for weights that dot4 takes less kFullByteBias.
template <class Fmt>
inline int32_t first_sum(const WeightView& w, int32_t start) {
  if constexpr (!Fmt::full_byte || kFullByteBias == 0) return start;
  return start / w.offset * (w.offset - kFullByteBias);
}

template <class Fmt, bool kWide, int kGroups, int kTokens>
inline void tile(const WeightView& w, int64_t g0, const ActivationView& x, int64_t t0, float* y, int64_t y_stride) {
  const int64_t blocks = w.cols / 32;
  const uint8_t* q = w.q + g0 * blocks * Fmt::block_bytes;
  const float* d = w.d + g0 * blocks * Fmt::parts * 16;
  const float* m = Fmt::min ? w.m + g0 * blocks * Fmt::parts * 16 : nullptr;
  F acc[kGroups][kTokens];
  for (int g = 0; g < kGroups; ++g)
    for (int t = 0; t < kTokens; ++t) acc[g][t] = set1(0.0f);

  for (int64_t b = 0; b < blocks; ++b) {
    for (int part = 0; part < Fmt::parts; ++part) {
      const int64_t at = b * Fmt::parts + part;
      I low[kGroups][kTokens], high[kGroups][kTokens];
      for (int t = 0; t < kTokens; ++t)
        for (int g = 0; g < kGroups; ++g) {
          low[g][t] = set1(first_sum<Fmt>(w, x.start[(t0 + t) * blocks * Fmt::parts + at]));
          if constexpr (kWide) high[g][t] = set1(int32_t{0});
        }
      constexpr int kSteps = 8 / Fmt::parts;
#pragma GCC unroll 8
      for (int step = 0; step < kSteps; ++step) {
        const int k4 = part * kSteps + step;
        B ws[kGroups];
        for (int g = 0; g < kGroups; ++g) ws[g] = load_step<Fmt>(q + (g * blocks + b) * Fmt::block_bytes, k4);
        for (int t = 0; t < kTokens; ++t) {
          const int64_t column = (t0 + t) * x.cols + 32 * b + 4 * k4;
          if constexpr (kWide) {
            for (int g = 0; g < kGroups; ++g) high[g][t] = dot4<Fmt::full_byte>(high[g][t], ws[g], x.hi + column);
            for (int g = 0; g < kGroups; ++g) low[g][t] = dot4<Fmt::full_byte>(low[g][t], ws[g], x.lo + column);
          } else {
            for (int g = 0; g < kGroups; ++g) low[g][t] = dot4<Fmt::full_byte>(low[g][t], ws[g], x.hi + column);
          }
        }
      }
      for (int g = 0; g < kGroups; ++g) {
        const F dw = load(d + (g * blocks * Fmt::parts + at) * 16);
        for (int t = 0; t < kTokens; ++t) {
          const I sum = kWide ? shift_left(high[g][t], 8) + low[g][t] : low[g][t];
          acc[g][t] = fma(to_float(sum), dw * set1(x.d[(t0 + t) * blocks + b]), acc[g][t]);
          if constexpr (Fmt::min)
            acc[g][t] = fma(load(m + (g * blocks * Fmt::parts + at) * 16),
                            set1(x.s[(t0 + t) * blocks * Fmt::parts + at]), acc[g][t]);
        }
      }
    }
  }
  for (int t = 0; t < kTokens; ++t)
    for (int g = 0; g < kGroups; ++g) store(y + (t0 + t) * y_stride + (g0 + g) * 16, acc[g][t]);
}

template <class Fmt, bool kWide, int kGroups>
inline void tokens(const WeightView& w, int64_t g, const ActivationView& x, int64_t n, float* y, int64_t stride) {
  constexpr int kTile = kWide && kTileTokens == 3 ? 2 : kTileTokens;  // two sums an output need more registers
  int64_t t = 0;
  for (; t + kTile <= n; t += kTile) tile<Fmt, kWide, kGroups, kTile>(w, g, x, t, y, stride);
  for (; t + 2 <= n; t += 2) tile<Fmt, kWide, kGroups, 2>(w, g, x, t, y, stride);
  for (; t < n; ++t) tile<Fmt, kWide, kGroups, 1>(w, g, x, t, y, stride);
}

// One or two groups for all tokens. From 8 tokens on nibbles are spread to bytes once, into `scratch`.
template <class Fmt>
inline void panel(const WeightView& w, int64_t g0, int64_t g1, const ActivationView& x, int64_t n, float* y,
                  int64_t stride, uint8_t* scratch) {
  const int64_t blocks = w.cols / 32;
  const auto run = [&]<class F2>(const WeightView& v, int64_t first, float* out) {
    if (!x.lo && g1 - g0 == 2 && kTileTokens > 3) return tokens<F2, false, 2>(v, first, x, n, out, stride);
    for (int64_t g = first; g < first + g1 - g0; ++g) {
      if (x.lo)
        tokens<F2, true, 1>(v, g, x, n, out, stride);
      else
        tokens<F2, false, 1>(v, g, x, n, out, stride);
    }
  };
  if constexpr (Fmt::nibbles) {
    if (n >= 8) {
      for (int64_t b = 0; b < (g1 - g0) * blocks; ++b) {
        const uint8_t* from = w.q + (g0 * blocks + b) * 256;
        for (int j = 0; j < 4; ++j) {
          const B packed = load_bytes(from + 64 * j);
          store_bytes(scratch + b * 512 + 64 * j, low_nibbles(packed));
          store_bytes(scratch + b * 512 + 64 * (j + 4), high_nibbles(packed));
        }
      }
      WeightView spread = w;
      spread.q = scratch;
      spread.d = w.d + g0 * blocks * 16;
      if (w.m) spread.m = w.m + g0 * blocks * 16;
      run.template operator()<Format<false, Fmt::min, false, false>>(spread, 0, y + g0 * 16);
      return;
    }
  }
  run.template operator()<Fmt>(w, g0, y);
}

inline void linear(const WeightView& w, int64_t g0, int64_t g1, const ActivationView& x, int64_t n, float* y,
                   int64_t y_stride, uint8_t* scratch) {
  switch (w.layout) {
    case Layout::u4: return panel<Format<true, false, false, false>>(w, g0, g1, x, n, y, y_stride, scratch);
    case Layout::u4_min: return panel<Format<true, true, false, false>>(w, g0, g1, x, n, y, y_stride, scratch);
    case Layout::u7: return panel<Format<false, false, false, false>>(w, g0, g1, x, n, y, y_stride, scratch);
    case Layout::u7_min: return panel<Format<false, true, false, false>>(w, g0, g1, x, n, y, y_stride, scratch);
    case Layout::u7_halves: return panel<Format<false, false, true, false>>(w, g0, g1, x, n, y, y_stride, scratch);
    case Layout::u7_halves_min: return panel<Format<false, true, true, false>>(w, g0, g1, x, n, y, y_stride, scratch);
    case Layout::u8: return panel<Format<false, false, false, true>>(w, g0, g1, x, n, y, y_stride, scratch);
    case Layout::f32: case Layout::f16: case Layout::bf16: __builtin_unreachable();
  }
}

template <Layout kLayout>
inline F load_weights(const uint8_t* q, int64_t at) {
  if constexpr (kLayout == Layout::f32) return load(reinterpret_cast<const float*>(q) + at);
  if constexpr (kLayout == Layout::f16) return load_f16(reinterpret_cast<const uint16_t*>(q) + at);
  if constexpr (kLayout == Layout::bf16) return load_bf16(reinterpret_cast<const uint16_t*>(q) + at);
}

// Float weights: k ascending, one fma an element.
template <Layout kLayout, int kTokens>
inline void float_tile(const WeightView& w, int64_t g, const float* x, int64_t x_stride, float* y, int64_t y_stride) {
  F acc[kTokens];
  for (int t = 0; t < kTokens; ++t) acc[t] = set1(0.0f);
  for (int64_t k = 0; k < w.cols; ++k) {
    const F ws = load_weights<kLayout>(w.q, (g * w.cols + k) * 16);
    for (int t = 0; t < kTokens; ++t) acc[t] = fma(ws, set1(x[t * x_stride + k]), acc[t]);
  }
  for (int t = 0; t < kTokens; ++t) store(y + t * y_stride + g * 16, acc[t]);
}

template <Layout kLayout>
inline void float_groups(const WeightView& w, int64_t g0, int64_t g1, const float* x, int64_t x_stride, int64_t n,
                         float* y, int64_t y_stride) {
  for (int64_t g = g0; g < g1; ++g) {
    int64_t t = 0;
    for (; t + 6 <= n; t += 6) float_tile<kLayout, 6>(w, g, x + t * x_stride, x_stride, y + t * y_stride, y_stride);
    for (; t < n; ++t) float_tile<kLayout, 1>(w, g, x + t * x_stride, x_stride, y + t * y_stride, y_stride);
  }
}

inline void linear_float(const WeightView& w, int64_t g0, int64_t g1, const float* x, int64_t x_stride, int64_t n,
                         float* y, int64_t y_stride) {
  if (w.layout == Layout::f32) return float_groups<Layout::f32>(w, g0, g1, x, x_stride, n, y, y_stride);
  if (w.layout == Layout::f16) return float_groups<Layout::f16>(w, g0, g1, x, x_stride, n, y, y_stride);
  return float_groups<Layout::bf16>(w, g0, g1, x, x_stride, n, y, y_stride);
}
