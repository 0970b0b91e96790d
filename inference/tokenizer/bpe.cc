// Byte-level BPE (tokenizer.ggml.model "gpt2"): words by a pre-tokenizer, then merges by rank over bytes.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_map>

#include "harness/core/error.h"
#include "harness/core/utf8.h"
#include "inference/tokenizer/families.h"
#include "inference/tokenizer/pretokenizers.h"

namespace samebits {
namespace {

// How GPT-2's vocabulary spells bytes (openai/gpt-2, src/encoder.py): printable Latin-1 as itself, the others, in
// order, as U+0100 and up.
std::array<char32_t, 256> byte_alphabet() {
  std::array<char32_t, 256> alphabet{};
  char32_t next = 0x100;
  for (char32_t b = 0; b < 256; ++b) {
    const bool itself = (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
    alphabet[b] = itself ? b : next++;
  }
  return alphabet;
}

class BytePairTokenizer final : public Tokenizer {
 public:
  explicit BytePairTokenizer(Vocabulary v) : Tokenizer(std::move(v)), whole_words_(vocab_size()) {
    pretokenizer_ = find_pretokenizer(vocabulary().pre);
    // A guessed splitter would give other ids and nobody would notice.
    if (!pretokenizer_)
      throw Error("E0301",
                  fmt::format("the pre-tokenizer \"{}\" is not supported{}", vocabulary().pre,
                              did_you_mean(vocabulary().pre, pretokenizer_names())),
                  vocabulary().where, fmt::format("Supported: {}.", fmt::join(pretokenizer_names(), ", ")));
    read_spellings();
    read_merges();
  }

  bool spells(std::string_view text) const override {
    return std::all_of(text.begin(), text.end(), [&](char c) { return byte_ids_[static_cast<uint8_t>(c)] >= 0; });
  }

 protected:
  void encode_text(std::string_view text, bool, std::vector<int32_t>& ids) const override {
    std::vector<Symbol> symbols;
    for (size_t at = 0; at < text.size();) {
      const size_t end = pretokenizer_->word_end(text, at);
      encode_word(text.substr(at, end - at), symbols, ids);
      at = end;
    }
  }

  std::string spell(int32_t id) const override { return spellings_[id]; }

 private:
  void read_spellings() {
    std::unordered_map<char32_t, char> bytes;
    const auto alphabet = byte_alphabet();
    for (size_t b = 0; b < 256; ++b) bytes[alphabet[b]] = static_cast<char>(b);
    const size_t n_vocab = vocab_size();
    spellings_.reserve(n_vocab);  // no reallocation: ids_ keeps views into it
    ids_.reserve(n_vocab);
    for (size_t id = 0; id < n_vocab; ++id) {
      const std::string& text = vocabulary().tokens[id];
      std::string spelling;
      bool in_alphabet = vocabulary().types[id] == TokenType::normal;
      for (char32_t c : to_code_points(text)) {
        const auto byte = bytes.find(c);
        in_alphabet = in_alphabet && byte != bytes.end();
        if (in_alphabet) spelling += byte->second;
      }
      spellings_.push_back(in_alphabet ? spelling : text);  // special and added tokens stand for themselves
      if (in_alphabet) ids_.emplace(spellings_.back(), static_cast<int32_t>(id));
    }
    for (size_t b = 0; b < 256; ++b) byte_ids_[b] = id_of(std::string(1, static_cast<char>(b)));
  }

  void read_merges() {
    std::unordered_map<std::string_view, int32_t> texts;
    for (int32_t id = 0; id < vocab_size(); ++id) texts.emplace(vocabulary().tokens[id], id);
    const auto find = [&](std::string_view text) {
      const auto found = texts.find(text);
      return found == texts.end() ? -1 : found->second;
    };
    const auto& merges = vocabulary().merges;  // best first: the position is the rank
    joins_.reserve(merges.size());
    for (uint32_t rank = 0; rank < merges.size(); ++rank) {
      const std::string& merge = merges[rank];
      const size_t space = merge.find(' ', 1);
      if (space == std::string::npos) fail_merge(rank, "has no space between two tokens");
      const int32_t left = find(merge.substr(0, space)), right = find(merge.substr(space + 1));
      const int32_t joined = find(merge.substr(0, space) + merge.substr(space + 1));
      if (left < 0 || right < 0) fail_merge(rank, "joins a token that is not in the vocabulary");
      if (joined < 0) fail_merge(rank, "makes a token that is not in the vocabulary");
      if (!joins_.emplace(pair_key(left, right), Join{rank, joined}).second) fail_merge(rank, "is there twice");
    }
  }

  [[noreturn]] void fail_merge(uint32_t rank, std::string_view why) const {
    throw Error("E0303", fmt::format("merge {} of tokenizer.ggml.merges {}", rank, why), vocabulary().where,
                "Convert the model again from its original files.");
  }

  static uint64_t pair_key(int32_t left, int32_t right) {
    return static_cast<uint64_t>(left) << 32 | static_cast<uint32_t>(right);
  }

  int32_t id_of(std::string_view word) const {
    const auto found = ids_.find(word);
    return found == ids_.end() ? -1 : found->second;
  }

  // Words are short, so one heap a word is cheap; a whole text as one word stays O(n log n). `symbols`: scratch space.
  void encode_word(std::string_view word, std::vector<Symbol>& symbols, std::vector<int32_t>& ids) const {
    const int32_t whole = id_of(word);
    if (whole_words_.take(whole, ids)) return;
    symbols.clear();
    // A byte without a token is dropped, and its neighbours may merge: what the tokenizers library does where a
    // model names no unknown token, which is how transformers converts a GGUF of this kind.
    for (char c : word)
      if (const int32_t id = byte_ids_[static_cast<uint8_t>(c)]; id >= 0) append_symbol(symbols, 1, id);
    if (symbols.empty()) return;
    merge_symbols(symbols, [this](const Symbol& left, const Symbol& right) {
      const auto found = joins_.find(pair_key(left.id, right.id));
      return found == joins_.end() ? Join{} : found->second;
    });
    for (int32_t at = 0; at >= 0; at = symbols[at].next) ids.push_back(symbols[at].id);
    whole_words_.learn(whole, symbols);
  }

  const Pretokenizer* pretokenizer_ = nullptr;
  std::vector<std::string> spellings_;                 // (n_vocab) bytes that a token stands for
  std::unordered_map<std::string_view, int32_t> ids_;  // of normal tokens, by their bytes
  std::array<int32_t, 256> byte_ids_{};                // -1: the vocabulary lacks the byte
  std::unordered_map<uint64_t, Join> joins_;           // by pair of ids; order: rank of the merge
  mutable WholeWords whole_words_;
};

}  // namespace

std::unique_ptr<Tokenizer> make_bpe(Vocabulary v) { return std::make_unique<BytePairTokenizer>(std::move(v)); }

}  // namespace samebits
