#include "runners/preflight.h"

#include <algorithm>

#include "harness/core/error.h"
#include "harness/core/registry.h"
#include "harness/core/scoring.h"

namespace samebits {

void preflight(const Plan& plan) {
  for (uint32_t t = 0; t < plan.tasks.size(); ++t) {
    const Task& task = plan.tasks[t];
    const auto first = std::ranges::find(plan.samples, t, &Sample::task);
    if (first == plan.samples.end()) continue;
    Sample sample = *first;
    sample.first_request = 0;
    Responses responses(sample.n_requests);
    for (std::optional<Response>& response : responses) response.emplace().loglikelihood = 0.0;
    for (const MetricUse& use : task.metrics) {
      const Metric& metric = Registry<Metric>::instance().get(use.metric);
      const bool defined = use.filter == "none" || std::ranges::count(task.filters, use.filter, &FilterPipeline::name);
      if (!defined)
        throw Error("E0504", "the metric " + use.metric + " wants the filter \"" + use.filter + "\"", "task " + task.id,
                    "define that pipeline under the task's filters");
      score_sample(task, sample, use, metric, responses);
    }
  }
}

}  // namespace samebits
