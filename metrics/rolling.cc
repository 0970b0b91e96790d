#include "metrics/rolling.h"

#include <utility>

#include "harness/numeric/statistics.h"
#include "metrics/aggregate.h"

namespace samebits {

Known<Statistic> rolling_statistic(std::span<const Answer> answers, uint64_t units) {
  if (answers.empty()) return Unknown{"no answer"};
  const Known<double>& loglikelihood = answers.front().response->loglikelihood;
  if (!is_known(loglikelihood)) return std::get<Unknown>(loglikelihood);
  return Statistic{std::get<double>(loglikelihood), static_cast<double>(units)};
}

Estimate ratio_estimate(std::span<const Known<Statistic>> row, std::string method, double (*value)(double ratio)) {
  Estimate estimate = empty_estimate(row, std::move(method));
  if (estimate.n == 0) return estimate;
  const double units = sum(known_values(row, 1));
  if (units == 0)
    estimate.value = Unknown{"the documents are empty"};
  else
    estimate.value = finite(value(sum(known_values(row, 0)) / units));
  return estimate;
}

}  // namespace samebits
