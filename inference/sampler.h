// The next token from logits: greedy, or drawn with temperature, top-k and top-p (NUMERICS.md §8).
// Thread rules: pure.
#pragma once

#include <cstdint>
#include <span>

#include "harness/core/types.h"

namespace samebits {

// `uniform` in [0, 1). temperature > 0. Candidates are ordered by logit, ties by id; probabilities are binary64.
int32_t sample_token(std::span<const float> logits, const Sampling&, double uniform);

}  // namespace samebits
