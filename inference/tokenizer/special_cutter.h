// Finds the texts of control and user-defined tokens in a text.
//
// The leftmost match wins, of those the longest, as Hugging Face tokenizers and SentencePiece do it; llama.cpp's order
// (all matches of the longest token first) differs only where two special texts overlap.
// Thread rules: immutable.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "inference/tokenizer/vocabulary.h"

namespace samebits {

class SpecialCutter {
 public:
  // `control`: also the tokens that stand for no text of their own (control, unknown).
  SpecialCutter(const Vocabulary&, bool control);

  struct Match {
    size_t begin, end;
    int32_t id;
  };
  // The first match at or after byte `from`.
  std::optional<Match> find(std::string_view text, size_t from) const;

 private:
  using Entry = std::pair<std::string, int32_t>;
  std::optional<Match> match_at(std::string_view text, size_t at) const;

  std::vector<Entry> entries_;                        // sorted by text
  std::array<std::pair<size_t, size_t>, 256> first_;  // entries that begin with a byte: [first, last)
};

}  // namespace samebits
