#include "tasks/fewshot.h"

#include <fmt/core.h>

#include <numeric>

#include "harness/core/error.h"

namespace samebits {

FewshotSampler::FewshotSampler(const TaskFile& task, const std::vector<Document>& pool, uint64_t seed)
    : task_(task), pool_(pool), positions_(pool.size()), random_(seed) {
  std::iota(positions_.begin(), positions_.end(), size_t{0});
}

std::vector<size_t> FewshotSampler::sample(const std::vector<size_t>& from, size_t n) {
  if (n > from.size())
    throw Error(
        "E0413",
        fmt::format("task \"{}\" has {} documents to draw examples from, {} are needed", task_.id, from.size(), n),
        task_.file, "Ask for fewer examples with --num-fewshot.");
  std::vector<size_t> out;
  for (const uint64_t i : random_.sample(from.size(), n)) out.push_back(from[i]);
  return out;
}

std::vector<size_t> FewshotSampler::draw(int n, const Document& evaluated) {
  const size_t wanted = static_cast<size_t>(n);
  const auto others = [&](const std::vector<size_t>& from) {
    std::vector<size_t> out;
    for (const size_t i : from)
      if (!task_.fewshot.leave_out_document || pool_[i] != evaluated) out.push_back(i);
    return out;
  };
  std::vector<size_t> drawn;
  if (task_.fewshot.sampler == "first_n") {
    drawn = others(positions_);
    if (drawn.size() < wanted) sample(drawn, wanted);  // throws: too few
  } else if (!task_.fewshot.leave_out_document) {
    return sample(positions_, wanted);
  } else {
    drawn = others(sample(positions_, wanted + 1));
    // Copies of the evaluated document in the pool can cost more than the one extra draw: lm-eval draws again.
    if (drawn.size() < wanted) drawn = sample(others(positions_), wanted);
  }
  drawn.resize(wanted);
  return drawn;
}

}  // namespace samebits
