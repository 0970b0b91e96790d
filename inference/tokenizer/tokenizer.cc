#include "inference/tokenizer/tokenizer.h"

#include <fmt/format.h>

#include "harness/core/error.h"
#include "inference/tokenizer/families.h"

namespace samebits {

namespace {

std::unique_ptr<Tokenizer> make_checked(Vocabulary v) {
  if (v.model == "gpt2") return make_bpe(std::move(v));
  if (v.model == "llama") return make_spm(std::move(v));
  throw Error("E0301", fmt::format("the tokenizer \"{}\" is not supported", v.model), v.where,
              "Supported: gpt2, llama.");
}

}  // namespace

std::unique_ptr<Tokenizer> Tokenizer::open(const Gguf& gguf) { return make_checked(read_vocabulary(gguf)); }

std::unique_ptr<Tokenizer> Tokenizer::make(Vocabulary v) {
  check_vocabulary(v);
  return make_checked(std::move(v));
}

Tokenizer::Tokenizer(Vocabulary v)
    : vocabulary_(std::move(v)),
      user_defined_(vocabulary_, false),
      all_special_(vocabulary_, true),
      end_ids_(vocabulary_.end_ids()) {}

std::vector<int32_t> Tokenizer::encode(std::string_view text, bool special) const {
  const SpecialCutter& cutter = special ? all_special_ : user_defined_;
  std::vector<int32_t> ids;
  bool space_prefix = true;
  for (size_t at = 0; at < text.size();) {
    const auto match = cutter.find(text, at);
    const size_t end = match ? match->begin : text.size();
    // An empty stretch gives no token, not even a space prefix.
    if (end > at) encode_text(text.substr(at, end - at), space_prefix, ids);
    if (!match) break;
    ids.push_back(match->id);
    space_prefix = true;
    at = match->end;
  }
  return ids;
}

std::string Tokenizer::decode(std::span<const int32_t> ids, bool skip_special) const {
  std::string text;
  for (int32_t id : ids) {
    check_id(id);
    if (!(skip_special && is_control(id))) text += spell(id);
  }
  if (vocabulary_.add_space_prefix && text.starts_with(' ')) text.erase(0, 1);
  return text;
}

std::string Tokenizer::token_bytes(int32_t id) const {
  check_id(id);
  return spell(id);
}

bool Tokenizer::is_control(int32_t id) const {
  check_id(id);
  return vocabulary_.types[id] == TokenType::control || vocabulary_.types[id] == TokenType::unknown;
}

std::string Tokenizer::name() const {
  return vocabulary_.model == "gpt2" ? vocabulary_.model + "/" + vocabulary_.pre : vocabulary_.model;
}

void Tokenizer::check_id(int32_t id) const {
  if (id < 0 || id >= vocab_size())
    throw Error("E0307", fmt::format("token id {} is outside the vocabulary of {} tokens", id, vocab_size()),
                vocabulary_.where, "Use the tokenizer that made the ids.");
}

}  // namespace samebits
