// The tokenizer part of a GGUF file as plain values, checked: what every tokenizer family is built from.
//
// Thread rules: plain values.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "inference/gguf.h"

namespace samebits {

// tokenizer.ggml.token_type
enum class TokenType : uint8_t { normal = 1, unknown = 2, control = 3, user_defined = 4, unused = 5, byte = 6 };

struct Vocabulary {
  std::string model, pre;                          // tokenizer.ggml.model and .pre: "gpt2" and "smollm"
  std::vector<std::string> tokens;                 // (n_vocab) as the file spells them
  std::vector<float> scores;                       // (n_vocab), or empty: byte-level BPE has none
  std::vector<TokenType> types;                    // (n_vocab)
  std::vector<std::string> merges;                 // "left right", best first; empty for SentencePiece
  int32_t bos = -1, eos = -1, eot = -1, eom = -1;  // -1: none
  bool add_bos = false, add_eos = false;
  bool add_space_prefix = false;  // SentencePiece: a text begins with a space of its own
  std::string where;              // file, for messages

  // Ids that end a generation: eos, eot, eom, and control or user-defined tokens with a well-known text.
  std::set<int32_t> end_ids() const;

  // sha256 over everything above but `where`: model, pre, then text, type and score bits of each token, then the
  // merges, then ids and flags. Every text is preceded by its length in bytes (vocabulary.cc).
  std::string digest() const;
};

// Reads and checks: E0302 the token arrays, E0304 ids. Scores, types and flags get their defaults by model.
Vocabulary read_vocabulary(const Gguf&);

// The checks of read_vocabulary, for vocabularies made in memory.
void check_vocabulary(const Vocabulary&);

}  // namespace samebits
