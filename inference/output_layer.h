// From hidden states to what scores need of their logits: maximum, argmax, logsumexp, chosen logits.
//
// Logits are made and folded in chunks of 1024 vocabulary rows (NUMERICS.md §6); no matrix of logits is ever written.
// Thread rules: one caller at a time; chunks are spread over the Workers.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "inference/activations.h"
#include "inference/transformer_spec.h"
#include "inference/workers.h"

namespace samebits {

// Of one position.
struct LogitSummary {
  float max = 0;
  int32_t argmax = 0;  // lowest id
  bool tie = false;    // two ids share the maximum
  double logsumexp = 0;
  bool finite = true;          // false: the other fields say nothing
  std::vector<float> targets;  // logits of the asked ids
};

class OutputLayer {
 public:
  // All must outlive this object.
  OutputLayer(const Linear&, int n_embd, const Kernels&, Workers&);

  // `hidden`: (n, padded n_embd), normalised. ids[i]: whose logits are wanted of state i.
  std::vector<LogitSummary> summarise(const float* hidden, int64_t n, std::span<const std::vector<int32_t>> ids);
  // All logits of one hidden state (n_vocab).
  std::vector<float> logits(const float* hidden);

  uint64_t executed_macs() const { return executed_macs_; }

 private:
  struct Tile;  // states on their way

  void fold_chunk(Tile&, int64_t chunk, std::span<const std::vector<int32_t>> ids, std::span<LogitSummary> out) const;

  const Linear& layer_;
  int64_t n_embd_;
  const Kernels& kernels_;
  Workers& workers_;
  QuantisedRows quantised_;  // kept: fresh pages for each call cost more than filling them
  uint64_t executed_macs_ = 0;
};

}  // namespace samebits
