// Weight matrices repacked for the kernels (kernels/layout.h): rows interleaved by 16, one stream a group.
//
// Packing depends on the tensor alone, never on the tier, so a packed matrix serves all of them.
// Thread rules: immutable after construction, which packs on all threads that oneTBB may use.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "inference/gguf.h"
#include "inference/huge_pages.h"
#include "inference/kernels/kernels.h"

namespace samebits {

class PackedMatrix {
 public:
  PackedMatrix() = default;
  // A matrix of shape {cols, rows}. Throws E0211 on a shape that its type cannot have. `packed` is told of each stretch
  // of the tensor's bytes that is not needed any more, from any thread.
  explicit PackedMatrix(const Tensor&, const std::function<void(std::span<const uint8_t>)>& packed = nullptr);

  // The exact values of row r, as dequantize() gives them from the file: cols() floats.
  void row(int64_t r, float* out) const;

  WeightView view() const { return view(0); }
  WeightView view(int64_t first_group) const;  // groups [first_group, …)
  int64_t rows() const { return rows_; }
  int64_t cols() const { return cols_; }
  bool quantised() const { return !is_float(layout_); }
  int parts() const { return quantised() ? info_of(layout_).parts() : 1; }

 private:
  Layout layout_ = Layout::f32;
  int32_t offset_ = 0;
  int64_t rows_ = 0, cols_ = 0;
  HugeVector<uint8_t> data_;  // (groups, group_bytes)
};

}  // namespace samebits
