// word_perplexity: exp(-sum of log-likelihoods / sum of words of the original documents).
#include "harness/core/registry.h"
#include "harness/numeric/math64.h"
#include "metrics/rolling.h"

namespace samebits {
namespace {

class WordPerplexity : public Metric {
 public:
  Known<Statistic> score(const MetricUse&, const Sample& sample, std::span<const Answer> answers) const override {
    return rolling_statistic(answers, sample.words);
  }

  Estimate aggregate(const MetricUse&, std::span<const Known<Statistic>> row, uint64_t) const override {
    return ratio_estimate(row, "exp(-sum log-likelihood / sum words)", [](double ratio) { return exp64(-ratio); });
  }
};

}  // namespace

SAMEBITS_REGISTER(Metric, WordPerplexity, "word_perplexity", 1, "perplexity per word of the original documents");

}  // namespace samebits
