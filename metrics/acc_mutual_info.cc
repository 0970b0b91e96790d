// acc_mutual_info: the choice that the question makes more likely by most, ll(choice | question) - ll(choice), is
// right (lm-evaluation-harness 0.4). Needs the unconditional requests after the conditional ones.
#include "harness/core/registry.h"
#include "metrics/aggregate.h"
#include "metrics/choices.h"

namespace samebits {
namespace {

class MutualInformationAccuracy : public Metric {
 public:
  Known<Statistic> score(const MetricUse&, const Sample& sample, std::span<const Answer> answers) const override {
    const size_t n = sample.choices.size();
    if (answers.size() != 2 * n) return Unknown{"the unconditional requests are missing"};
    Known<std::vector<double>> conditional = choice_loglikelihoods(sample, answers);
    const Known<std::vector<double>> alone = choice_loglikelihoods(sample, answers.subspan(n));
    if (!is_known(conditional)) return std::get<Unknown>(conditional);
    if (!is_known(alone)) return std::get<Unknown>(alone);
    auto& values = std::get<std::vector<double>>(conditional);
    for (size_t i = 0; i < n; ++i) values[i] -= std::get<std::vector<double>>(alone)[i];
    return judge_choice(sample, argmax(values));
  }

  Estimate aggregate(const MetricUse&, std::span<const Known<Statistic>> row, uint64_t) const override {
    return mean_estimate(row);
  }
};

}  // namespace

SAMEBITS_REGISTER(Metric, MutualInformationAccuracy, "acc_mutual_info", 1,
                  "share of samples whose choice gains most from the question and is right");

}  // namespace samebits
