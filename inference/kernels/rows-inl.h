// Row-wise steps: quantisation of activations, norms, gates, rope, binary16, logits (NUMERICS.md §2-6).

inline bool quantise_row(const float* x, int64_t cols, const QuantisedRow& out) {
  bool finite = true;
  const float range = out.lo ? 32639.0f : 127.0f;  // 127 * 256 + 127
  for (int64_t b = 0; b < cols / 32; ++b) {
    const F half[2] = {load(x + 32 * b), load(x + 32 * b + 16)};
    // The largest magnitude, compared as bits: NaN and infinity come out on top.
    const int32_t top = reduce_max(max_abs_bits(max_abs_bits(set1(int32_t{0}), half[0]), half[1]));
    float amax;
    __builtin_memcpy(&amax, &top, 4);
    const bool bad = top >= 0x7f800000;
    finite = finite && !bad;
    const bool zero = bad || amax < 0x1p-100f;
    const float d = zero ? 0.0f : amax / range;
    const float inverse = zero ? 0.0f : range / amax;
    out.d[b * out.stride] = d;
    int32_t sum[2] = {0, 0};
    for (int h = 0; h < 2; ++h) {
      const I q = bad ? set1(int32_t{0}) : to_int(round_even(half[h] * set1(inverse)));
      sum[h] = reduce_add(q);
      const int64_t at = 32 * b * out.stride + 16 * h;
      if (out.lo) {  // q = 256 hi + lo, -128 <= lo <= 127
        const I upper = shift_right(q + set1(int32_t{128}), 8);
        store_i8(out.hi + at, upper);
        store_i8(out.lo + at, q - shift_left(upper, 8));
      } else {
        store_i8(out.hi + at, q);
      }
      out.sum16[(2 * b + h) * out.stride] = sum[h];
      out.s16[(2 * b + h) * out.stride] = d * static_cast<float>(sum[h]);
    }
    out.s32[b * out.stride] = d * static_cast<float>(sum[0] + sum[1]);
  }
  return finite;
}

inline void rms_norm(const float* x, const float* w, int64_t n, float eps, float* y) {
  F squares = set1(0.0f);
  for (int64_t i = 0; i < n; i += 16) {
    const F v = load(x + i);
    squares = fma(v, v, squares);
  }
  const float mean = tree_sum(squares) / static_cast<float>(n);
  const F r = set1(1.0f / __builtin_sqrtf(mean + eps));
  for (int64_t i = 0; i < n; i += 16) store(y + i, (load(x + i) * r) * load(w + i));
}

inline void add(float* x, const float* y, int64_t n) {
  for (int64_t i = 0; i < n; i += 16) store(x + i, load(x + i) + load(y + i));
}

inline void scale(float* x, float by, int64_t n) {
  for (int64_t i = 0; i < n; i += 16) store(x + i, load(x + i) * set1(by));
}

inline void silu_mul(float* gate, const float* up, int64_t n) {
  for (int64_t i = 0; i < n; i += 16) store(gate + i, silu(load(gate + i)) * load(up + i));
}

inline void gelu_mul(float* gate, const float* up, int64_t n) {
  for (int64_t i = 0; i < n; i += 16) store(gate + i, gelu(load(gate + i)) * load(up + i));
}

// a' = a cos - b sin, b' = a sin + b cos; the second product is rounded before the fma.
inline void rope(float* head, int64_t n_rot, const float* cos, const float* sin, bool neox) {
  const int64_t half = n_rot / 2, apart = neox ? half : 1, step = neox ? 1 : 2;
  for (int64_t i = 0; i < half; ++i) {
    const float a = head[step * i], b = head[step * i + apart];
    head[step * i] = fma1(a, cos[i], -(b * sin[i]));
    head[step * i + apart] = fma1(a, sin[i], b * cos[i]);
  }
}

inline bool to_f16(const float* x, int64_t n, uint16_t* out, int64_t out_stride) {
  bool finite = true;
  for (int64_t i = 0; i < n; i += 16) {
    uint16_t t[16];
    store_f16(t, load(x + i));
    for (int64_t j = 0; j < 16 && i + j < n; ++j) {
      finite = finite && (t[j] & 0x7c00) != 0x7c00;
      out[(i + j) * out_stride] = t[j];
    }
  }
  return finite;
}

inline void from_f16(const uint16_t* x, int64_t n, float* out) {
  for (int64_t i = 0; i < n; i += 16) store(out + i, load_f16(x + i));
}

inline LogitChunk logit_chunk(const float* logits, int64_t n) {
  const F lowest = set1(-__builtin_inff());
  F top = lowest, block = set1(0.0f);  // of each lane: its maximum, and where the first of its holders lies
  I magnitude = set1(int32_t{0});
  const auto lanes = [&](int64_t i) {
    const F v = load(logits + i);
    return n - i >= 16 ? v : select_lanes(0, static_cast<int>(n - i), v, lowest);
  };
  for (int64_t i = 0; i < n; i += 16) {
    const F v = n - i >= 16 ? load(logits + i) : select_lanes(0, static_cast<int>(n - i), load(logits + i), set1(0.0f));
    magnitude = max_abs_bits(magnitude, v);
    block = select_gt(lanes(i), top, set1(static_cast<float>(i)), block);
    top = select_gt(lanes(i), top, lanes(i), top);
  }
  LogitChunk out{0, 0, 0, 0, reduce_max(magnitude) < 0x7f800000};
  if (!out.finite) return out;
  float t[16], first[16];
  store(t, top);
  store(first, block);
  out.max = t[0];
  out.argmax = static_cast<int32_t>(first[0]);
  for (int i = 1; i < 16; ++i) {
    const int32_t at = static_cast<int32_t>(first[i]) + i;
    if (t[i] > out.max || (t[i] == out.max && at < out.argmax)) out.max = t[i], out.argmax = at;
  }
  for (int64_t i = 0; i < n; ++i) out.holders += logits[i] == out.max;
  out.max = logits[out.argmax];  // +0 and -0 are equal: the first of them decides

  double sum[16] = {};  // lane i: indices i mod 16, ascending
  for (int64_t i = 0; i < n; i += 16) {
    store(t, exp(lanes(i) - set1(out.max)));
    for (int j = 0; j < 16; ++j) sum[j] += static_cast<double>(t[j]);
  }
  for (int half = 8; half >= 1; half /= 2)
    for (int i = 0; i < half; ++i) sum[i] += sum[i + half];
  out.sum = sum[0];
  return out;
}

inline void exp_row(const float* x, int64_t n, float* y) {
  for (int64_t i = 0; i < n; i += 16) store(y + i, exp(load(x + i)));
}
