// acc: of a multiple choice, the most likely choice is right; of a loglikelihood task, greedy decoding would have
// written the continuation. Semantics: lm-evaluation-harness 0.4, process_results.
#include "harness/core/registry.h"
#include "metrics/aggregate.h"
#include "metrics/choices.h"

namespace samebits {
namespace {

class Accuracy : public Metric {
 public:
  Known<Statistic> score(const MetricUse&, const Sample& sample, std::span<const Answer> answers) const override {
    if (!sample.choices.empty()) return score_normalised(sample, answers, [](const std::string&) { return 1; });
    if (answers.empty()) return Unknown{"no answer"};
    const Response& response = *answers.front().response;
    if (!is_known(response.loglikelihood)) return std::get<Unknown>(response.loglikelihood);
    return Statistic{response.greedy ? 1.0 : 0.0};
  }

  Estimate aggregate(const MetricUse&, std::span<const Known<Statistic>> row, uint64_t) const override {
    return mean_estimate(row);
  }
};

}  // namespace

SAMEBITS_REGISTER(Metric, Accuracy, "acc", 1, "share of samples whose most likely choice is right");

}  // namespace samebits
