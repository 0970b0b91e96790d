#include "metrics/choices.h"

#include <fmt/format.h>

#include <algorithm>

#include "harness/core/error.h"

namespace samebits {

Known<std::vector<double>> choice_loglikelihoods(const Sample& sample, std::span<const Answer> answers) {
  const size_t n = sample.choices.size();
  if (n == 0) return Unknown{"the sample has no choices"};
  if (answers.size() != n && answers.size() != 2 * n)
    return Unknown{fmt::format("{} answers for {} choices", answers.size(), n)};
  std::vector<double> values;
  for (const Answer& answer : answers.first(n)) {
    const Known<double>& loglikelihood = answer.response->loglikelihood;
    if (!is_known(loglikelihood)) return std::get<Unknown>(loglikelihood);
    values.push_back(std::get<double>(loglikelihood));
  }
  return values;
}

size_t argmax(std::span<const double> values) {
  SAMEBITS_ASSERT(!values.empty());
  size_t best = 0;
  for (size_t i = 1; i < values.size() && values[best] == values[best]; ++i)
    if (!(values[i] <= values[best])) best = i;
  return best;
}

Known<Statistic> judge_choice(const Sample& sample, size_t choice) {
  if (sample.gold.empty()) return Unknown{"the sample has no gold choice"};
  const bool right = std::ranges::find(sample.gold, static_cast<int32_t>(choice)) != sample.gold.end();
  return Statistic{right ? 1.0 : 0.0};
}

}  // namespace samebits
