// Packs token sequences into batches so that every distinct prefix is computed once.
//
// Sequences are walked in the order of their tokens, which is a depth-first walk of their prefix trie: each shares the
// keys and values of its common prefix with the one before it. Generations join the same batches, a token a step.
// Under a memory limit a prompt waits until its keys and values fit beside those of the generations that run, and a
// shared prefix that stands in the way is forgotten and computed again.
// What is shared, packed together or recomputed cannot change a bit (transformer.h).
// Thread rules: one run() at a time; hooks are called from the calling thread.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "harness/core/types.h"
#include "inference/transformer.h"

namespace samebits {

struct Sequence {
  std::vector<int32_t> tokens;   // fed to the model; not empty
  int64_t first_scored = 0;      // position whose logits predict targets[0]
  std::vector<int32_t> targets;  // predicted by consecutive positions; empty for a generation
  bool generate = false;         // continue after the last token until on_token says stop
  bool needs_logits = false;     // a generation that samples: choose() is asked
  int64_t max_new = 0;           // tokens a generation may choose
};

struct SchedulerOptions {
  int64_t batch_tokens = 512;  // rows a forward pass
  bool share_prefixes = true;
  int64_t max_generating = 64;  // generations that hold KV memory at once
  uint64_t kv_pages = 0;        // most pages in use; 0: no limit
};

struct SchedulerHooks {
  std::function<void(size_t sequence)> on_start;  // its first own row is about to be computed
  // tie: two ids share the maximum.
  std::function<void(size_t sequence, size_t target, const TokenScore&, bool tie)> on_score;
  // When set, called for every scored row.
  std::function<void(size_t sequence, size_t target, std::span<const float> logits)> on_logits;
  std::function<int32_t(size_t sequence, std::span<const float> logits)> choose;
  std::function<bool(size_t sequence, int32_t token)> on_token;            // false: stop
  std::function<void(size_t sequence, const std::string& error)> on_done;  // once; empty: no error
};

// Pages of keys and values that a sequence needs when it runs alone.
uint64_t kv_pages_needed(const Sequence&);

// `kv_pages` must be enough for each sequence alone. Runs until all is done or the interrupt flag is up; what is then
// unfinished gets no on_done.
void run_sequences(Transformer&, std::span<const Sequence>, const SchedulerOptions&, const SchedulerHooks&);

}  // namespace samebits
