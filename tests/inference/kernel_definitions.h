// The kernels in the contract's own words (inference/NUMERICS.md), one value at a time: no lanes, no tiles, no packing.
// What every tier must equal, the scalar one too.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "inference/kernels/kernels.h"
#include "inference/quants.h"

namespace samebits::definition {

// §2. One block of 32; q as one integer, of 8 or 16 bits.
struct QuantisedBlock {
  bool finite = true;
  float d = 0;
  int32_t q[32] = {};
};
QuantisedBlock quantise(const float* x, bool wide);

// §3. Activations of shape (tokens, cols) as blocks; the result is (tokens, pad16(rows)), padding 0.
std::vector<float> linear(const Tensor&, const std::vector<QuantisedBlock>& x, int64_t tokens);
std::vector<float> linear_float(const Tensor&, const std::vector<float>& x, int64_t tokens);

// §4. One query vector at `position`, keys and values from position 0 on.
struct OneQuery {
  int64_t head_dim, position, window;
  const float* q;
  std::vector<std::vector<float>> k, v;  // (positions, head_dim)
};
std::vector<float> attention(const OneQuery&);

// §5
float exp(float);
float silu(float);
float gelu(float);
std::vector<float> rms_norm(const std::vector<float>& x, const std::vector<float>& w, float eps);
void rope(std::vector<float>& head, int64_t n_rot, const std::vector<float>& cos, const std::vector<float>& sin,
          bool neox);

// §6. One chunk.
LogitChunk logit_chunk(const std::vector<float>& logits);

}  // namespace samebits::definition
