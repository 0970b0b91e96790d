// What an architecture file (archs/) makes of a GGUF: a decoder-only transformer as data.
//
// One executor (transformer.h) runs every spec, so an architecture is a mapping of names and switches, not code.
// Thread rules: immutable once loaded.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "inference/packed.h"

namespace samebits {

// `wide`: activations in 16 bits instead of 8 (NUMERICS.md §2: attn_v and the output layer).
struct Linear {
  PackedMatrix w;  // (rows, cols)
  bool wide = false;
};

using Norm = std::vector<float>;  // weights, zero-padded to a multiple of 16; empty: no norm here

struct LayerSpec {
  Norm attn_norm;               // (n_embd)
  Linear q, k, v;               // (n_head * head_dim, n_embd), (n_head_kv * head_dim, n_embd) twice
  Norm q_norm, k_norm;          // (head_dim): per head, before rope
  Linear attn_output;           // (n_embd, n_head * head_dim)
  Norm post_attn_norm;          // (n_embd): on the branch, before it is added
  Norm ffn_norm;                // (n_embd)
  Linear gate, up;              // (n_ff, n_embd)
  Linear down;                  // (n_embd, n_ff)
  Norm post_ffn_norm;           // (n_embd)
  int window = 0;               // sliding attention window in tokens; 0: all
  std::vector<float> inv_freq;  // (n_rot / 2): rope angle = float(position) * inv_freq
};

enum class Activation : uint8_t { silu, gelu_tanh };

struct TransformerSpec {
  std::string arch;
  int n_embd = 0, n_head = 0, n_head_kv = 0, head_dim = 0, n_ff = 0, n_vocab = 0, context_length = 0;
  int n_rot = 0;
  bool rope_neox = false;  // pairs (i, i + n_rot/2) instead of (2i, 2i+1)
  float norm_eps = 0;
  float embedding_scale = 1;  // embeddings are multiplied by it; 1: not
  float query_scale = 1;      // 1 / sqrt(head_dim)
  Activation activation = Activation::silu;
  Tensor embedding;  // (n_vocab, n_embd)
  bool tied = false;  // the output layer has the embedding's weights; otherwise its rows are read from the file
  std::vector<LayerSpec> layers;
  Norm output_norm;  // (n_embd)
  Linear output;     // (n_vocab, n_embd)
};

// By general.architecture. E0205: not supported (names those that are); E0206: a tensor is missing or has another
// shape.
TransformerSpec load_transformer(const Gguf&);

// How archs/*.cc make themselves known.
struct Architecture {
  const char* name;
  TransformerSpec (*load)(const Gguf&);
};
bool register_architecture(Architecture);

}  // namespace samebits

#define SAMEBITS_ARCHITECTURE(name, load) \
  [[maybe_unused]] static const bool samebits_registered_##load = ::samebits::register_architecture({name, load})
