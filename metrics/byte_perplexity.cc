// byte_perplexity: exp(-sum of log-likelihoods / sum of bytes of the original documents). Neither a standard error nor
// an interval: lm-evaluation-harness 0.4 defines none for a ratio of sums.
#include "harness/core/registry.h"
#include "harness/numeric/math64.h"
#include "metrics/aggregate.h"
#include "metrics/rolling.h"

namespace samebits {
namespace {

class BytePerplexity : public Metric {
 public:
  Known<Statistic> score(const MetricUse&, const Sample& sample, std::span<const Answer> answers) const override {
    return rolling_statistic(answers, sample.bytes);
  }

  Estimate aggregate(const MetricUse&, std::span<const Known<Statistic>> row, uint64_t) const override {
    Estimate estimate = empty_estimate(row, "exp(-sum log-likelihood / sum bytes)");
    if (estimate.n == 0) return estimate;
    const Known<double> ratio = loglikelihood_per_unit(row);
    estimate.value = is_known(ratio) ? finite(exp64(-std::get<double>(ratio))) : ratio;
    return estimate;
  }
};

}  // namespace

SAMEBITS_REGISTER(Metric, BytePerplexity, "byte_perplexity", 1, "perplexity per byte of the original documents");

}  // namespace samebits
