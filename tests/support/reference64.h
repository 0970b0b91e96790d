// A slow forward pass in float64, written from the architectures' definitions and sharing nothing with the engine but
// the file reader: what the engine's logits must be close to. Weights are dequantised exactly, activations never
// quantised; libm is allowed here, since no score depends on it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "inference/gguf.h"

namespace samebits {

// Logits after every token, (n_tokens, n_vocab). `llama` and `gemma3`. Seconds for a model of 100 M weights.
std::vector<std::vector<double>> reference_logits(const Gguf&, std::span<const int32_t> tokens);

// Log-probability of `target` under a row of logits.
double log_probability(const std::vector<double>& logits, int32_t target);

}  // namespace samebits
