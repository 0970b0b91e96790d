// Contract sb-1 written a second time, from the words of inference/NUMERICS.md: no lanes, tiles, pages, packing or
// threads, one value after the other. It shares with the engine only the file reader, the description of the quant
// types' bits, and the binary64 functions. What the engine computes must equal this, bit for bit.
//
// Thread rules: pure functions. Round to nearest even is assumed.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "harness/core/types.h"
#include "inference/gguf.h"

namespace samebits::contract {

using Vector = std::vector<float>;
using Matrix = std::vector<Vector>;  // (position or token, feature)

// §2. q in 8 bits, or 16 with `wide`; one d per 32. Not finite: the row is an error.
struct Quantised {
  std::vector<int32_t> q;
  Vector d;
  bool finite = true;
};
Quantised quantise(std::span<const float> x, bool wide);

// §3. y = W x; `wide` is used for quantised weights only.
Vector linear(const Tensor& w, std::span<const float> x, bool wide);

// §4. Binary16, rounded to nearest even; infinite from 65520 on.
float round_to_binary16(float x);
template <class Real>
Real tree(std::array<Real, 16> lanes);
// q: scaled, (head_dim), at position p. keys, values: (positions, head_dim), binary16 values. window 0: all.
Vector attention(std::span<const float> q, const Matrix& keys, const Matrix& values, int64_t p, int64_t window);

// §5
float exp(float x);
float silu(float x);
float gelu(float x);
Vector rms_norm(std::span<const float> x, std::span<const float> w, float eps);
// Of base^(-2i/n_rot), i < n_rot/2, divided by `factors` where there are any.
Vector inverse_frequencies(double base, int64_t n_rot, std::span<const float> factors);
// In place on one head. Pairs (2i, 2i+1), or (i, i + n_rot/2) with `halves`.
void rope(std::span<float> head, int64_t position, std::span<const float> inverse_frequencies, bool halves);

// §6. Not finite is not looked at.
struct Summary {
  int32_t argmax = 0;
  float max = 0;
  double logsumexp = 0;
};
Summary summarise(std::span<const float> logits);

// §7. Logits after every token, (n_tokens, n_vocab). `llama` and `gemma3`.
Matrix logits(const Gguf&, std::span<const int32_t> tokens);

// §8. The n-th chosen token of a request.
int32_t choose(std::span<const float> logits, const Sampling&, uint32_t n);

}  // namespace samebits::contract
