// Weight matrices repacked for the kernels (kernels/layout.h): rows interleaved by 16, one stream a group.
//
// Packing depends on the tensor alone, never on the tier, so a packed matrix serves all of them.
// Thread rules: immutable after construction, which packs on all threads that oneTBB may use.
#pragma once

#include <cstdint>

#include "inference/gguf.h"
#include "inference/huge_pages.h"
#include "inference/kernels/kernels.h"

namespace samebits {

class PackedMatrix {
 public:
  PackedMatrix() = default;
  // A matrix of shape {cols, rows}. Throws E0211 on a shape that its type cannot have.
  explicit PackedMatrix(const Tensor&);

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
