#include "inference/tokenizer/vocabulary.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <string_view>
#include <unordered_map>

#include "harness/core/digest.h"
#include "harness/core/error.h"

namespace samebits {
namespace {

// A control token is looked for at every byte of a text: its length bounds that work.
constexpr size_t kMaxSpecialBytes = 1024;

constexpr const char* kConvertAgain = "Convert the model again from its original files.";

// Ends of a turn or text that chat models emit although no key of the file names them (their model cards and
// generation_config.json files do).
constexpr std::string_view kEndTexts[] = {
    "<|im_end|>",    "<|endoftext|>", "<|end_of_text|>", "<|eot_id|>", "<|eom_id|>",
    "<end_of_turn>", "<|end|>",       "<|return|>",      "<|call|>",   "<｜end▁of▁sentence｜>",
};

[[noreturn]] void fail_token(const Vocabulary& v, size_t id, std::string_view why) {
  throw Error("E0302", fmt::format("token {} {}", id, why), v.where, kConvertAgain);
}

// Every array has one entry a token; merges have a length of their own.
void check_lengths(const Vocabulary& v) {
  const auto check = [&](const char* name, size_t size) {
    if (size != v.tokens.size())
      throw Error("E0302", fmt::format("{} has {} entries for {} tokens", name, size, v.tokens.size()), v.where,
                  kConvertAgain);
  };
  if (v.tokens.empty() || v.tokens.size() > INT32_MAX)
    throw Error("E0302", fmt::format("{} tokens", v.tokens.size()), v.where, kConvertAgain);
  check("tokenizer.ggml.token_type", v.types.size());
  if (!v.scores.empty()) check("tokenizer.ggml.scores", v.scores.size());
}

void check_tokens(const Vocabulary& v) {
  std::unordered_map<std::string_view, size_t> seen;
  seen.reserve(v.tokens.size());
  for (size_t id = 0; id < v.tokens.size(); ++id) {
    const TokenType type = v.types[id];
    if (type < TokenType::normal || type > TokenType::byte) fail_token(v, id, "has an unknown type");
    const auto [earlier, is_new] = seen.emplace(v.tokens[id], id);
    // Two ids of one text: which one encoding gives would depend on a hash table.
    if (!is_new) fail_token(v, id, fmt::format("has the same text as token {}", earlier->second));
    if (!v.scores.empty() && !std::isfinite(v.scores[id])) fail_token(v, id, "has a score that is not finite");
    if (type != TokenType::normal && v.tokens[id].size() > kMaxSpecialBytes)
      fail_token(v, id, fmt::format("is special and longer than {} bytes", kMaxSpecialBytes));
  }
}

// A token id under `key`; absent, or 2^32 - 1 as converters write for "none": -1.
int32_t read_id(const Gguf& gguf, std::string_view key, const std::string& where, size_t n_vocab) {
  const uint64_t id = gguf.u64(key, UINT32_MAX);
  if (id == UINT32_MAX) return -1;
  if (id >= n_vocab)
    throw Error("E0304", fmt::format("{} is {}, but there are {} tokens", key, id, n_vocab), where, kConvertAgain);
  return static_cast<int32_t>(id);
}

void read_arrays(const Gguf& gguf, Vocabulary& v) {
  v.tokens = gguf.strings("tokenizer.ggml.tokens");
  if (gguf.has("tokenizer.ggml.scores"))
    for (double score : gguf.numbers("tokenizer.ggml.scores")) v.scores.push_back(static_cast<float>(score));
  if (gguf.has("tokenizer.ggml.token_type")) {
    for (int64_t type : gguf.integers("tokenizer.ggml.token_type"))
      // 0 and what is beyond a byte are refused by check_tokens; the clamp only keeps the cast defined.
      v.types.push_back(static_cast<TokenType>(std::clamp<int64_t>(type, 0, 255)));
  } else {
    v.types.assign(v.tokens.size(), TokenType::normal);
  }
  if (gguf.has("tokenizer.ggml.merges")) v.merges = gguf.strings("tokenizer.ggml.merges");
}

}  // namespace

Vocabulary read_vocabulary(const Gguf& gguf) {
  Vocabulary v;
  v.where = gguf.path();
  v.model = gguf.string("tokenizer.ggml.model");
  v.pre = gguf.string("tokenizer.ggml.pre", "");
  read_arrays(gguf, v);
  check_vocabulary(v);
  const auto id = [&](std::string_view key) { return read_id(gguf, key, v.where, v.tokens.size()); };
  v.bos = id("tokenizer.ggml.bos_token_id");
  v.eos = id("tokenizer.ggml.eos_token_id");
  v.eot = id("tokenizer.ggml.eot_token_id");
  v.eom = id("tokenizer.ggml.eom_token_id");
  const bool is_sentencepiece = v.model == "llama";  // its models expect BOS and a leading space unless told otherwise
  v.add_bos = gguf.boolean("tokenizer.ggml.add_bos_token", is_sentencepiece) && v.bos >= 0;
  v.add_eos = gguf.boolean("tokenizer.ggml.add_eos_token", false) && v.eos >= 0;
  v.add_space_prefix = is_sentencepiece && gguf.boolean("tokenizer.ggml.add_space_prefix", true);
  return v;
}

void check_vocabulary(const Vocabulary& v) {
  check_lengths(v);
  check_tokens(v);
}

std::set<int32_t> Vocabulary::end_ids() const {
  std::set<int32_t> ids;
  for (int32_t id : {eos, eot, eom})
    if (id >= 0) ids.insert(id);
  for (size_t id = 0; id < tokens.size(); ++id) {
    if (types[id] != TokenType::control && types[id] != TokenType::user_defined) continue;
    if (std::find(std::begin(kEndTexts), std::end(kEndTexts), tokens[id]) != std::end(kEndTexts))
      ids.insert(static_cast<int32_t>(id));
  }
  return ids;
}

std::string Vocabulary::digest() const {
  Sha256 sha;
  // The length in front keeps two lists of texts with the same joined bytes apart.
  const auto text = [&](std::string_view s) {
    sha.update(fmt::format("{}:", s.size()));
    sha.update(s);
  };
  text("samebits-tokenizer/1");
  text(model);
  text(pre);
  sha.update(fmt::format("tokens {}\n", tokens.size()));
  for (size_t id = 0; id < tokens.size(); ++id) {
    text(tokens[id]);
    const uint32_t score = scores.empty() ? 0 : std::bit_cast<uint32_t>(scores[id]);
    sha.update(fmt::format(" {} {:08x}\n", static_cast<int>(types[id]), score));
  }
  sha.update(fmt::format("merges {}\n", merges.size()));
  for (const std::string& merge : merges) text(merge);
  sha.update(
      fmt::format("\nids {} {} {} {} flags {:d} {:d} {:d}\n", bos, eos, eot, eom, add_bos, add_eos, add_space_prefix));
  return sha.hex();
}

}  // namespace samebits
