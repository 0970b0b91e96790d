// Word splitters of byte-level BPE, by the GGUF's own name (tokenizer.ggml.pre).
//
// Each is a hand-written equivalent of its model family's regular expression over the pinned Unicode tables, linear in
// the text and without recursion. To add one: its function and its line in the table.
// Thread rules: pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace samebits {

struct Pretokenizer {
  std::string_view name;
  // The end of the word that begins at byte `at` (< text.size()); always beyond `at`.
  size_t (*word_end)(std::string_view text, size_t at);
};

const Pretokenizer* find_pretokenizer(std::string_view name);  // nullptr when unknown
std::vector<std::string> pretokenizer_names();

}  // namespace samebits
