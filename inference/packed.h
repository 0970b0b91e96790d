// Weight matrices repacked for the kernels: rows interleaved by 16, one integer form for every quantised type.
//
// Packing depends on the tensor alone, never on the tier, so a packed matrix serves all of them.
// Thread rules: immutable after construction.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "inference/gguf.h"
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
  bool quantised() const { return layout_ != Layout::f32 && layout_ != Layout::f16 && layout_ != Layout::bf16; }
  int parts() const { return layout_ == Layout::u7_halves || layout_ == Layout::u7_halves_min ? 2 : 1; }

 private:
  void pack_quantised(const Tensor&);
  void pack_float(const Tensor&);

  Layout layout_ = Layout::f32;
  int32_t offset_ = 0;
  int64_t rows_ = 0, cols_ = 0;
  std::vector<uint8_t> q_;
  std::vector<float> d_, m_;
};

}  // namespace samebits
