// bits_per_byte: -sum of log-likelihoods / sum of bytes of the original documents / ln 2. Neither a standard error nor
// an interval: lm-evaluation-harness 0.4 defines none for a ratio of sums.
#include "harness/core/registry.h"
#include "harness/numeric/math64.h"
#include "metrics/aggregate.h"
#include "metrics/rolling.h"

namespace samebits {
namespace {

class BitsPerByte : public Metric {
 public:
  Known<Statistic> score(const MetricUse&, const Sample& sample, std::span<const Answer> answers) const override {
    return rolling_statistic(answers, sample.bytes);
  }

  Estimate aggregate(const MetricUse&, std::span<const Known<Statistic>> row, uint64_t) const override {
    Estimate estimate = empty_estimate(row, "-sum log-likelihood / sum bytes / ln 2");
    if (estimate.n == 0) return estimate;
    const Known<double> ratio = loglikelihood_per_unit(row);
    estimate.value = is_known(ratio) ? finite(-std::get<double>(ratio) / kLn2) : ratio;
    return estimate;
  }
};

}  // namespace

SAMEBITS_REGISTER(Metric, BitsPerByte, "bits_per_byte", 1, "bits needed per byte of the original documents");

}  // namespace samebits
