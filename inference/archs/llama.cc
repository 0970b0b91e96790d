// llama: Llama 1-3, SmolLM2, TinyLlama, Mistral up to 0.3. RMS pre-norm, rope on pairs (2i, 2i+1), SwiGLU.
// Source: Touvron et al., arXiv:2302.13971; tensor names of the GGUF converters.
#include <cmath>

#include "inference/archs/loading.h"

namespace samebits {
namespace {

LayerSpec load_layer(const Loading& in, const TransformerSpec& s, const std::string& blk,
                     const std::vector<float>& inv_freq) {
  const int64_t q_rows = int64_t{s.n_head} * s.head_dim, kv_rows = int64_t{s.n_head_kv} * s.head_dim;
  LayerSpec l;
  l.attn_norm = in.norm(blk + "attn_norm.weight", s.n_embd);
  l.q = in.linear(blk + "attn_q.weight", q_rows, s.n_embd);
  l.k = in.linear(blk + "attn_k.weight", kv_rows, s.n_embd);
  l.v = in.linear(blk + "attn_v.weight", kv_rows, s.n_embd, true);
  l.attn_output = in.linear(blk + "attn_output.weight", s.n_embd, q_rows);
  l.ffn_norm = in.norm(blk + "ffn_norm.weight", s.n_embd);
  l.gate = in.linear(blk + "ffn_gate.weight", s.n_ff, s.n_embd);
  l.up = in.linear(blk + "ffn_up.weight", s.n_ff, s.n_embd);
  l.down = in.linear(blk + "ffn_down.weight", s.n_embd, s.n_ff);
  l.inv_freq = inv_freq;
  return l;
}

TransformerSpec load_llama(const Gguf& gguf) {
  const Loading in(gguf);
  TransformerSpec s;
  in.common(s);
  s.query_scale = 1.0f / std::sqrt(static_cast<float>(s.head_dim));
  const std::vector<float> inv_freq = in.inverse_frequencies(in.real("rope.freq_base", 10000), s.n_rot);
  for (size_t i = 0; i < s.layers.size(); ++i)
    s.layers[i] = load_layer(in, s, "blk." + std::to_string(i) + ".", inv_freq);
  in.finish();
  return s;
}

SAMEBITS_ARCHITECTURE("llama", load_llama);

}  // namespace
}  // namespace samebits
