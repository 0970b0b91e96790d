// The exact work of a request as if it were computed alone, by closed form: the same on every machine, so a claim.
//
// macs: multiply-accumulates of the linear layers and of attention (scores and values), padding not counted.
// weight_bytes: bytes of the file's weight tensors, read once a forward pass; a prompt is one pass, each further
// generated token one more; the output layer counts only in passes whose logits are used.
// kv_bytes: binary16 keys and values written once a position and read once for every later position that sees them.
// Thread rules: pure.
#pragma once

#include "harness/core/types.h"
#include "inference/transformer_spec.h"

namespace samebits {

class CostModel {
 public:
  CostModel(const Gguf&, const TransformerSpec&);

  // One window of `positions` tokens with `scored` scored positions.
  Cost window(uint64_t positions, uint64_t scored) const;
  // A prompt of `positions` tokens, then `chosen` tokens chosen one after the other (chosen >= 1).
  Cost generation(uint64_t positions, uint64_t chosen) const;

 private:
  // Of positions [first, last): layers only.
  Cost positions(uint64_t first, uint64_t last) const;

  uint64_t layer_macs_ = 0, output_macs_ = 0;    // a position
  uint64_t layer_bytes_ = 0, output_bytes_ = 0;  // a pass
  uint64_t head_macs_ = 0;                       // a visible key: n_head * head_dim * 2
  uint64_t kv_bytes_per_layer_ = 0, kv_bytes_per_token_ = 0;
  std::vector<int> windows_;  // by layer
};

Cost operator+(const Cost&, const Cost&);

}  // namespace samebits
