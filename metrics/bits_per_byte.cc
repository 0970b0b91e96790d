// bits_per_byte: -sum of log-likelihoods / sum of bytes of the original documents / ln 2.
#include "harness/core/registry.h"
#include "harness/numeric/math64.h"
#include "metrics/rolling.h"

namespace samebits {
namespace {

class BitsPerByte : public Metric {
 public:
  Known<Statistic> score(const MetricUse&, const Sample& sample, std::span<const Answer> answers) const override {
    return rolling_statistic(answers, sample.bytes);
  }

  Estimate aggregate(const MetricUse&, std::span<const Known<Statistic>> row, uint64_t) const override {
    return ratio_estimate(row, "-sum log-likelihood / sum bytes / ln 2", [](double ratio) { return -ratio / kLn2; });
  }
};

}  // namespace

SAMEBITS_REGISTER(Metric, BitsPerByte, "bits_per_byte", 1, "bits needed per byte of the original documents");

}  // namespace samebits
