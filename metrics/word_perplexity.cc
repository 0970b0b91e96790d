// word_perplexity: exp(-sum of log-likelihoods / sum of words of the original documents). Neither a standard error nor
// an interval: lm-evaluation-harness 0.4 defines none for a ratio of sums.
#include "harness/core/registry.h"
#include "harness/numeric/math64.h"
#include "metrics/aggregate.h"
#include "metrics/rolling.h"

namespace samebits {
namespace {

class WordPerplexity : public Metric {
 public:
  Known<Statistic> score(const MetricUse&, const Sample& sample, std::span<const Answer> answers) const override {
    return rolling_statistic(answers, sample.words);
  }

  Estimate aggregate(const MetricUse&, std::span<const Known<Statistic>> row, uint64_t) const override {
    Estimate estimate = empty_estimate(row, "exp(-sum log-likelihood / sum words)");
    if (estimate.n == 0) return estimate;
    const Known<double> ratio = loglikelihood_per_unit(row);
    estimate.value = is_known(ratio) ? finite(exp64(-std::get<double>(ratio))) : ratio;
    return estimate;
  }
};

}  // namespace

SAMEBITS_REGISTER(Metric, WordPerplexity, "word_perplexity", 1, "perplexity per word of the original documents");

}  // namespace samebits
