#include "metrics/aggregate.h"

#include <algorithm>
#include <limits>

#include "harness/core/error.h"
#include "harness/numeric/statistics.h"

namespace samebits {

std::vector<double> known_values(std::span<const Known<Statistic>> row, size_t entry) {
  std::vector<double> values;
  for (const Known<Statistic>& statistic : row) {
    if (!is_known(statistic)) continue;
    SAMEBITS_ASSERT(std::get<Statistic>(statistic).size() > entry);
    values.push_back(std::get<Statistic>(statistic)[entry]);
  }
  return values;
}

Estimate empty_estimate(std::span<const Known<Statistic>> row, std::string method) {
  Estimate estimate;
  estimate.method = std::move(method);
  for (const Known<Statistic>& statistic : row) {
    if (is_known(statistic)) {
      ++estimate.n;
    } else if (estimate.unknown++ == 0) {
      estimate.value = Unknown{"no sample has a score; the first: " + std::get<Unknown>(statistic).reason};
    }
  }
  return estimate;
}

Estimate mean_estimate(std::span<const Known<Statistic>> row) {
  Estimate estimate = empty_estimate(row, "mean; sample stderr");
  const std::vector<double> scores = known_values(row);
  if (scores.empty()) return estimate;
  estimate.value = finite(mean(scores));
  estimate.stderr_ = scores.size() < 2 ? Known<double>(Unknown{"needs two samples"}) : finite(mean_stderr(scores));
  if (std::all_of(scores.begin(), scores.end(), [](double s) { return s == 0 || s == 1; })) {
    const Interval interval = wilson(static_cast<uint64_t>(sum(scores)), scores.size());
    estimate.low = interval.low;
    estimate.high = interval.high;
    estimate.method += "; Wilson 95 %";
  }
  return estimate;
}

Known<double> finite(double value) {
  constexpr double kMax = std::numeric_limits<double>::max();
  if (value >= -kMax && value <= kMax) return value;
  return Unknown{"beyond the range of a double"};
}

}  // namespace samebits
