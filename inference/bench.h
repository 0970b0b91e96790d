// Tokens per second of the engine alone, with llama-bench's definitions: cold KV, seeded random tokens, no prefix
// reuse, no speculation. A measurement, never part of a score.
#pragma once

#include <string>
#include <vector>

#include "inference/local_backend.h"

namespace samebits {

struct BenchRow {
  int n_prompt = 0, n_gen = 0, n_threads = 0;  // one of n_prompt and n_gen is 0
  double avg_ts = 0, stddev_ts = 0;            // tokens per second over the repetitions
};

// A row for the prompt of n_prompt tokens and one for n_gen generated tokens (those that are not 0), after a warm-up.
std::vector<BenchRow> bench_model(const std::string& path, int n_prompt, int n_gen, const EngineOptions&,
                                  int repetitions);

}  // namespace samebits
