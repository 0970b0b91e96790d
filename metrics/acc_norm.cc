// acc_norm: the choice with the highest log-likelihood per character is right. Characters are code points of the
// choice without its delimiter, as in lm-evaluation-harness 0.4 (not bytes, not tokens).
#include "harness/core/registry.h"
#include "harness/core/utf8.h"
#include "metrics/aggregate.h"
#include "metrics/choices.h"

namespace samebits {
namespace {

class NormalisedAccuracy : public Metric {
 public:
  Known<Statistic> score(const MetricUse&, const Sample& sample, std::span<const Answer> answers) const override {
    return score_normalised(sample, answers, [](const std::string& choice) { return count_code_points(choice); });
  }

  Estimate aggregate(const MetricUse&, std::span<const Known<Statistic>> row, uint64_t) const override {
    return mean_estimate(row);
  }
};

}  // namespace

SAMEBITS_REGISTER(Metric, NormalisedAccuracy, "acc_norm", 1,
                  "share of samples whose choice with the highest log-likelihood per character is right");

}  // namespace samebits
