// llama: Llama 1-3, SmolLM2, TinyLlama, Mistral up to 0.3. RMS pre-norm, rope on pairs (2i, 2i+1), SwiGLU.
// Source: Touvron et al., arXiv:2302.13971; tensor names of the GGUF converters.
#include <cmath>

#include "inference/archs/loading.h"

namespace samebits {
namespace {

TransformerSpec load_llama(const Gguf& gguf) {
  const Loading in(gguf);
  TransformerSpec s;
  in.common(s);
  s.query_scale = 1.0f / std::sqrt(static_cast<float>(s.head_dim));
  const std::vector<float> inv_freq = in.inverse_frequencies(in.real("rope.freq_base", 10000), s.n_rot);
  for (size_t i = 0; i < s.layers.size(); ++i) {
    s.layers[i] = in.layer(s, "blk." + std::to_string(i) + ".");
    s.layers[i].inv_freq = inv_freq;
  }
  in.finish();
  return s;
}

SAMEBITS_ARCHITECTURE("llama", load_llama);

}  // namespace
}  // namespace samebits
