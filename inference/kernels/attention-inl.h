// Softmax attention over absolute positions (NUMERICS.md §4).
//
// Scores: lanes are key positions, head dimensions ascend. Values: lanes are head dimensions, positions ascend.
// A segment is 1024 absolute positions with its own maximum; segments combine in ascending order. Masked keys get
// weight +0, which changes neither a sum of non-negatives nor an fma chain that starts at +0.

// scores[r][p] for kRows query vectors over blocks [b0, b1) (absolute block numbers).
template <int kRows>
inline void score_blocks(const AttentionArgs& a, const float* const* q, int64_t b0, int64_t b1, float* scores) {
  int64_t b = b0;
  const auto run = [&]<int kBlocks>() {
    F s[kRows][kBlocks];
    for (int r = 0; r < kRows; ++r)
      for (int j = 0; j < kBlocks; ++j) s[r][j] = set1(0.0f);
    const float* k = a.k + (b - a.first_block) * a.head_dim * 16;
    for (int64_t d = 0; d < a.head_dim; ++d) {
      F keys[kBlocks];
      for (int j = 0; j < kBlocks; ++j) keys[j] = load(k + (j * a.head_dim + d) * 16);
      for (int r = 0; r < kRows; ++r)
        for (int j = 0; j < kBlocks; ++j) s[r][j] = fma(set1(q[r][d]), keys[j], s[r][j]);
    }
    for (int r = 0; r < kRows; ++r)
      for (int j = 0; j < kBlocks; ++j) store(scores + r * kSegment + (b + j - b0) * 16, s[r][j]);
    b += kBlocks;
  };
  while (b + 2 <= b1) run.template operator()<2>();
  while (b < b1) run.template operator()<1>();
}

struct Span { int64_t first, last; };  // absolute positions [first, last)

// In place: scores -> e^(score - max), 0 outside `visible`. Returns the maximum and the sum.
inline void softmax_segment(float* scores, int64_t b0, int64_t b1, Span visible, float* max, float* sum) {
  const F lowest = set1(-__builtin_inff());
  const auto masked = [&](int64_t b, F v, F other) {
    const int64_t first = visible.first - 16 * b, last = visible.last - 16 * b;
    if (first <= 0 && last >= 16) return v;
    return select_lanes(static_cast<int>(first < 0 ? 0 : first > 16 ? 16 : first),
                        static_cast<int>(last < 0 ? 0 : last > 16 ? 16 : last), v, other);
  };
  F top = lowest;
  for (int64_t b = b0; b < b1; ++b) {
    const F v = masked(b, load(scores + (b - b0) * 16), lowest);
    top = select_gt(v, top, v, top);
  }
  float t[16];
  store(t, top);
  float m = t[0];
  for (int i = 1; i < 16; ++i) m = t[i] > m ? t[i] : m;
  F total = set1(0.0f);
  for (int64_t b = b0; b < b1; ++b) {
    const F e = masked(b, exp(load(scores + (b - b0) * 16) - set1(m)), set1(0.0f));
    store(scores + (b - b0) * 16, e);
    total = total + e;
  }
  *max = m;
  *sum = tree_sum(total);
}

// out[r][d] = sum over positions [p0, p1) of e[r][p] * v[p][d], ascending, from +0.
template <int kRows>
inline void weigh_values(const AttentionArgs& a, const float* e, int64_t p0, int64_t p1, float* out) {
  int64_t d = 0;
  const auto run = [&]<int kVectors>() {
    F o[kRows][kVectors];
    for (int r = 0; r < kRows; ++r)
      for (int j = 0; j < kVectors; ++j) o[r][j] = set1(0.0f);
    const float* v = a.v + (p0 - 16 * a.first_block) * a.padded_dim + d;
    for (int64_t p = p0; p < p1; ++p, v += a.padded_dim) {
      F values[kVectors];
      for (int j = 0; j < kVectors; ++j) values[j] = load(v + 16 * j);
      for (int r = 0; r < kRows; ++r)
        for (int j = 0; j < kVectors; ++j) o[r][j] = fma(set1(e[r * kSegment + p - p0]), values[j], o[r][j]);
    }
    for (int r = 0; r < kRows; ++r)
      for (int j = 0; j < kVectors; ++j) store(out + r * a.padded_dim + d + 16 * j, o[r][j]);
    d += 16 * kVectors;
  };
  while (d + 32 <= a.padded_dim) run.template operator()<2>();
  while (d < a.padded_dim) run.template operator()<1>();
}

