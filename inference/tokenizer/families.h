// The tokenizer families, one file each; tokenizer.cc chooses by tokenizer.ggml.model.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "inference/tokenizer/merge.h"
#include "inference/tokenizer/tokenizer.h"

namespace samebits {

std::unique_ptr<Tokenizer> make_bpe(Vocabulary);  // bpe.cc
std::unique_ptr<Tokenizer> make_spm(Vocabulary);  // spm.cc

// Remembers which tokens are what merging makes of their own text, so that a word which is such a token needs no
// merging. It is learnt by merging each once: the answer never depends on what was asked before.
class WholeWords {
 public:
  explicit WholeWords(size_t n_vocab) : known_(n_vocab) {}
  // `whole`: the token that spells the word, -1: none. True, with it in `ids`, when merging would make just that.
  bool take(int32_t whole, std::vector<int32_t>& ids) const {
    if (whole < 0 || !known_[whole].load(std::memory_order_relaxed)) return false;
    ids.push_back(whole);
    return true;
  }
  // `merged`: the word's symbols after merging.
  void learn(int32_t whole, const std::vector<Symbol>& merged) {
    if (whole >= 0 && merged[0].next < 0 && merged[0].id == whole) known_[whole].store(true, std::memory_order_relaxed);
  }

 private:
  std::vector<std::atomic<bool>> known_;  // (n_vocab) one way, from false to true: safe to share between threads
};

}  // namespace samebits
