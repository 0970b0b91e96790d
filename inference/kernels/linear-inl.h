// y = W x, exact int32 inside a block, one fma a block and output (NUMERICS.md §3).
//
// One micro-kernel over tiles of (groups of 16 rows) x (tokens). It reads weights as bytes and scales as floats: one
// token straight from the packed stream (bound by memory), more of them from a panel in cache that is decoded once.
// Which tile computes an output cannot matter: every output has its own accumulator, and blocks arrive in ascending
// order whatever the tile.

constexpr int64_t kAhead = 2048;  // bytes a stream is fetched in advance

// Behind the last block these are addresses, but no pointers: arithmetic on one would be undefined.
inline void prefetch_at(const void* from, int64_t offset) {
  __builtin_prefetch(reinterpret_cast<const void*>(reinterpret_cast<uintptr_t>(from) + static_cast<uintptr_t>(offset)));
}

// Blocks of a group as they lie in memory.
template <Layout kLayout>
struct Stream {
  static constexpr LayoutInfo kInfo = info_of(kLayout);
  const uint8_t* group;

  void prefetch(int64_t b) const {
    for (int64_t i = 0; i < kInfo.block_bytes(); i += 64) prefetch_at(group, kInfo.block_at(b) + kAhead + i);
  }
  // Columns 4 k4 … 4 k4 + 3 of block b.
  B bytes(int64_t b, int k4) const {
    const uint8_t* block = group + kInfo.block_at(b);
    if constexpr (kInfo.planes < 0) return load_bytes(block + 64 * k4);
    const B packed = load_bytes(block + 64 * (k4 & 3));
    B q = k4 < 4 ? low_nibbles(packed) : high_nibbles(packed);
    if constexpr (kInfo.planes >= 1) q = add_where(q, block + 256 + 8 * k4, 16);
    if constexpr (kInfo.planes >= 2) q = add_where(q, block + 320 + 8 * k4, 32);
    return q;
  }
  F d(int64_t b, int part) const { return scale(b, part, 0); }
  F m(int64_t b, int part) const { return scale(b, part, 1); }

 private:
  // which: 0 d, 1 m. The product with a sub-scale is exact.
  F scale(int64_t b, int part, int which) const {
    const uint8_t* scales = group + kInfo.block_at(b) + kInfo.quant_bytes();
    if constexpr (kInfo.scales == Scales::f32) return load(reinterpret_cast<const float*>(scales));
    if constexpr (kInfo.scales == Scales::f16) return load_f16(reinterpret_cast<const uint16_t*>(scales) + 16 * which);
    const F header = load_f16(reinterpret_cast<const uint16_t*>(group + kInfo.header_at(b)) + 16 * which);
    return header * load_i8(reinterpret_cast<const int8_t*>(scales) + 16 * (which * kInfo.parts() + part));
  }
};

// Blocks of a group, decoded: bytes (block, k4, row, 4), d and m (block, part, 16).
template <bool kMin, bool kHalves, bool kFullByte>
struct Panel {
  static constexpr LayoutInfo kInfo = {-1, Scales::f32, kMin, kHalves, kFullByte};
  uint8_t* q;
  float *scale, *minimum;

  // Panel number `i` of the scratch memory.
  Panel(uint8_t* scratch, int64_t cols, int64_t i) {
    const int64_t scales = cols / 2 * kInfo.parts();
    q = scratch + i * (16 * cols + 8 * scales);
    scale = reinterpret_cast<float*>(q + 16 * cols);
    minimum = scale + scales;
  }
  void prefetch(int64_t) const {}
  B bytes(int64_t b, int k4) const { return load_bytes(q + 512 * b + 64 * k4); }
  F d(int64_t b, int part) const { return load(scale + (b * kInfo.parts() + part) * 16); }
  F m(int64_t b, int part) const { return load(minimum + (b * kInfo.parts() + part) * 16); }

  template <class From>
  void decode(const From& from, int64_t blocks) const {
    for (int64_t b = 0; b < blocks; ++b) {
      from.prefetch(b);
#pragma GCC unroll 8
      for (int k4 = 0; k4 < 8; ++k4) store_bytes(q + 512 * b + 64 * k4, from.bytes(b, k4));
      for (int part = 0; part < kInfo.parts(); ++part) {
        store(scale + (b * kInfo.parts() + part) * 16, from.d(b, part));
        if constexpr (kMin) store(minimum + (b * kInfo.parts() + part) * 16, from.m(b, part));
      }
    }
  }
};

