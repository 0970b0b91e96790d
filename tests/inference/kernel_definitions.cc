#include "tests/inference/kernel_definitions.h"

#include <algorithm>
#include <bit>
#include <limits>

namespace samebits::definition {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

float round_even(float v) { return (v + 12582912.0f) - 12582912.0f; }

template <class T>
T tree(T (&lanes)[16]) {
  for (int half : {8, 4, 2, 1})
    for (int j = 0; j < half; ++j) lanes[j] = lanes[j] + lanes[j + half];
  return lanes[0];
}

}  // namespace

QuantisedBlock quantise(const float* x, bool wide) {
  QuantisedBlock out;
  uint32_t largest = 0;
  for (int i = 0; i < 32; ++i) {
    const uint32_t magnitude = std::bit_cast<uint32_t>(x[i]) & 0x7fffffffu;
    if (magnitude > largest) largest = magnitude;
  }
  const float amax = std::bit_cast<float>(largest), range = wide ? 32639.0f : 127.0f;
  out.finite = largest < 0x7f800000u;
  if (!out.finite || amax < 0x1p-100f) return out;
  out.d = amax / range;
  const float inverse = range / amax;
  for (int i = 0; i < 32; ++i) out.q[i] = static_cast<int32_t>(round_even(x[i] * inverse));
  return out;
}

std::vector<float> linear(const Tensor& t, const std::vector<QuantisedBlock>& x, int64_t tokens) {
  const QuantType& type = *quant_type(t.type);
  const int64_t rows = static_cast<int64_t>(t.rows()), blocks = static_cast<int64_t>(t.cols()) / 32;
  const int64_t per = type.values / 32, parts = type.halves ? 2 : 1, n = 32 / parts;
  std::vector<float> y(static_cast<size_t>(tokens * pad16(rows)), 0.0f);
  std::vector<Block32> file_block(static_cast<size_t>(per));
  for (int64_t token = 0; token < tokens; ++token)
    for (int64_t r = 0; r < rows; ++r) {
      float acc = 0;
      for (int64_t b = 0; b < blocks; ++b) {
        type.unpack(t.data + (r * blocks / per + b / per) * type.bytes, file_block.data());
        const Block32& w = file_block[static_cast<size_t>(b % per)];
        const QuantisedBlock& a = x[static_cast<size_t>(token * blocks + b)];
        for (int64_t part = 0; part < parts; ++part) {
          int32_t dot = 0, sum = 0;
          for (int64_t i = part * n; i < (part + 1) * n; ++i) {
            dot += (w.q[i] - type.offset) * a.q[i];
            sum += a.q[i];
          }
          acc = std::fma(static_cast<float>(dot), w.d[part] * a.d, acc);
          if (type.has_min) acc = std::fma(w.m[part], a.d * static_cast<float>(sum), acc);
        }
      }
      y[static_cast<size_t>(token * pad16(rows) + r)] = acc;
    }
  return y;
}

std::vector<float> linear_float(const Tensor& t, const std::vector<float>& x, int64_t tokens) {
  const int64_t rows = static_cast<int64_t>(t.rows()), cols = static_cast<int64_t>(t.cols());
  std::vector<float> w(static_cast<size_t>(rows * cols)), y(static_cast<size_t>(tokens * pad16(rows)), 0.0f);
  dequantize(t.type, t.data, w.size(), w.data());
  for (int64_t token = 0; token < tokens; ++token)
    for (int64_t r = 0; r < rows; ++r) {
      float acc = 0;
      for (int64_t k = 0; k < cols; ++k)
        acc = std::fma(w[static_cast<size_t>(r * cols + k)], x[static_cast<size_t>(token * cols + k)], acc);
      y[static_cast<size_t>(token * pad16(rows) + r)] = acc;
    }
  return y;
}

