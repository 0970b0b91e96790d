// gemma3 (text): RMS norms before and after each branch, per-head norms of q and k, rope on pairs (i, i + n/2), five
// layers with a sliding window to one that sees all, GeGLU. Norm weights hold the +1 already (the converter's doing).
// Source: Gemma 3 technical report, arXiv:2503.19786; tensor names of the GGUF converters.
#include <cmath>

#include "inference/archs/loading.h"

namespace samebits {
namespace {

constexpr int kPeriod = 6;              // every sixth layer is global
constexpr double kLocalBase = 10000.0;  // rope base of the others

LayerSpec load_layer(const Loading& in, const TransformerSpec& s, const std::string& blk) {
  LayerSpec l = in.layer(s, blk);
  l.q_norm = in.norm(blk + "attn_q_norm.weight", s.head_dim);
  l.k_norm = in.norm(blk + "attn_k_norm.weight", s.head_dim);
  l.post_attn_norm = in.norm(blk + "post_attention_norm.weight", s.n_embd);
  l.post_ffn_norm = in.norm(blk + "post_ffw_norm.weight", s.n_embd);
  return l;
}

TransformerSpec load_gemma3(const Gguf& gguf) {
  const Loading in(gguf);
  TransformerSpec s;
  in.common(s);
  if (in.real("final_logit_softcapping", 0) != 0)
    in.fail("soft-capped logits are not supported", in.key("final_logit_softcapping"));
  s.rope_neox = true;
  s.activation = Activation::gelu_tanh;
  s.embedding_scale = std::sqrt(static_cast<float>(s.n_embd));
  s.query_scale = 1.0f / std::sqrt(static_cast<float>(s.head_dim));
  const int window = in.count("attention.sliding_window", 1 << 20);
  const std::vector<float> global = in.inverse_frequencies(in.real("rope.freq_base", 1000000), s.n_rot);
  const std::vector<float> local = in.inverse_frequencies(kLocalBase, s.n_rot);
  for (size_t i = 0; i < s.layers.size(); ++i) {
    s.layers[i] = load_layer(in, s, "blk." + std::to_string(i) + ".");
    const bool sees_all = i % kPeriod == kPeriod - 1;
    s.layers[i].window = sees_all ? 0 : window;
    s.layers[i].inv_freq = sees_all ? global : local;
  }
  in.finish();
  return s;
}

SAMEBITS_ARCHITECTURE("gemma3", load_gemma3);

}  // namespace
}  // namespace samebits
