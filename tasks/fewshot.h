// Few-shot draws: which documents of the pool stand in front of the evaluated one (lm_eval/api/samplers.py).
//
// One generator a task, random.Random(seed), advanced by every document in order: the draw for document k depends
// on all before it, so documents must be asked for in order, each once.
// Thread rules: one sampler a thread. Determinism: CPython's generator (harness/numeric/mt19937.h).
#pragma once

#include <vector>

#include "harness/numeric/mt19937.h"
#include "tasks/documents.h"

namespace samebits {

class FewshotSampler {
 public:
  // `pool` must outlive the sampler.
  FewshotSampler(const TaskFile&, const std::vector<Document>& pool, uint64_t seed);

  // Positions in the pool, in prompt order. Throws E0413 when the pool is too small.
  std::vector<size_t> draw(int n, const Document& evaluated);

 private:
  std::vector<size_t> sample(const std::vector<size_t>& from, size_t n);

  const TaskFile& task_;
  const std::vector<Document>& pool_;
  std::vector<size_t> positions_;  // 0, 1, …, pool size - 1
  PythonRandom random_;
};

}  // namespace samebits
