#include "inference/cost.h"

#include <algorithm>

#include "harness/core/error.h"

namespace samebits {
namespace {

uint64_t macs(const Linear& l) { return static_cast<uint64_t>(l.w.rows()) * static_cast<uint64_t>(l.w.cols()); }

// Sum over positions p in [first, last) of the keys that p sees: min(p + 1, window).
uint64_t visible_keys(uint64_t first, uint64_t last, uint64_t window) {
  const auto triangle = [](uint64_t n) { return n * (n + 1) / 2; };  // positions 0 … n-1, no window
  if (window == 0) return triangle(last) - triangle(first);
  const uint64_t a = std::min(first, window), b = std::min(last, window);
  return triangle(b) - triangle(a) + (last - b - (first - a)) * window;
}

}  // namespace

Cost operator+(const Cost& a, const Cost& b) {
  return {a.macs + b.macs, a.weight_bytes + b.weight_bytes, a.kv_bytes + b.kv_bytes};
}

CostModel::CostModel(const Gguf& gguf, const TransformerSpec& s) {
  for (const LayerSpec& l : s.layers) {
    layer_macs_ += macs(l.q) + macs(l.k) + macs(l.v) + macs(l.attn_output) + macs(l.gate) + macs(l.up) + macs(l.down);
    windows_.push_back(l.window);
  }
  output_macs_ = macs(s.output);
  for (const Tensor& t : gguf.tensors())
    if (t.name.starts_with("blk.") || t.name == "output_norm.weight") layer_bytes_ += t.bytes;
  const Tensor* output = gguf.find("output.weight");
  output_bytes_ = output ? output->bytes : s.embedding.bytes;
  head_macs_ = uint64_t{2} * s.n_head * s.head_dim;
  kv_bytes_per_layer_ = uint64_t{2} * 2 * s.n_head_kv * s.head_dim;
  kv_bytes_per_token_ = kv_bytes_per_layer_ * s.layers.size();
}

Cost CostModel::positions(uint64_t first, uint64_t last) const {
  Cost c;
  c.macs = (last - first) * layer_macs_;
  c.kv_bytes = (last - first) * kv_bytes_per_token_;  // written
  for (int window : windows_) {
    const uint64_t keys = visible_keys(first, last, static_cast<uint64_t>(window));
    c.macs += keys * head_macs_;
    c.kv_bytes += keys * kv_bytes_per_layer_;  // read
  }
  return c;
}

Cost CostModel::window(uint64_t n, uint64_t scored) const {
  Cost c = positions(0, n);
  c.macs += scored * output_macs_;
  c.weight_bytes = layer_bytes_ + (scored > 0 ? output_bytes_ : 0);
  return c;
}

Cost CostModel::generation(uint64_t n, uint64_t chosen) const {
  SAMEBITS_ASSERT(chosen >= 1);
  Cost c = positions(0, n + chosen - 1);  // the last chosen token is not fed
  c.macs += chosen * output_macs_;
  c.weight_bytes = chosen * (layer_bytes_ + output_bytes_);
  return c;
}

}  // namespace samebits
