#include "tests/support/llama2c.h"

#include <fmt/format.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <span>

#include "harness/core/error.h"
#include "tests/support/gguf_writer.h"

namespace samebits {
namespace {

std::vector<uint8_t> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  SAMEBITS_ASSERT(in.good());
  return {std::istreambuf_iterator<char>(in), {}};
}

class Cursor {
 public:
  explicit Cursor(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  std::vector<uint8_t> take(size_t n) {
    SAMEBITS_ASSERT(n <= bytes_.size());
    const std::vector<uint8_t> out(bytes_.begin(), bytes_.begin() + static_cast<ptrdiff_t>(n));
    bytes_ = bytes_.subspan(n);
    return out;
  }
  template <class T>
  T number() {
    T value;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }

 private:
  std::span<const uint8_t> bytes_;
};

// Pieces are stored as printed: a blank where SentencePiece has U+2581, line feeds around <s> and </s>.
std::string piece(std::string text, int32_t id) {
  if (id == 1) return "<s>";
  if (id == 2) return "</s>";
  std::string out;
  for (const char c : text) out += c == ' ' ? std::string("\xE2\x96\x81") : std::string(1, c);
  return out;
}

void add_tokenizer(GgufWriter& out, const std::string& path, int32_t vocab) {
  const std::vector<uint8_t> bytes = read_file(path);
  Cursor in(bytes);
  in.number<int32_t>();  // longest piece
  std::vector<std::string> tokens;
  std::vector<float> scores;
  std::vector<int32_t> kinds;
  for (int32_t id = 0; id < vocab; ++id) {
    scores.push_back(in.number<float>());
    const std::vector<uint8_t> text = in.take(static_cast<size_t>(in.number<int32_t>()));
    tokens.push_back(piece({text.begin(), text.end()}, id));
    kinds.push_back(id == 0 ? 2 : id < 3 ? 3 : id < 259 ? 6 : 1);  // unknown, control, byte, normal
  }
  out.set("tokenizer.ggml.model", "llama");
  out.set("tokenizer.ggml.tokens", tokens);
  out.set("tokenizer.ggml.scores", scores);
  out.set("tokenizer.ggml.token_type", kinds);
  out.set("tokenizer.ggml.bos_token_id", uint32_t{1});
  out.set("tokenizer.ggml.eos_token_id", uint32_t{2});
  out.set("tokenizer.ggml.unknown_token_id", uint32_t{0});
}

}  // namespace

std::vector<uint8_t> llama2c_to_gguf(const std::string& model, const std::string& tokenizer) {
  const std::vector<uint8_t> bytes = read_file(model);
  Cursor in(bytes);
  const auto next = [&] { return in.number<int32_t>(); };
  const int32_t dim = next(), hidden = next(), layers = next(), heads = next(), kv_heads = next();
  const int32_t signed_vocab = next(), context = next();
  const int32_t vocab = std::abs(signed_vocab);  // negative: a separate classifier follows
  const int32_t head = dim / heads;

  GgufWriter out;
  out.set("general.architecture", "llama");
  const auto set = [&](const char* key, int32_t n) { out.set(fmt::format("llama.{}", key), static_cast<uint32_t>(n)); };
  set("block_count", layers);
  set("context_length", context);
  set("embedding_length", dim);
  set("feed_forward_length", hidden);
  set("attention.head_count", heads);
  set("attention.head_count_kv", kv_heads);
  set("rope.dimension_count", head);
  out.set("llama.attention.layer_norm_rms_epsilon", 1e-5f);
  add_tokenizer(out, tokenizer, vocab);

  const auto tensor = [&](const std::string& name, uint64_t rows, uint64_t cols) {
    std::vector<uint64_t> shape = rows == 1 ? std::vector{cols} : std::vector{cols, rows};
    out.tensor(name + ".weight", TensorType::F32, shape, in.take(rows * cols * sizeof(float)));
  };
  const auto each_layer = [&](const char* name, uint64_t rows, uint64_t cols) {
    for (int32_t i = 0; i < layers; ++i) tensor(fmt::format("blk.{}.{}", i, name), rows, cols);
  };
  tensor("token_embd", vocab, dim);
  each_layer("attn_norm", 1, dim);
  each_layer("attn_q", heads * head, dim);
  each_layer("attn_k", kv_heads * head, dim);
  each_layer("attn_v", kv_heads * head, dim);
  each_layer("attn_output", dim, heads * head);
  each_layer("ffn_norm", 1, dim);
  each_layer("ffn_gate", hidden, dim);
  each_layer("ffn_down", dim, hidden);
  each_layer("ffn_up", hidden, dim);
  tensor("output_norm", 1, dim);
  in.take(static_cast<size_t>(context) * head * sizeof(float));  // rotary tables, which follow from the sizes
  if (signed_vocab < 0) tensor("output", vocab, dim);
  return out.finish();
}

}  // namespace samebits
