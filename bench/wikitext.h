// Chunks of a text as llama-perplexity cuts them: n tokens, not overlapping, the first token of each replaced by BOS
// when the tokenizer adds one; only the second half is scored.
#pragma once

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "inference/scheduler.h"
#include "inference/tokenizer/tokenizer.h"

namespace samebits {

inline std::string read_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline std::vector<Sequence> chunk_text(const Tokenizer& tokenizer, const std::string& text, int n, int max_chunks) {
  std::vector<int32_t> ids = tokenizer.encode(text, false);
  if (tokenizer.add_bos()) ids.insert(ids.begin(), tokenizer.bos());
  std::vector<Sequence> out;
  for (size_t at = 0; at + static_cast<size_t>(n) <= ids.size() && static_cast<int>(out.size()) < max_chunks;
       at += static_cast<size_t>(n)) {
    Sequence s;
    s.tokens.assign(ids.begin() + static_cast<int64_t>(at), ids.begin() + static_cast<int64_t>(at) + n - 1);
    if (tokenizer.add_bos()) s.tokens.front() = tokenizer.bos();
    s.first_scored = n / 2;
    s.targets.assign(ids.begin() + static_cast<int64_t>(at) + n / 2 + 1, ids.begin() + static_cast<int64_t>(at) + n);
    out.push_back(std::move(s));
  }
  return out;
}

}  // namespace samebits
