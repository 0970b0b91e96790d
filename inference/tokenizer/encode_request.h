// A request's text as the tokens that are fed and scored, with the rules of lm-evaluation-harness 0.4 (its "hf" model).
//
// Rules: lm_eval/api/model.py (_encode_pair), lm_eval/models/huggingface.py, lm_eval/utils.py (rolling windows).
// Determinism: a pure function. Thread rules: may be called from any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/core/types.h"
#include "inference/tokenizer/tokenizer.h"

namespace samebits {

// One forward pass: the logits after input[first_scored + i] predict targets[i].
struct Window {
  std::vector<int32_t> input;  // tokens fed, at most the context length
  uint32_t first_scored = 0;
  std::vector<int32_t> targets;  // empty for a generation
  bool operator==(const Window&) const = default;
};

struct EncodedRequest {
  std::vector<Window> windows;       // loglikelihood, generate: one. rolling: as many as the text needs, in order
  std::vector<int32_t> context_ids;  // what is fed before the first target, after truncation
  std::vector<int32_t> output_ids;   // all targets in order; empty for a generation
  // "double_bos", "dropped_bytes" (without a token), "empty_continuation", "shifted_continuation", "truncated_left"
  std::vector<std::string> warnings;
  std::string error;  // not empty: the sample cannot be scored, and windows is empty
};

// `context_length`: tokens the model can be fed at once, at least 1. A generation keeps Request::max_tokens of it free.
// Texts are encoded with the tokenizer's BOS when it adds one and they do not begin with its text already; chat
// requests with control tokens cut out. No EOS is added.
EncodedRequest encode_request(const Tokenizer&, const Request&, int context_length);

// Windows that score each token once, after a prefix token or the token before it, with as much context as fits
// (get_rolling_token_windows with context_len 1, then make_disjoint_window).
std::vector<Window> rolling_windows(const std::vector<int32_t>& tokens, int32_t prefix, int context_length);

}  // namespace samebits