std::vector<float> attention(const OneQuery& a) {
  const auto dim = static_cast<size_t>(a.head_dim);
  std::vector<float> sums(dim, 0.0f);
  float maximum = 0, total = 0;
  bool started = false;
  const int64_t first = a.window > 0 ? std::max<int64_t>(0, a.position - a.window + 1) : 0;
  for (int64_t segment = 0; segment <= a.position; segment += kSegment) {
    const int64_t from = std::max(first, segment), to = std::min(a.position + 1, segment + kSegment);
    if (from >= to) continue;
    std::vector<float> score;
    float m = -kInfinity, lanes[16] = {};
    std::vector<float> o(dim, 0.0f);
    for (int64_t t = from; t < to; ++t) {
      float s = 0;
      for (size_t i = 0; i < dim; ++i) s = std::fma(a.q[i], a.k[static_cast<size_t>(t)][i], s);
      score.push_back(s);
      if (s > m) m = s;
    }
    for (int64_t t = from; t < to; ++t) {
      const float e = exp(score[static_cast<size_t>(t - from)] - m);
      lanes[t % 16] = lanes[t % 16] + e;
      for (size_t i = 0; i < dim; ++i) o[i] = std::fma(e, a.v[static_cast<size_t>(t)][i], o[i]);
    }
    const float l = tree(lanes);
    if (!started) {
      started = true, maximum = m, total = l, sums = o;
      continue;
    }
    const float top = m > maximum ? m : maximum, keep = exp(maximum - top), take = exp(m - top);
    total = std::fma(total, keep, l * take);
    for (size_t i = 0; i < dim; ++i) sums[i] = std::fma(sums[i], keep, o[i] * take);
    maximum = top;
  }
  const float inverse = 1.0f / total;
  for (float& o : sums) o = o * inverse;
  return sums;
}

float exp(float x) {
  if (x > 88.0f) return kInfinity;
  if (x < -87.0f) return 0.0f;
  if (x != x) return x;
  const float n = round_even(x * 0x1.715476p+0f);
  float r = std::fma(n, -0x1.62e43p-1f, x);
  r = std::fma(n, 0x1.05c61p-29f, r);
  float p = 1.0f / 5040;
  for (float c : {1.0f / 720, 1.0f / 120, 1.0f / 24, 1.0f / 6, 1.0f / 2, 1.0f, 1.0f}) p = std::fma(p, r, c);
  return p * std::bit_cast<float>((static_cast<int32_t>(n) + 127) << 23);
}

float silu(float x) { return x / (1.0f + exp(0.0f - x)); }

float gelu(float x) { return x / (1.0f + exp(0.0f - x * std::fma(x * x, 0x1.2444f2p-4f, 0x1.988454p+0f))); }

std::vector<float> rms_norm(const std::vector<float>& x, const std::vector<float>& w, float eps) {
  float lanes[16] = {};
  for (size_t i = 0; i < x.size(); ++i) lanes[i % 16] = std::fma(x[i], x[i], lanes[i % 16]);
  const float r = 1.0f / std::sqrt(tree(lanes) / static_cast<float>(x.size()) + eps);
  std::vector<float> y;
  for (size_t i = 0; i < x.size(); ++i) y.push_back((x[i] * r) * w[i]);
  return y;
}

void rope(std::vector<float>& head, int64_t n_rot, const std::vector<float>& cos, const std::vector<float>& sin,
          bool neox) {
  for (int64_t i = 0; i < n_rot / 2; ++i) {
    float& first = head[static_cast<size_t>(neox ? i : 2 * i)];
    float& second = head[static_cast<size_t>(neox ? i + n_rot / 2 : 2 * i + 1)];
    const float a = first, b = second, c = cos[static_cast<size_t>(i)], s = sin[static_cast<size_t>(i)];
    first = std::fma(a, c, -(b * s));
    second = std::fma(a, s, b * c);
  }
}

LogitChunk logit_chunk(const std::vector<float>& logits) {
  LogitChunk out{0, 0, 0, 0, true};
  for (float x : logits) out.finite = out.finite && std::isfinite(x);
  if (!out.finite) return out;
  out.max = logits[0];
  for (size_t i = 1; i < logits.size(); ++i)
    if (logits[i] > out.max) out.max = logits[i], out.argmax = static_cast<int32_t>(i);
  double lanes[16] = {};
  for (size_t i = 0; i < logits.size(); ++i) {
    out.holders += logits[i] == out.max;
    lanes[i % 16] += static_cast<double>(exp(logits[i] - out.max));
  }
  out.sum = tree(lanes);
  return out;
}

}  // namespace samebits::definition
