// A model file's vocabulary, then text to ids and back with it.
#include <fmt/format.h>

#include "inference/tokenizer/tokenizer.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/gguf_writer.h"

namespace samebits {
namespace {

constexpr int32_t kNormal = 1, kControl = 3, kUserDefined = 4, kByte = 6;  // tokenizer.ggml.token_type

// Few tokens, so that a mutation meets one that matters. U+0120 is the byte-level spelling of a space.
std::string byte_level_model() {
  GgufWriter out;
  out.set("tokenizer.ggml.model", "gpt2");
  out.set("tokenizer.ggml.pre", "gpt-2");
  out.set("tokenizer.ggml.tokens",
          std::vector<std::string>{"<|end|>", "a", "b", "c", "\u0120", "ab", "\u0120ab", "<x>"});
  out.set("tokenizer.ggml.token_type",
          std::vector<int32_t>{kControl, kNormal, kNormal, kNormal, kNormal, kNormal, kNormal, kUserDefined});
  out.set("tokenizer.ggml.merges", std::vector<std::string>{"a b", "\u0120 ab"});
  out.set("tokenizer.ggml.eos_token_id", uint32_t{0});
  const auto bytes = out.finish();
  return {bytes.begin(), bytes.end()};
}

std::string sentence_piece_model() {
  GgufWriter out;
  std::vector<std::string> tokens;
  for (int b = 0; b < 256; ++b) tokens.push_back(fmt::format("<0x{:02X}>", b));
  std::vector<int32_t> types(tokens.size(), kByte);
  for (const char* piece : {"<s>", "a", "b", "c", "\u2581", "ab", "\u2581ab"}) tokens.push_back(piece);
  types.resize(tokens.size(), kNormal);
  types[256] = kControl;
  std::vector<float> scores(tokens.size());
  for (size_t i = 0; i < scores.size(); ++i) scores[i] = -static_cast<float>(i);
  out.set("tokenizer.ggml.model", "llama");
  out.set("tokenizer.ggml.tokens", tokens);
  out.set("tokenizer.ggml.scores", scores);
  out.set("tokenizer.ggml.token_type", types);
  out.set("tokenizer.ggml.bos_token_id", uint32_t{256});
  const auto bytes = out.finish();
  return {bytes.begin(), bytes.end()};
}

std::vector<std::string> vocabulary_seeds() { return {byte_level_model(), sentence_piece_model()}; }

void run_vocabulary(std::string_view text) {
  const std::vector<uint8_t> bytes(text.begin(), text.end());
  const Gguf gguf = Gguf::parse(bytes, "fuzz.gguf");
  const auto tokenizer = Tokenizer::open(gguf);
  tokenizer->digest();
  for (const std::string_view sample : {"ab cab", "a ab<x>abc<|end|><s>b", "  a\xFF\u00e9"}) {
    const std::vector<int32_t> ids = tokenizer->encode(sample, true);
    tokenizer->decode(ids, false);
  }
}

SAMEBITS_FUZZ_TARGET(vocabulary, vocabulary_seeds, run_vocabulary);

}  // namespace
}  // namespace samebits
