#include "inference/activations.h"

#include <algorithm>

namespace samebits {

QuantisedRow QuantisedRows::row(int64_t r) {
  const int64_t first = r / kTileRows * kTileRows, lane = r - first, stride = std::min(kTileRows, rows - first);
  const int64_t q = first * cols + 32 * lane, block = first * blocks + lane, half = 2 * first * blocks + lane;
  return {at(hi, q), wide ? at(lo, q) : nullptr, at(d, block), at(s32, block), at(s16, half), at(sum16, half), stride};
}

std::vector<int32_t> QuantisedRows::starts(int32_t offset, int parts) const {
  if (offset == 0) return {};
  std::vector<int32_t> out(static_cast<size_t>(rows * blocks * parts));
  if (parts == 2) {
    for (size_t i = 0; i < out.size(); ++i) out[i] = -offset * sum16[i];
    return out;
  }
  for (int64_t first = 0; first < rows; first += kTileRows) {
    const int64_t tokens = std::min(kTileRows, rows - first);
    for (int64_t b = 0; b < blocks; ++b) {
      const int32_t* sums = sum16.data() + 2 * (first * blocks + b * tokens);
      for (int64_t t = 0; t < tokens; ++t)
        *at(out, first * blocks + b * tokens + t) = -offset * (sums[t] + sums[tokens + t]);
    }
  }
  return out;
}

void multiply_groups(const Kernels& kernels, const WeightView& w, int64_t g0, int64_t g1,
                     const ActivationView& quantised, const float* x, int64_t x_stride, int64_t n, float* y,
                     int64_t y_stride) {
  if (is_float(w.layout)) return kernels.linear_float(w, g0, g1, x, x_stride, n, y, y_stride);
  thread_local HugeVector<uint8_t> scratch;
  scratch.resize(static_cast<size_t>(linear_scratch_bytes(w.cols)));
  for (int64_t g = g0; g < g1; g += 2)
    kernels.linear(w, g, std::min(g + 2, g1), quantised, y, y_stride, scratch.data());
}

}  // namespace samebits
