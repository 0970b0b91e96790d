// The tokenizer families, one file each; tokenizer.cc chooses by tokenizer.ggml.model.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "inference/tokenizer/tokenizer.h"

namespace samebits {

std::unique_ptr<Tokenizer> make_bpe(Vocabulary);  // bpe.cc
std::unique_ptr<Tokenizer> make_spm(Vocabulary);  // spm.cc

// Remembers which tokens are what merging makes of their own text, so that a word which is such a token needs no
// merging. It is learnt by merging each once: the answer never depends on what was asked before.
class WholeWords {
 public:
  explicit WholeWords(size_t n_vocab) : known_(n_vocab) {}
  bool has(int32_t id) const { return known_[id].load(std::memory_order_relaxed); }
  void add(int32_t id) { known_[id].store(true, std::memory_order_relaxed); }

 private:
  std::vector<std::atomic<bool>> known_;  // (n_vocab) one way, from false to true: safe to share between threads
};

}  // namespace samebits