// What a block's sum starts with: -offset times the sum of q, for weights that dot4 takes less kFullByteBias.
template <bool kFullByte>
inline int32_t first_sum(int32_t offset, int32_t start) {
  if constexpr (!kFullByte || kFullByteBias == 0) return start;
  return start / offset * (offset - kFullByteBias);
}

// Where the tokens from t0 on of one tile of activations begin; `stride` tokens are in the tile.
struct TileView {
  int64_t stride;
  const int8_t *hi, *lo;  // (blocks, token, 32)
  const float *d, *s;     // (blocks, token), (blocks, parts, token)
  const int32_t* start;   // (blocks, parts, token)
};

inline TileView tile_at(const ActivationView& x, int64_t t0, int parts) {
  const int64_t first = t0 / kTileRows * kTileRows, lane = t0 - first, left = x.tokens - first, blocks = x.cols / 32;
  const int64_t q = first * x.cols + 32 * lane, part = first * blocks * parts + lane;
  return {left < kTileRows ? left : kTileRows, x.hi + q,   x.lo ? x.lo + q : nullptr,
          x.d + first * blocks + lane,         x.s + part, x.start ? x.start + part : nullptr};
}

// sum += the integer dot products of a part of block b; q: the block's bytes of the tile.
template <int kGroups, int kTokens, class Weights>
inline void add_dots(I (&sum)[kGroups][kTokens], const Weights* w, int64_t b, int part, const int8_t* q) {
  constexpr LayoutInfo kInfo = Weights::kInfo;
  constexpr int kSteps = 8 / kInfo.parts();
#pragma GCC unroll 8
  for (int step = 0; step < kSteps; ++step) {
    const int k4 = part * kSteps + step;
    B ws[kGroups];
    for (int g = 0; g < kGroups; ++g) ws[g] = w[g].bytes(b, k4);
    for (int t = 0; t < kTokens; ++t)
      for (int g = 0; g < kGroups; ++g) sum[g][t] = dot4<kInfo.full_byte>(sum[g][t], ws[g], q + 32 * t + 4 * k4);
  }
}

// The weights that are decoded next: `lines` cache lines a block come nearer while tiles are computed.
struct Next {
  const uint8_t* stream = nullptr;
  int64_t lines = 0;
};

// kTokens tokens of a tile by the groups w[0] …; y: (token, 16 rows of each group).
template <bool kWide, int kGroups, int kTokens, class Weights>
inline void tile(const Weights* w, int32_t offset, const TileView& x, int64_t blocks, Next next, float* y,
                 int64_t y_stride) {
  constexpr LayoutInfo kInfo = Weights::kInfo;
  constexpr int kParts = kInfo.parts();
  F acc[kGroups][kTokens];
  for (int g = 0; g < kGroups; ++g)
    for (int t = 0; t < kTokens; ++t) acc[g][t] = set1(0.0f);
  for (int t = 0; t < kTokens; ++t)
    for (int g = 0; g < kGroups; ++g) __builtin_prefetch(y + t * y_stride + g * 16, 1);

  for (int64_t b = 0; b < blocks; ++b) {
    for (int g = 0; g < kGroups; ++g) w[g].prefetch(b);
    for (int64_t i = 0; i < next.lines; ++i, next.stream += 64) __builtin_prefetch(next.stream, 0, 2);
    const int64_t q = 32 * b * x.stride;
    if constexpr (kTokens == kTileRows)
      for (int i = 0; i < 32 * kTokens; i += 64) prefetch_at(x.hi, q + kAhead / 2 + i);
    for (int part = 0; part < kParts; ++part) {
      const int64_t at = (b * kParts + part) * x.stride;
      I sum[kGroups][kTokens];
      if constexpr (kWide) {
        for (int t = 0; t < kTokens; ++t)
          for (int g = 0; g < kGroups; ++g) sum[g][t] = set1(int32_t{0});
        add_dots(sum, w, b, part, x.hi + q);
      }
      for (int t = 0; t < kTokens; ++t)
        for (int g = 0; g < kGroups; ++g) {
          const I start = set1(kInfo.min ? 0 : first_sum<kInfo.full_byte>(offset, x.start[at + t]));
          sum[g][t] = kWide ? shift_left(sum[g][t], 8) + start : start;
        }
      add_dots(sum, w, b, part, (kWide ? x.lo : x.hi) + q);
      for (int g = 0; g < kGroups; ++g) {
        const F dw = w[g].d(b, part);
        F mw = dw;
        if constexpr (kInfo.min) mw = w[g].m(b, part);
        for (int t = 0; t < kTokens; ++t) {
          acc[g][t] = fma(to_float(sum[g][t]), dw * set1(x.d[b * x.stride + t]), acc[g][t]);
          if constexpr (kInfo.min) acc[g][t] = fma(mw, set1(x.s[at + t]), acc[g][t]);
        }
      }
    }
  }
  for (int t = 0; t < kTokens; ++t)
    for (int g = 0; g < kGroups; ++g) store(y + t * y_stride + g * 16, acc[g][t]);
}

