#include "inference/activations.h"

#include <algorithm>

namespace samebits {
namespace {

constexpr int64_t kActivationBytes = 512 << 10;  // of a chunk of tokens: they stay in a core's second-level cache

ActivationView from_token(ActivationView x, int64_t t, int parts) {
  const int64_t blocks = x.cols / 32;
  x.hi += t * x.cols;
  if (x.lo) x.lo += t * x.cols;
  x.d += t * blocks;
  x.s += t * blocks * parts;
  x.start += t * blocks * parts;
  return x;
}

}  // namespace

void multiply_groups(const Kernels& kernels, const WeightView& w, int64_t g0, int64_t g1,
                     const ActivationView& quantised, const float* x, int64_t x_stride, int64_t n, float* y,
                     int64_t y_stride) {
  if (is_float(w.layout)) return kernels.linear_float(w, g0, g1, x, x_stride, n, y, y_stride);
  thread_local HugeVector<uint8_t> scratch;
  scratch.resize(static_cast<size_t>(linear_scratch_bytes(w.cols)));
  const int64_t chunk = std::max<int64_t>(48, kActivationBytes / (w.cols * (quantised.lo ? 2 : 1)) / 48 * 48);
  for (int64_t t = 0; t < n; t += chunk) {
    const ActivationView tokens = from_token(quantised, t, info_of(w.layout).parts());
    for (int64_t g = g0; g < g1; g += 2)
      kernels.linear(w, g, std::min(g + 2, g1), tokens, std::min(chunk, n - t), y + t * y_stride, y_stride,
                     scratch.data());
  }
}

}  // namespace samebits
