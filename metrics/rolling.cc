#include "metrics/rolling.h"

#include "harness/numeric/statistics.h"
#include "metrics/aggregate.h"

namespace samebits {

Known<Statistic> rolling_statistic(std::span<const Answer> answers, uint64_t units) {
  if (answers.empty()) return Unknown{"no answer"};
  const Known<double>& loglikelihood = answers.front().response->loglikelihood;
  if (!is_known(loglikelihood)) return std::get<Unknown>(loglikelihood);
  return Statistic{std::get<double>(loglikelihood), static_cast<double>(units)};
}

Known<double> loglikelihood_per_unit(std::span<const Known<Statistic>> row) {
  const double units = sum(known_values(row, 1));
  if (units == 0) return Unknown{"the documents are empty"};
  return sum(known_values(row, 0)) / units;
}

}  // namespace samebits
