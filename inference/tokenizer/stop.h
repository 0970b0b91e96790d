// The text of a generation while it grows: bytes of the tokens so far, stop strings, whole UTF-8 characters.
//
// Thread rules: one object a generation.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "inference/tokenizer/tokenizer.h"

namespace samebits {

// Finds stop strings in bytes that arrive piece by piece; linear in the bytes.
class StopMatcher {
 public:
  explicit StopMatcher(std::vector<std::string> stops);  // empty strings are ignored

  // Appends; true when a stop string is complete.
  bool feed(std::string_view bytes);

  // Where the text ends by lm-evaluation-harness's rule: for each stop string in order, what stands before its first
  // occurrence in what the ones before it left. bytes().size() when none occurs.
  size_t end() const;

  const std::string& bytes() const { return bytes_; }
  bool stopped() const { return stopped_; }

 private:
  std::vector<std::string> stops_;
  size_t longest_ = 0;
  std::string bytes_;
  bool stopped_ = false;
};

class GenerationText {
 public:
  GenerationText(const Tokenizer&, std::vector<std::string> stops);

  // Appends a token; control tokens have no text. True when a stop string is complete.
  bool push(int32_t id);

  // Cut at the stop string. Invalid UTF-8 (a token may end inside a character) becomes U+FFFD, as decoders have it.
  std::string text() const;

 private:
  const Tokenizer& tokenizer_;
  StopMatcher matcher_;
  bool first_ = true;  // no text yet: a leading space that the encoder adds is dropped
};

}  // namespace samebits
