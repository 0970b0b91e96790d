// A model file through the whole loader: header, metadata, tensors, scales, tokenizer, architecture.
#include <nlohmann/json.hpp>

#include "inference/gguf.h"
#include "inference/model_info.h"
#include "inference/tokenizer/tokenizer.h"
#include "inference/transformer_spec.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/tiny_model.h"

namespace samebits {
namespace {

std::string as_text(const std::vector<uint8_t>& bytes) { return {bytes.begin(), bytes.end()}; }

std::vector<std::string> gguf_seeds() {
  std::vector<std::string> out;
  TinyModelSpec spec{.n_layers = 1, .n_embd = 32, .n_head = 2, .n_head_kv = 1, .n_ff = 32, .vocab = 300};
  for (const TensorType type : {TensorType::Q4_0, TensorType::Q5_1, TensorType::MXFP4}) {
    spec.type = type;
    out.push_back(as_text(tiny_model(spec)));
  }
  spec.arch = "gemma3";
  out.push_back(as_text(tiny_model(spec)));
  return out;
}

void run_gguf(std::string_view text) {
  // A copy of exactly the input's size, so that the sanitizer sees every read beyond it.
  const std::vector<uint8_t> bytes(text.begin(), text.end());
  const Gguf gguf = Gguf::parse(bytes, "fuzz.gguf");
  gguf.check_finite();
  model_info(gguf).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  Tokenizer::open(gguf);
  load_transformer(gguf);
}

SAMEBITS_FUZZ_TARGET(gguf, gguf_seeds, run_gguf);

}  // namespace
}  // namespace samebits
