// Rows of activations in the contract's integer form (NUMERICS.md §2), between a norm and a linear layer.
// Thread rules: distinct rows may be filled concurrently.
#pragma once

#include <cstdint>
#include <vector>

#include "inference/huge_pages.h"
#include "inference/kernels/kernels.h"

namespace samebits {

template <class Vector>
auto* at(Vector& v, int64_t i) {
  return v.data() + i;
}

struct QuantisedRows {
  int64_t rows = 0, cols = 0, blocks = 0;
  bool wide = false;
  // In tiles, as ActivationView says.
  HugeVector<int8_t> hi, lo;      // (rows * cols)
  HugeVector<float> d, s32, s16;  // (rows * blocks), (rows * blocks), (rows * 2 blocks)
  HugeVector<int32_t> sum16;      // (rows * 2 blocks)

  void resize(int64_t n_rows, int64_t n_cols, bool is_wide) {
    rows = n_rows;
    cols = n_cols;
    blocks = cols / 32;
    wide = is_wide;
    const auto n = static_cast<size_t>(rows * blocks);
    hi.resize(32 * n);
    if (wide) lo.resize(32 * n);
    d.resize(n);
    s32.resize(n);
    s16.resize(2 * n);
    sum16.resize(2 * n);
  }
  QuantisedRow row(int64_t r);
  // -offset * sum of q, per block or half block; empty without an offset.
  std::vector<int32_t> starts(int32_t offset, int parts) const;
  ActivationView view(int parts, const std::vector<int32_t>& start) const {
    return {rows,        cols, hi.data(), wide ? lo.data() : nullptr, d.data(), parts == 2 ? s16.data() : s32.data(),
            start.data()};
  }
};

// y = W x for the groups [g0, g1) of `w` and n rows, two groups at a time: quantised weights read `quantised`, float
// weights x (n, x_stride).
void multiply_groups(const Kernels&, const WeightView& w, int64_t g0, int64_t g1, const ActivationView& quantised,
                     const float* x, int64_t x_stride, int64_t n, float* y, int64_t y_stride);

}  // namespace samebits