// All tokens; the kernel's tile is all of a tile of activations or a part of it.
template <bool kWide, int kGroups, class Weights>
inline void tiles(const Weights* w, int32_t offset, const ActivationView& x, const uint8_t* next_stream,
                  int64_t next_bytes, float* y, int64_t stride) {
  const int64_t blocks = x.cols / 32, turns = (x.tokens + kTileTokens - 1) / kTileTokens * blocks;
  Next next{next_stream, (next_bytes / 64 + turns - 1) / turns};
  for (int64_t t = 0, left = 0; t < x.tokens; t += left) {
    const int64_t end = t / kTileRows * kTileRows + kTileRows;
    left = (end < x.tokens ? end : x.tokens) - t;
    const TileView from = tile_at(x, t, Weights::kInfo.parts());
    if (left >= kTileTokens)
      tile<kWide, kGroups, kTileTokens>(w, offset, from, blocks, next, y + t * stride, stride), left = kTileTokens;
    else if (left >= 2)
      tile<kWide, kGroups, 2>(w, offset, from, blocks, next, y + t * stride, stride), left = 2;
    else
      tile<kWide, kGroups, 1>(w, offset, from, blocks, next, y + t * stride, stride);
    next.stream += 64 * next.lines * blocks;
    if (next.stream >= next_stream + next_bytes) next.lines = 0;
  }
}

template <Layout kLayout>
inline void linear_as(const WeightView& w, int64_t g0, int64_t g1, const ActivationView& x, float* y, int64_t stride,
                      uint8_t* scratch) {
  using From = Stream<kLayout>;
  const auto stream = [&](int64_t g) { return From{w.data + g * group_bytes(kLayout, w.cols)}; };
  if (x.tokens == 1) {
    const TileView token = tile_at(x, 0, From::kInfo.parts());
    for (int64_t g = g0; g < g1; ++g) {
      const From from = stream(g);
      x.lo ? tile<true, 1, 1>(&from, w.offset, token, w.cols / 32, {}, y + 16 * g, stride)
           : tile<false, 1, 1>(&from, w.offset, token, w.cols / 32, {}, y + 16 * g, stride);
    }
    return;
  }
  using To = Panel<From::kInfo.min, From::kInfo.halves, From::kInfo.full_byte>;
  uint8_t* aligned = scratch + (64 - reinterpret_cast<uintptr_t>(scratch) % 64) % 64;
  const To panels[2] = {To(aligned, w.cols, 0), To(aligned, w.cols, 1)};
  for (int64_t g = g0; g < g1; ++g) panels[g - g0].decode(stream(g), w.cols / 32);
  const uint8_t* next = stream(g1).group;
  const int64_t bytes = group_bytes(kLayout, w.cols);
  if (g1 - g0 == 2 && kTileTokens > 3)
    return x.lo ? tiles<true, 2>(panels, w.offset, x, next, 2 * bytes, y + 16 * g0, stride)
                : tiles<false, 2>(panels, w.offset, x, next, 2 * bytes, y + 16 * g0, stride);
  for (int64_t g = g0; g < g1; ++g, next += bytes)
    x.lo ? tiles<true, 1>(panels + (g - g0), w.offset, x, next, bytes, y + 16 * g, stride)
         : tiles<false, 1>(panels + (g - g0), w.offset, x, next, bytes, y + 16 * g, stride);
}

inline void linear(const WeightView& w, int64_t g0, int64_t g1, const ActivationView& x, float* y, int64_t y_stride,
                   uint8_t* scratch) {
  switch (w.layout) {
#define SAMEBITS_CASE(name) \
  case Layout::name: return linear_as<Layout::name>(w, g0, g1, x, y, y_stride, scratch);
    SAMEBITS_CASE(u4) SAMEBITS_CASE(u4_min) SAMEBITS_CASE(u5) SAMEBITS_CASE(u5_min) SAMEBITS_CASE(u8)
    SAMEBITS_CASE(u4_sub_min) SAMEBITS_CASE(u5_sub_min) SAMEBITS_CASE(u4_sub_halves) SAMEBITS_CASE(u4_sub_halves_min)
    SAMEBITS_CASE(u6_sub_halves) SAMEBITS_CASE(u8_sub) SAMEBITS_CASE(u5_f32)
#undef SAMEBITS_CASE
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
    const F ws = load_weights<kLayout>(w.data, (g * w.cols + k) * 16);
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
