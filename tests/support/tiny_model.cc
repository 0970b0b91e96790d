#include "tests/support/tiny_model.h"

#include <fmt/format.h>

#include <cmath>

#include "harness/core/error.h"
#include "inference/quants.h"
#include "tests/support/random.h"

namespace samebits {
namespace {

enum TokenKind : int32_t { kNormal = 1, kUnknown = 2, kControl = 3, kUnused = 5, kByte = 6 };

struct Vocabulary {
  std::vector<std::string> tokens;
  std::vector<int32_t> kinds;
  std::vector<float> scores;

  void add(std::string token, TokenKind kind, float score = 0) {
    tokens.push_back(std::move(token));
    kinds.push_back(kind);
    scores.push_back(score);
  }
  void fill(int size) {
    SAMEBITS_ASSERT(tokens.size() <= static_cast<size_t>(size));
    while (tokens.size() < static_cast<size_t>(size)) add(fmt::format("<unused{}>", tokens.size()), kUnused);
  }
};

std::string utf8(uint32_t code_point) {  // below 0x800
  if (code_point < 0x80) return std::string(1, static_cast<char>(code_point));
  return {static_cast<char>(0xc0 | code_point >> 6), static_cast<char>(0x80 | (code_point & 63))};
}

// GPT-2's printable stand-in for a byte: printable Latin-1 stays, the others follow from U+0100 in order.
std::string byte_symbol(int byte) {
  const auto printable = [](int b) { return (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174; };
  if (printable(byte)) return utf8(static_cast<uint32_t>(byte));
  uint32_t n = 0;
  for (int b = 0; b < byte; ++b) n += !printable(b);
  return utf8(0x100 + n);
}

constexpr const char* kChatMl =
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

void add_bpe(GgufWriter& out, const TinyModelSpec& spec) {
  Vocabulary v;
  for (const char* control : {"<|endoftext|>", "<|im_start|>", "<|im_end|>"}) v.add(control, kControl);
  for (int b = 0; b < 256; ++b) v.add(byte_symbol(b), kNormal);
  const std::string space = byte_symbol(' ');
  std::vector<std::string> merges;
  for (const auto& [left, right] : std::vector<std::pair<std::string, std::string>>{
           {space, "t"}, {"h", "e"},   {space, "a"}, {"i", "n"},          {space + "t", "he"}, {"r", "e"}, {"o", "n"},
           {space, "s"}, {"e", "r"},   {"n", "d"},   {space + "a", "nd"}, {"o", "u"},          {"i", "s"}, {"in", "g"},
           {space, "o"}, {space, "w"}, {"a", "t"},   {"o", "r"},          {space, "is"},       {"l", "l"}}) {
    merges.push_back(left + " " + right);
    v.add(left + right, kNormal);
  }
  v.fill(spec.vocab);
  out.set("tokenizer.ggml.model", "gpt2");
  out.set("tokenizer.ggml.pre", spec.pre);
  out.set("tokenizer.ggml.tokens", v.tokens);
  out.set("tokenizer.ggml.token_type", v.kinds);
  out.set("tokenizer.ggml.merges", merges);
  out.set("tokenizer.ggml.bos_token_id", uint32_t{1});
  out.set("tokenizer.ggml.eos_token_id", uint32_t{2});
  out.set("tokenizer.ggml.add_space_prefix", false);
  out.set("tokenizer.ggml.add_bos_token", false);
  out.set("tokenizer.chat_template", kChatMl);
}

void add_spm(GgufWriter& out, const TinyModelSpec& spec) {
  Vocabulary v;
  v.add("<pad>", kControl, -1000);
  v.add("<eos>", kControl, -1000);
  v.add("<bos>", kControl, -1000);
  v.add("<unk>", kUnknown, -1000);
  for (int b = 0; b < 256; ++b) v.add(fmt::format("<0x{:02X}>", b), kByte, -1000);
  const std::string space = "\xE2\x96\x81";  // U+2581
  float score = 0;
  for (const std::string& piece : {space + "t",
                                   std::string("he"),
                                   space + "a",
                                   std::string("in"),
                                   space + "the",
                                   std::string("er"),
                                   space + "s",
                                   std::string("nd"),
                                   space + "and",
                                   std::string("is"),
                                   space,
                                   std::string("e"),
                                   std::string("t"),
                                   std::string("a"),
                                   std::string("o"),
                                   std::string("i"),
                                   std::string("n"),
                                   std::string("s"),
                                   std::string("h"),
                                   std::string("r"),
                                   std::string("d"),
                                   std::string("l"),
                                   std::string("u"),
                                   std::string("w"),
                                   std::string("m"),
                                   std::string("c")})
    v.add(piece, kNormal, score--);
  v.fill(spec.vocab);
  out.set("tokenizer.ggml.model", "llama");
  out.set("tokenizer.ggml.pre", "default");
  out.set("tokenizer.ggml.tokens", v.tokens);
  out.set("tokenizer.ggml.scores", v.scores);
  out.set("tokenizer.ggml.token_type", v.kinds);
  out.set("tokenizer.ggml.bos_token_id", uint32_t{2});
  out.set("tokenizer.ggml.eos_token_id", uint32_t{1});
  out.set("tokenizer.ggml.unknown_token_id", uint32_t{3});
  out.set("tokenizer.ggml.padding_token_id", uint32_t{0});
  out.set("tokenizer.ggml.add_bos_token", true);
  out.set("tokenizer.ggml.add_eos_token", false);
  out.set("tokenizer.ggml.add_space_prefix", false);
}

class Weights {
 public:
  Weights(GgufWriter& out, const TinyModelSpec& spec) : out_(out), spec_(spec), random_(spec.seed) {}

  // `rows` outputs of `cols` inputs. A uniform ±sqrt(3 / cols) gives outputs the size of the inputs.
  void matrix(const std::string& name, int rows, int cols) {
    const float magnitude = std::sqrt(3.f / static_cast<float>(cols));
    const TensorType type = type_of(name);
    out_.tensor(name, type, {static_cast<uint64_t>(cols), static_cast<uint64_t>(rows)},
                [=, seed = random_.next()] { return random_tensor(type, rows, cols, seed, magnitude); });
  }
  // A norm's weights, around 1.
  void norm(const std::string& name, int n) {
    std::vector<float> values(n);
    for (float& v : values) v = 1 + 0.25f * random_.uniform();
    out_.tensor(name, TensorType::F32, {static_cast<uint64_t>(n)}, f32_bytes(values));
  }

 private:
  TensorType type_of(const std::string& name) {
    return spec_.type_of ? spec_.type_of(name, n_matrices_++) : spec_.type;
  }

  GgufWriter& out_;
  const TinyModelSpec& spec_;
  SplitMix64 random_;
  size_t n_matrices_ = 0;
};

void add_layer(Weights& weights, const TinyModelSpec& spec, int layer) {
  const int head = spec.n_embd / spec.n_head;
  const auto name = [&](const char* part) { return fmt::format("blk.{}.{}.weight", layer, part); };
  weights.norm(name("attn_norm"), spec.n_embd);
  weights.matrix(name("attn_q"), spec.n_head * head, spec.n_embd);
  weights.matrix(name("attn_k"), spec.n_head_kv * head, spec.n_embd);
  weights.matrix(name("attn_v"), spec.n_head_kv * head, spec.n_embd);
  weights.matrix(name("attn_output"), spec.n_embd, spec.n_head * head);
  weights.norm(name("ffn_norm"), spec.n_embd);
  weights.matrix(name("ffn_gate"), spec.n_ff, spec.n_embd);
  weights.matrix(name("ffn_up"), spec.n_ff, spec.n_embd);
  weights.matrix(name("ffn_down"), spec.n_embd, spec.n_ff);
  if (spec.arch != "gemma3") return;
  weights.norm(name("attn_q_norm"), head);
  weights.norm(name("attn_k_norm"), head);
  weights.norm(name("post_attention_norm"), spec.n_embd);
  weights.norm(name("post_ffw_norm"), spec.n_embd);
}

void add_hyperparameters(GgufWriter& out, const TinyModelSpec& spec) {
  const auto set = [&](const char* key, GgufField value) { out.set(spec.arch + "." + key, std::move(value)); };
  const auto head = static_cast<uint32_t>(spec.n_embd / spec.n_head);
  out.set("general.architecture", spec.arch);
  out.set("general.name", "tiny random " + spec.arch);
  set("block_count", static_cast<uint32_t>(spec.n_layers));
  set("context_length", static_cast<uint32_t>(spec.context));
  set("embedding_length", static_cast<uint32_t>(spec.n_embd));
  set("feed_forward_length", static_cast<uint32_t>(spec.n_ff));
  set("attention.head_count", static_cast<uint32_t>(spec.n_head));
  set("attention.head_count_kv", static_cast<uint32_t>(spec.n_head_kv));
  set("attention.layer_norm_rms_epsilon", 1e-5f);
  if (spec.arch == "gemma3") {
    set("attention.key_length", head);
    set("attention.value_length", head);
    set("attention.sliding_window", uint32_t{32});
    set("rope.freq_base", 1e6f);
  } else {
    set("rope.dimension_count", head);
    set("rope.freq_base", 1e4f);
    set("vocab_size", static_cast<uint32_t>(spec.vocab));
  }
}

// The matrices take these types in turn.
auto in_turn(std::vector<TensorType> types) {
  return [types = std::move(types)](const std::string&, size_t n) { return types[n % types.size()]; };
}

}  // namespace

GgufWriter tiny_model_writer(const TinyModelSpec& spec) {
  SAMEBITS_ASSERT(spec.arch == "llama" || spec.arch == "gemma3");
  GgufWriter out;
  add_hyperparameters(out, spec);
  spec.arch == "gemma3" ? add_spm(out, spec) : add_bpe(out, spec);
  Weights weights(out, spec);
  weights.matrix("token_embd.weight", spec.vocab, spec.n_embd);
  for (int layer = 0; layer < spec.n_layers; ++layer) add_layer(weights, spec, layer);
  weights.norm("output_norm.weight", spec.n_embd);
  if (!spec.tied) weights.matrix("output.weight", spec.vocab, spec.n_embd);
  return out;
}

std::vector<uint8_t> tiny_model(const TinyModelSpec& spec) { return tiny_model_writer(spec).finish(); }

#define SAMEBITS_QUANT(name) #name,
constexpr const char* kWeightTypes[] = {"F32", "F16", "BF16",
#include "inference/quants.def"
};
#undef SAMEBITS_QUANT

std::vector<NamedTinyModel> conformance_models() {
  using enum TensorType;
  TinyModelSpec blocks;  // weight types with blocks of 32, and the float types
  blocks.n_embd = 32;
  blocks.n_head = 2;
  blocks.n_head_kv = 1;
  blocks.n_ff = 64;
  blocks.vocab = 301;  // padding rows in the last group of 16
  blocks.context = 512;
  blocks.tied = false;
  blocks.type_of = in_turn({Q8_0, F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, IQ4_NL, MXFP4});
  TinyModelSpec gemma = blocks;
  gemma.arch = "gemma3";
  gemma.n_layers = 6;  // the sixth is the first without a window
  gemma.n_ff = 32;
  gemma.tied = true;
  gemma.type_of = in_turn({Q4_1, Q5_0, MXFP4, IQ4_NL, Q5_1, Q4_0});
  TinyModelSpec k_quants;  // weight types with blocks of 256
  k_quants.n_layers = 1;
  k_quants.n_embd = k_quants.n_ff = 256;
  k_quants.n_head_kv = 1;
  k_quants.vocab = 304;
  k_quants.context = 512;
  k_quants.type_of = in_turn({Q2_K, Q3_K, Q6_K, Q5_K, Q2_K, Q4_K, IQ4_XS, Q2_K});
  return {{"tiny-llama-blocks", blocks}, {"tiny-gemma3-blocks", gemma}, {"tiny-llama-k-quants", k_quants}};
}

std::vector<NamedTinyModel> tiny_zoo() {
  std::vector<NamedTinyModel> zoo;
  for (const char* arch : {"llama", "gemma3"})
    for (const char* type : kWeightTypes) {
      const QuantType& quant = *quant_type(type);
      TinyModelSpec spec;
      spec.arch = arch;
      spec.type = quant.type;
      spec.context = 512;
      spec.seed = zoo.size() + 1;
      // Six layers reach Gemma's first one without a window. K-quants need wide matrices: one layer is enough work.
      if (spec.arch == "gemma3") spec.n_layers = 6;
      if (quant.values == 256) spec.n_layers = 1, spec.n_embd = spec.n_ff = 256;
      std::string name = std::string(arch) + "-" + type;
      for (char& c : name)
        if (c >= 'A' && c <= 'Z') c += 'a' - 'A';
      zoo.push_back({name, spec});
    }
  return zoo;
}

}  // namespace samebits
