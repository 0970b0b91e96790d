// make_model SHAPE TYPE FILE [SEED]: a GGUF with seeded random weights in the shape of a real model, for speed and
// identity; any engine that reads GGUF loads it. The same arguments give the same bytes.
//   SHAPE: 135m (SmolLM2), 1b (Llama 3.2), 7b (Llama 2), tiny (for instruction counts)
//   TYPE: a type's name for every matrix, or Q4_K_M
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <map>
#include <string>

#include "inference/quants.h"
#include "tests/support/tiny_model.h"

namespace samebits {
namespace {

// Layers, widths and vocabularies as in the models' config.json on Hugging Face; the tokenizer is a small BPE, its
// vocabulary filled up with unused tokens.
const std::map<std::string, TinyModelSpec>& shapes() {
  static const std::map<std::string, TinyModelSpec> all = {
      {"tiny",
       {.n_layers = 4, .n_embd = 256, .n_head = 4, .n_head_kv = 2, .n_ff = 512, .vocab = 2048, .context = 2048}},
      {"135m",
       {.n_layers = 30, .n_embd = 576, .n_head = 9, .n_head_kv = 3, .n_ff = 1536, .vocab = 49152, .context = 8192}},
      {"1b",
       {.n_layers = 16, .n_embd = 2048, .n_head = 32, .n_head_kv = 8, .n_ff = 8192, .vocab = 128256, .context = 8192}},
      {"7b",
       {.n_layers = 32,
        .n_embd = 4096,
        .n_head = 32,
        .n_head_kv = 32,
        .n_ff = 11008,
        .vocab = 32000,
        .context = 4096,
        .tied = false}},
  };
  return all;
}

// llama-quantize's Q4_K_M for the llama architecture: Q6_K for the output layer, and for attn_v and ffn_down in the
// first and last eighth of the layers and in every third between; Q4_K elsewhere.
TensorType q4_k_m(const std::string& tensor, int n_layers) {
  if (tensor == "token_embd.weight" || tensor == "output.weight") return TensorType::Q6_K;
  if (tensor.find("attn_v") == std::string::npos && tensor.find("ffn_down") == std::string::npos)
    return TensorType::Q4_K;
  const int layer = std::atoi(tensor.c_str() + 4);  // "blk.7.…"
  const int eighth = n_layers / 8;
  const bool more = layer < eighth || layer >= 7 * eighth || (layer - eighth) % 3 == 2;
  return more ? TensorType::Q6_K : TensorType::Q4_K;
}

int make(int argc, char** argv) {
  const auto shape = argc >= 4 ? shapes().find(argv[1]) : shapes().end();
  const std::string type = argc >= 4 ? argv[2] : "";
  if (argc > 5 || shape == shapes().end() || (type != "Q4_K_M" && !quant_type(type))) {
    std::fprintf(stderr, "usage: make_model 135m|1b|7b|tiny TYPE|Q4_K_M FILE [SEED]\n");
    return 2;
  }
  TinyModelSpec spec = shape->second;
  spec.seed = argc == 5 ? std::strtoull(argv[4], nullptr, 10) : 1;
  if (type == "Q4_K_M")
    spec.type_of = [n = spec.n_layers](const std::string& tensor, size_t) { return q4_k_m(tensor, n); };
  else
    spec.type = quant_type(type)->type;
  GgufWriter writer = tiny_model_writer(spec);
  writer.set("general.name", std::string("random ") + argv[1] + " " + type);
  writer.write(argv[3]);
  return 0;
}

}  // namespace
}  // namespace samebits

int main(int argc, char** argv) {
  try {
    return samebits::make(argc, argv);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "make_model: %s\n", e.what());
    return 2;
  }
}
