// acc_bytes: the choice with the highest log-likelihood per UTF-8 byte is right (lm-evaluation-harness 0.4).
#include "harness/core/registry.h"
#include "metrics/aggregate.h"
#include "metrics/choices.h"

namespace samebits {
namespace {

class ByteNormalisedAccuracy : public Metric {
 public:
  Known<Statistic> score(const MetricUse&, const Sample& sample, std::span<const Answer> answers) const override {
    return score_normalised(sample, answers, [](const std::string& choice) { return choice.size(); });
  }

  Estimate aggregate(const MetricUse&, std::span<const Known<Statistic>> row, uint64_t) const override {
    return mean_estimate(row);
  }
};

}  // namespace

SAMEBITS_REGISTER(Metric, ByteNormalisedAccuracy, "acc_bytes", 1,
                  "share of samples whose choice with the highest log-likelihood per byte is right");

}  // namespace samebits
