#include "tests/exact/contract.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <numeric>

#include "harness/core/error.h"
#include "harness/numeric/math64.h"
#include "harness/numeric/philox.h"
#include "harness/numeric/trig64.h"
#include "inference/quants.h"

namespace samebits::contract {
namespace {

// The table of §3: the signed quant of the file is u - o.
const std::map<std::string_view, int32_t> kOffsets = {
    {"Q4_0", 8}, {"Q4_1", 0}, {"Q5_0", 16}, {"Q5_1", 0},     {"Q8_0", 128},   {"Q2_K", 0},   {"Q3_K", 4},
    {"Q4_K", 0}, {"Q5_K", 0}, {"Q6_K", 32}, {"IQ4_NL", 127}, {"IQ4_XS", 127}, {"MXFP4", 12},
};
bool has_two_parts(std::string_view type) { return type == "Q2_K" || type == "Q3_K" || type == "Q6_K"; }
bool has_minimum(std::string_view type) {
  return type == "Q4_1" || type == "Q5_1" || type == "Q2_K" || type == "Q4_K" || type == "Q5_K";
}

float round(float v) { return (v + 12582912.0f) - 12582912.0f; }

const uint8_t* row_of(const Tensor& t, uint64_t row) { return t.data + t.bytes / t.rows() * row; }

// A row's blocks of 32 weights.
std::vector<Block32> unpack_row(const Tensor& t, uint64_t row) {
  const QuantType& type = *quant_type(t.type);
  std::vector<Block32> out(t.cols() / 32);
  for (size_t b = 0; b < out.size(); b += static_cast<size_t>(type.values) / 32)
    type.unpack(row_of(t, row) + 32 * b / static_cast<size_t>(type.values) * static_cast<size_t>(type.bytes), &out[b]);
  return out;
}

// F32, F16, BF16: exact.
Vector widen_row(const Tensor& t, uint64_t row) {
  Vector out(t.cols());
  dequantize(t.type, row_of(t, row), t.cols(), out.data());
  return out;
}

float multiply_blocks(std::string_view type, const std::vector<Block32>& w, const Quantised& x) {
  const int parts = has_two_parts(type) ? 2 : 1, n = 32 / parts;
  const int32_t o = kOffsets.at(type);
  float acc = 0;
  for (size_t b = 0; b < w.size(); ++b)
    for (int part = 0; part < parts; ++part) {
      int32_t s = 0, sum = 0;
      for (int k = part * n; k < (part + 1) * n; ++k) {
        const int32_t q = x.q[32 * b + static_cast<size_t>(k)];
        s += (w[b].q[k] - o) * q;
        sum += q;
      }
      acc = std::fma(static_cast<float>(s), w[b].d[part] * x.d[b], acc);
      if (has_minimum(type)) acc = std::fma(w[b].m[part], x.d[b] * static_cast<float>(sum), acc);
    }
  return acc;
}

}  // namespace

Quantised quantise(std::span<const float> x, bool wide) {
  const float range = wide ? 32639 : 127;
  Quantised out;
  for (size_t b = 0; b < x.size(); b += 32) {
    uint32_t top = 0;
    for (const float v : x.subspan(b, 32)) top = std::max(top, std::bit_cast<uint32_t>(v) & 0x7fffffff);
    const float amax = std::bit_cast<float>(top);
    if (!std::isfinite(amax)) out.finite = false;
    const bool zero = !std::isfinite(amax) || amax < 0x1p-100f;
    out.d.push_back(zero ? 0 : amax / range);
    const float inv = range / amax;
    for (const float v : x.subspan(b, 32)) out.q.push_back(zero ? 0 : static_cast<int32_t>(round(v * inv)));
  }
  return out;
}

Vector linear(const Tensor& w, std::span<const float> x, bool wide) {
  const QuantType& type = *quant_type(w.type);
  Vector y;
  const Quantised q = type.quantised ? quantise(x, wide) : Quantised{};
  SAMEBITS_ASSERT(q.finite);
  for (uint64_t r = 0; r < w.rows(); ++r) {
    if (type.quantised) {
      y.push_back(multiply_blocks(type.name, unpack_row(w, r), q));
      continue;
    }
    const Vector weights = widen_row(w, r);
    float acc = 0;
    for (size_t k = 0; k < x.size(); ++k) acc = std::fma(weights[k], x[k], acc);
    y.push_back(acc);
  }
  return y;
}

float round_to_binary16(float x) {
  if (x == 0 || !std::isfinite(x)) return x;
  const int exponent = std::max(std::ilogb(x), -14) - 10;  // of the last place
  const float r = std::ldexp(std::nearbyint(std::ldexp(x, -exponent)), exponent);
  return std::fabs(r) < 65536 ? r : std::copysign(INFINITY, r);
}

template <class Real>
Real tree(std::array<Real, 16> x) {
  for (size_t half : {8, 4, 2, 1})
    for (size_t j = 0; j < half; ++j) x[j] = x[j] + x[j + half];
  return x[0];
}
template float tree(std::array<float, 16>);
template double tree(std::array<double, 16>);

namespace {

struct Segment {
  float m, l;
  Vector o;
};

// Keys first <= t <= last, all of one segment.
Segment attend(std::span<const float> q, const Matrix& keys, const Matrix& values, int64_t first, int64_t last) {
  Vector scores;
  for (int64_t t = first; t <= last; ++t) {
    float s = 0;
    for (size_t i = 0; i < q.size(); ++i) s = std::fma(q[i], keys[static_cast<size_t>(t)][i], s);
    scores.push_back(s);
  }
  Segment out{*std::max_element(scores.begin(), scores.end()), 0, Vector(q.size(), 0.0f)};
  std::array<float, 16> lanes{};
  for (int64_t t = first; t <= last; ++t) {
    const float e = exp(scores[static_cast<size_t>(t - first)] - out.m);
    lanes[static_cast<size_t>(t % 16)] += e;
    for (size_t i = 0; i < q.size(); ++i) out.o[i] = std::fma(e, values[static_cast<size_t>(t)][i], out.o[i]);
  }
  out.l = tree(lanes);
  return out;
}

}  // namespace

Vector attention(std::span<const float> q, const Matrix& keys, const Matrix& values, int64_t p, int64_t window) {
  const int64_t oldest = window > 0 ? std::max<int64_t>(0, p - window + 1) : 0;
  Segment all{};
  for (int64_t segment = oldest / 1024; segment <= p / 1024; ++segment) {
    const Segment one = attend(q, keys, values, std::max(oldest, 1024 * segment), std::min(p, 1024 * segment + 1023));
    if (segment == oldest / 1024) {
      all = one;
      continue;
    }
    const float top = one.m > all.m ? one.m : all.m;
    const float a = exp(all.m - top), b = exp(one.m - top);
    all.l = std::fma(all.l, a, one.l * b);
    for (size_t i = 0; i < q.size(); ++i) all.o[i] = std::fma(all.o[i], a, one.o[i] * b);
    all.m = top;
  }
  const float inverse = 1 / all.l;
  for (float& o : all.o) o = o * inverse;
  return all.o;
}

float exp(float x) {
  if (x > 88) return INFINITY;
  if (x < -87) return 0;
  const float n = round(x * 0x1.715476p+0f);
  const float r = std::fma(n, 0x1.05c61p-29f, std::fma(n, -0x1.62e43p-1f, x));
  float p = 1.0f / 5040;
  for (const float c : {1.0f / 720, 1.0f / 120, 1.0f / 24, 1.0f / 6, 1.0f / 2, 1.0f, 1.0f}) p = std::fma(p, r, c);
  return x == x ? p * std::ldexp(1.0f, static_cast<int>(n)) : x;
}

float silu(float x) { return x / (1 + exp(0 - x)); }

float gelu(float x) {
  constexpr float c0 = 0x1.988454p+0f, c1 = 0x1.2444f2p-4f;
  return x / (1 + exp(0 - x * std::fma(x * x, c1, c0)));
}

Vector rms_norm(std::span<const float> x, std::span<const float> w, float eps) {
  std::array<float, 16> lanes{};
  for (size_t i = 0; i < x.size(); ++i) lanes[i % 16] = std::fma(x[i], x[i], lanes[i % 16]);
  const float r = 1 / std::sqrt(tree(lanes) / static_cast<float>(x.size()) + eps);
  Vector y;
  for (size_t i = 0; i < x.size(); ++i) y.push_back((x[i] * r) * w[i]);
  return y;
}

Vector inverse_frequencies(double base, int64_t n_rot, std::span<const float> factors) {
  Vector out;
  for (int64_t i = 0; i < n_rot / 2; ++i) {
    const double exponent = -(static_cast<double>(2 * i) / static_cast<double>(n_rot));
    out.push_back(static_cast<float>(exp64(exponent * log64(base))));
    if (!factors.empty()) out.back() = out.back() / factors[static_cast<size_t>(i)];
  }
  return out;
}

void rope(std::span<float> head, int64_t position, std::span<const float> frequencies, bool halves) {
  for (size_t i = 0; i < frequencies.size(); ++i) {
    const SinCos angle = sincos64(static_cast<float>(position) * frequencies[i]);
    const float sin = static_cast<float>(angle.sin), cos = static_cast<float>(angle.cos);
    float& a = head[halves ? i : 2 * i];
    float& b = head[halves ? i + frequencies.size() : 2 * i + 1];
    const float turned_a = std::fma(a, cos, -(b * sin)), turned_b = std::fma(a, sin, b * cos);
    a = turned_a;
    b = turned_b;
  }
}

Summary summarise(std::span<const float> logits) {
  Summary out;
  double sum = 0;
  for (size_t base = 0; base < logits.size(); base += 1024) {
    const auto chunk = logits.subspan(base, std::min<size_t>(1024, logits.size() - base));
    const auto top = std::max_element(chunk.begin(), chunk.end());  // the lowest id of the maximum
    std::array<double, 16> lanes{};
    for (size_t i = 0; i < chunk.size(); ++i) lanes[i % 16] += static_cast<double>(exp(chunk[i] - *top));
    const double z = tree(lanes), difference = static_cast<double>(out.max) - static_cast<double>(*top);
    if (base == 0) {
      out = {static_cast<int32_t>(top - chunk.begin()), *top, 0};
      sum = z;
    } else if (*top > out.max) {
      sum = sum * exp64(difference) + z;
      out.max = *top;
      out.argmax = static_cast<int32_t>(base) + static_cast<int32_t>(top - chunk.begin());
    } else {
      sum = sum + z * exp64(-difference);
    }
  }
  out.logsumexp = static_cast<double>(out.max) + log64(sum);
  return out;
}

int32_t choose(std::span<const float> logits, const Sampling& sampling, uint32_t n) {
  if (sampling.temperature == 0) return summarise(logits).argmax;
  std::vector<int32_t> order(logits.size());
  std::iota(order.begin(), order.end(), 0);
  const auto logit = [&](int32_t id) { return static_cast<double>(logits[static_cast<size_t>(id)]); };
  std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) { return logit(a) > logit(b); });
  if (sampling.top_k > 0) order.resize(std::min(order.size(), static_cast<size_t>(sampling.top_k)));
  std::vector<double> sums;
  for (const int32_t id : order)
    sums.push_back((sums.empty() ? 0 : sums.back()) + exp64((logit(id) - logit(order.front())) / sampling.temperature));
  size_t kept = sums.size();
  if (sampling.top_p < 1)
    for (kept = 1; kept < sums.size() && !(sums[kept - 1] >= sampling.top_p * sums.back());) ++kept;
  const auto r =
      philox4x32_10({n, 0, 0, 0}, {static_cast<uint32_t>(sampling.seed), static_cast<uint32_t>(sampling.seed >> 32)});
  const double u = static_cast<double>((uint64_t{r[1]} << 32 | r[0]) >> 11) * 0x1p-53;
  size_t i = 0;
  while (i + 1 < kept && !(sums[i] > u * sums[kept - 1])) ++i;
  return order[i];
}

}  // namespace samebits::contract
