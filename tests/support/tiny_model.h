// Complete tiny models with random weights: every architecture and quant type, small enough for a unit test.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "inference/gguf.h"
#include "tests/support/gguf_writer.h"

namespace samebits {

struct TinyModelSpec {
  std::string arch = "llama";          // or "gemma3"
  TensorType type = TensorType::Q8_0;  // of every matrix; K-quants and IQ4_XS need widths that 256 divides
  int n_layers = 2;
  int n_embd = 64;
  int n_head = 4;  // head size n_embd / n_head
  int n_head_kv = 2;
  int n_ff = 128;
  int vocab = 320;  // at least 300; what the vocabulary does not need is filled with unused tokens
  int context = 256;
  uint64_t seed = 1;
  std::string pre = "smollm";  // llama: pre-tokenizer, or "gpt-2"
  bool tied = true;            // false: a separate output.weight
  // When not all matrices have `type`: that of the n-th (the embedding is number 0) by its name
  // ("blk.0.attn_v.weight").
  std::function<TensorType(const std::string& tensor, size_t n)> type_of = nullptr;
};

// llama: byte-level BPE, 3 control tokens, 256 bytes, a few merges, a ChatML template.
// gemma3: SPM with byte fallback, window 32, no template, BOS first.
GgufWriter tiny_model_writer(const TinyModelSpec&);  // to be changed before finish()
std::vector<uint8_t> tiny_model(const TinyModelSpec&);

struct NamedTinyModel {
  std::string name;  // "gemma3-q4_k"
  TinyModelSpec spec;
};
// Every architecture in every weight type.
std::vector<NamedTinyModel> tiny_zoo();
// The models of results/conformance: together every architecture and weight type, in less than 300 kB.
std::vector<NamedTinyModel> conformance_models();

}  // namespace samebits