// Folds a later segment (m2, l2, o2) into (m, l, o).
inline void combine(int64_t dim, float* m, float* l, float* o, float m2, float l2, const float* o2) {
  const float top = m2 > *m ? m2 : *m;
  float weights[16];
  float arguments[16] = {*m - top, m2 - top};
  store(weights, exp(load(arguments)));
  const float keep = weights[0], take = weights[1];
  *l = fma1(*l, keep, l2 * take);
  for (int64_t d = 0; d < dim; d += 16) store(o + d, fma(load(o + d), set1(keep), load(o2 + d) * set1(take)));
  *m = top;
}

inline Span visible_keys(const AttentionArgs& a, int64_t position) {
  const int64_t first = a.window > 0 && position + 1 > a.window ? position + 1 - a.window : 0;
  return {first, position + 1};
}

// kRows query vectors, numbered n = row * heads + head from `n0`.
template <int kRows>
inline void attention_tile(const AttentionArgs& a, int64_t n0) {
  const float* q[kRows];
  float* out[kRows];
  Span visible[kRows];
  Span all{0, 0};
  for (int r = 0; r < kRows; ++r) {
    const int64_t row = (n0 + r) / a.heads, head = (n0 + r) % a.heads;
    q[r] = a.q + row * a.q_stride + head * a.padded_dim;
    out[r] = a.out + row * a.out_stride + head * a.padded_dim;
    visible[r] = visible_keys(a, a.first_position + row);
    if (r == 0 || visible[r].first < all.first) all.first = visible[r].first;
    if (visible[r].last > all.last) all.last = visible[r].last;
  }
  float* scores = a.scratch;                        // (kRows, kSegment)
  float* part = scores + kAttentionRows * kSegment;  // (kRows, padded_dim): one segment
  float* sum = part + kAttentionRows * a.padded_dim;  // (kRows, padded_dim): so far
  float m[kRows] = {}, l[kRows] = {};
  bool started[kRows] = {};
  for (int64_t s = all.first / kSegment * kSegment; s < all.last; s += kSegment) {
    const int64_t from = s > all.first ? s : all.first, to = s + kSegment < all.last ? s + kSegment : all.last;
    const int64_t b0 = from / 16, b1 = (to + 15) / 16;
    score_blocks<kRows>(a, q, b0, b1, scores);
    float m2[kRows], l2[kRows];
    bool any[kRows];
    for (int r = 0; r < kRows; ++r) {
      any[r] = visible[r].first < to && visible[r].last > from;
      softmax_segment(scores + r * kSegment, b0, b1, visible[r], &m2[r], &l2[r]);
    }
    weigh_values<kRows>(a, scores, 16 * b0, to, part);
    for (int r = 0; r < kRows; ++r) {
      if (!any[r]) continue;
      float* o = sum + r * a.padded_dim;
      if (started[r]) {
        combine(a.padded_dim, &m[r], &l[r], o, m2[r], l2[r], part + r * a.padded_dim);
      } else {
        started[r] = true;
        m[r] = m2[r];
        l[r] = l2[r];
        for (int64_t d = 0; d < a.padded_dim; d += 16) store(o + d, load(part + r * a.padded_dim + d));
      }
    }
  }
  for (int r = 0; r < kRows; ++r) {
    const F inverse = set1(1.0f / l[r]);
    for (int64_t d = 0; d < a.padded_dim; d += 16) store(out[r] + d, load(sum + r * a.padded_dim + d) * inverse);
  }
}

inline void attention(const AttentionArgs& a) {
  const int64_t n = a.n_rows * a.heads;
  int64_t i = 0;
  for (; i + kAttentionRows <= n; i += kAttentionRows) attention_tile<kAttentionRows>(a, i);
  for (; i + 3 <= n; i += 3) attention_tile<3>(a, i);
  for (; i < n; ++i) attention_tile<1>(a, i);
}
