#include "harness/core/loop.h"

#include <fmt/format.h>

#include "harness/core/error.h"
#include "harness/core/fp_environment.h"
#include "harness/core/registry.h"
#include "harness/core/scoring.h"
#include "harness/core/staged.h"

namespace samebits {

Responses respond(const Plan& plan, Backend& backend, const Runner& runner, Responses known, const LoopHooks& hooks) {
  known.resize(plan.requests.size());
  std::vector<uint32_t> missing;
  for (const Request& r : plan.requests)
    if (!known[r.index]) missing.push_back(r.index);

  const Sink sink = [&](Response&& response) {
    if (response.index >= known.size() || known[response.index])
      throw Error("E0907", fmt::format("request {} was not asked, or was answered before", response.index),
                  "model " + backend.model().name, "use another backend or runner");
    if (hooks.keep) hooks.keep(response);
    const uint32_t i = response.index;
    known[i] = std::move(response);
    if (hooks.progress) hooks.progress(known, *known[i]);
  };
  StagedBackend chain(plan, backend);  // input filter -> model -> output filter, whatever the runner
  if (!missing.empty()) runner.run(plan, chain, missing, sink, hooks.observe);
  return known;
}

Scores score(const Plan& plan, const Responses& responses) {
  set_fp_environment();  // a backend's libraries may have changed it
  Scores scores;
  for (uint32_t t = 0; t < plan.tasks.size(); ++t) {
    const Task& task = plan.tasks[t];
    TaskScores& out = scores.tasks.emplace_back();
    out.id = task.id;
    out.metrics = task.metrics;
    for (const MetricUse& use : task.metrics) {
      const Metric& metric = Registry<Metric>::instance().get(use.metric);
      auto& row = out.per_sample.emplace_back();
      for (const Sample& sample : plan.samples)
        if (sample.task == t) row.push_back(score_sample(task, sample, use, metric, responses));
      out.estimates.push_back(metric.aggregate(use, row, plan.seed));
    }
  }
  for (const Group& group : plan.groups) scores.groups.push_back(pool(group, scores.tasks));
  return scores;
}

}  // namespace samebits
