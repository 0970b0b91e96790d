// bypass: for tasks that only collect replies. lm-evaluation-harness 0.4 prints the placeholder 999; so does this.
#include "harness/core/registry.h"
#include "metrics/aggregate.h"

namespace samebits {
namespace {

class Bypass : public Metric {
 public:
  Known<Statistic> score(const MetricUse&, const Sample&, std::span<const Answer>) const override {
    return Statistic{kPlaceholder};
  }

  Estimate aggregate(const MetricUse&, std::span<const Known<Statistic>> row, uint64_t) const override {
    Estimate estimate = empty_estimate(row, "a placeholder, not a measurement");
    if (estimate.n > 0) estimate.value = kPlaceholder;
    return estimate;
  }

 private:
  static constexpr double kPlaceholder = 999;
};

}  // namespace

SAMEBITS_REGISTER(Metric, Bypass, "bypass", 1, "placeholder of tasks that only collect replies");

}  // namespace samebits
