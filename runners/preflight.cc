#include "runners/preflight.h"

#include <algorithm>

#include "harness/core/error.h"
#include "harness/core/registry.h"

namespace samebits {

void preflight(const Plan& plan) {
  for (uint32_t t = 0; t < plan.tasks.size(); ++t) {
    const Task& task = plan.tasks[t];
    const auto sample = std::ranges::find(plan.samples, t, &Sample::task);
    if (sample == plan.samples.end()) continue;
    for (const FilterPipeline& pipeline : task.filters) {
      std::vector<std::string> texts(sample->n_requests);
      for (const FilterPipeline::Step& step : pipeline.steps)
        texts = Registry<Filter>::instance().get(step.function).apply(step.args, *sample, std::move(texts));
    }
    for (const MetricUse& use : task.metrics) {
      const bool defined = use.filter == "none" || std::ranges::count(task.filters, use.filter, &FilterPipeline::name);
      if (!defined)
        throw Error("E0504", "the metric " + use.metric + " wants the filter \"" + use.filter + "\"", "task " + task.id,
                    "define that pipeline under the task's filters");
      Registry<Metric>::instance().get(use.metric).score(use, *sample, {});
    }
  }
}

}  // namespace samebits
