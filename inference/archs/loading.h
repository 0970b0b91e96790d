// Shared steps of the architecture files: hyperparameters with bounds, tensors with shapes.
#pragma once

#include <initializer_list>
#include <set>
#include <string>
#include <vector>

#include "inference/transformer_spec.h"

namespace samebits {

class Loading {
 public:
  explicit Loading(const Gguf& gguf);  // prefix: general.architecture

  std::string key(const std::string& name) const { return arch_ + "." + name; }

  // A hyperparameter in [1, max]; E0206 otherwise. `otherwise` < 0: the key must be there.
  int count(const std::string& name, int64_t max, int64_t otherwise = -1) const;
  float real(const std::string& name) const;  // finite
  float real(const std::string& name, double otherwise) const;

  bool has(const std::string& tensor) const { return gguf_.find(tensor) != nullptr; }
  // Fails unless the tensor has exactly this shape (shape[0] first).
  const Tensor& tensor(const std::string& name, std::initializer_list<int64_t> shape) const;
  Norm norm(const std::string& name, int64_t n) const;  // F32
  Linear linear(const std::string& name, int64_t rows, int64_t cols, bool wide = false) const;
  // base^(-2i / n_rot), in binary64, rounded to float32, divided by rope_freqs.weight where the file has it.
  std::vector<float> inverse_frequencies(double base, int n_rot) const;

  // E0206 when the file has a tensor that nobody asked for: leaving it out would give another model's scores.
  void finish() const;

  // Fills what all decoder-only files share: sizes, embedding, output (tied when absent).
  void common(TransformerSpec&) const;

  // One layer's matrices and norms that they share. `blk`: "blk.0."
  LayerSpec layer(const TransformerSpec&, const std::string& blk) const;

  [[noreturn]] void fail(const std::string& what, const std::string& where) const;  // E0206

 private:
  const Gguf& gguf_;
  std::string arch_;
  mutable std::set<std::string> used_;
};

}  // namespace samebits
