// Vocabularies small enough to reason about, and a slow SentencePiece reference.
#pragma once

#include <fmt/format.h>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "harness/core/utf8.h"
#include "inference/tokenizer/vocabulary.h"

namespace samebits {

inline void add_token(Vocabulary& v, std::string text, TokenType type, float score = 0) {
  v.tokens.push_back(std::move(text));
  v.types.push_back(type);
  if (v.model == "llama") v.scores.push_back(score);
}

// Id b < 256 is byte b, in GPT-2's spelling; then one token a merge, whose sides may be earlier merges.
inline Vocabulary tiny_bpe(const std::vector<std::string>& merges) {
  Vocabulary v;
  v.model = "gpt2", v.pre = "gpt-2", v.where = "tiny_bpe";
  char32_t next = 0x100;
  for (char32_t b = 0; b < 256; ++b) {
    const bool itself = (b > 0x20 && b < 0x7F) || (b > 0xA0 && b != 0xAD);
    add_token(v, to_utf8(std::u32string(1, itself ? b : next++)), TokenType::normal);
  }
  for (const std::string& merge : merges) {
    const size_t space = merge.find(' ');
    add_token(v, merge.substr(0, space) + merge.substr(space + 1), TokenType::normal);
  }
  v.merges = merges;
  return v;
}

// <unk>, <s>, </s>, the 256 byte tokens, then `pieces`.
inline Vocabulary tiny_spm(const std::vector<std::pair<std::string, float>>& pieces) {
  Vocabulary v;
  v.model = "llama", v.where = "tiny_spm";
  add_token(v, "<unk>", TokenType::unknown);
  add_token(v, "<s>", TokenType::control);
  add_token(v, "</s>", TokenType::control);
  for (int b = 0; b < 256; ++b) add_token(v, fmt::format("<0x{:02X}>", b), TokenType::byte);
  for (const auto& [text, score] : pieces) add_token(v, text, TokenType::normal, score);
  v.bos = 1, v.eos = 2;
  v.add_bos = v.add_space_prefix = true;
  return v;
}

// Joins the best pair of the whole text again and again, by looking at every pair. For texts whose characters are all
// pieces.
inline std::vector<int32_t> reference_spm(const Vocabulary& v, const std::string& text) {
  std::vector<std::string> pieces;
  if (!text.empty()) pieces.push_back("▁");
  for (char c : text) pieces.push_back(c == ' ' ? "▁" : std::string(1, c));
  const auto id_of = [&](const std::string& piece) {
    for (size_t id = 259; id < v.tokens.size(); ++id)
      if (v.tokens[id] == piece) return static_cast<int32_t>(id);
    return -1;
  };
  while (true) {
    size_t best = 0;
    float best_score = -INFINITY;
    for (size_t i = 1; i < pieces.size(); ++i) {
      const int32_t id = id_of(pieces[i - 1] + pieces[i]);
      if (id >= 0 && v.scores[id] > best_score) best = i, best_score = v.scores[id];
    }
    if (best == 0) break;
    pieces[best - 1] += pieces[best];
    pieces.erase(pieces.begin() + best);
  }
  std::vector<int32_t> ids;
  for (const std::string& piece : pieces) ids.push_back(id_of(piece));
  return ids;
}

}  // namespace samebits
