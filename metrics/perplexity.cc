// perplexity: exp(-mean log-likelihood of the targets), with lm-evaluation-harness 0.4's bootstrap standard error.
#include "harness/core/registry.h"
#include "harness/numeric/math64.h"
#include "harness/numeric/statistics.h"
#include "metrics/aggregate.h"

namespace samebits {
namespace {

class Perplexity : public Metric {
 public:
  Known<Statistic> score(const MetricUse&, const Sample&, std::span<const Answer> answers) const override {
    if (answers.empty()) return Unknown{"no answer"};
    const Known<double>& loglikelihood = answers.front().response->loglikelihood;
    if (!is_known(loglikelihood)) return std::get<Unknown>(loglikelihood);
    return Statistic{std::get<double>(loglikelihood)};
  }

  Estimate aggregate(const MetricUse&, std::span<const Known<Statistic>> row, uint64_t) const override {
    Estimate estimate = empty_estimate(row,
                                       "exp(-mean log-likelihood); bootstrap stderr, 100000 resamples, "
                                       "MT19937 seeds 0...99");
    const std::vector<double> loglikelihoods = known_values(row);
    if (loglikelihoods.empty()) return estimate;
    const auto perplexity = [](double mean) { return exp64(-mean); };
    estimate.value = finite(perplexity(mean(loglikelihoods)));
    estimate.stderr_ = loglikelihoods.size() < 2 ? Known<double>(Unknown{"needs two samples"})
                                                 : finite(bootstrap_stderr(loglikelihoods, perplexity));
    return estimate;
  }
};

}  // namespace

SAMEBITS_REGISTER(Metric, Perplexity, "perplexity", 1, "exp of the mean negative log-likelihood of the targets");

}  // namespace samebits
