#include "harness/core/scoring.h"

#include <algorithm>
#include <cmath>

#include "harness/core/error.h"
#include "harness/core/registry.h"

namespace samebits {
namespace {

const FilterPipeline* find_pipeline(const Task& task, const std::string& name) {
  for (const FilterPipeline& p : task.filters)
    if (p.name == name) return &p;
  return nullptr;
}

const Estimate* find_estimate(const TaskScores& task, const MetricUse& use) {
  for (size_t m = 0; m < task.metrics.size(); ++m)
    if (task.metrics[m].metric == use.metric && task.metrics[m].filter == use.filter) return &task.estimates[m];
  return nullptr;
}

// lm_eval.api.metrics: weighted: sqrt(sum((n_i-1) n_i s_i^2) / (N-k) / N); plain mean: sqrt(sum s_i^2) / k.
// Sums run left to right in plan order.
Estimate pool_estimates(const std::vector<const Estimate*>& parts, bool weight_by_size) {
  Estimate out;
  out.method = weight_by_size ? "mean weighted by n; pooled stderr" : "mean of tasks; stderr of independent means";
  double sum = 0, variance = 0, total = 0;
  bool known = true, known_stderr = true;
  for (const Estimate* e : parts) {
    out.n += e->n;
    out.unknown += e->unknown;
    known = known && is_known(e->value);
    known_stderr = known_stderr && is_known(e->stderr_);
    if (!known) continue;
    const double n = static_cast<double>(e->n);
    total += n;
    sum += weight_by_size ? std::get<double>(e->value) * n : std::get<double>(e->value);
    if (!known_stderr) continue;
    const double s = std::get<double>(e->stderr_);
    variance += weight_by_size ? (n - 1) * (s * s) * n : s * s;
  }
  const double k = static_cast<double>(parts.size());
  if (!known || total == 0) {
    out.value = Unknown{"a task of the group has no value"};
    return out;
  }
  out.value = weight_by_size ? sum / total : sum / k;
  if (!known_stderr)
    out.stderr_ = Unknown{"a task of the group has no standard error"};
  else if (weight_by_size && total <= k)
    out.stderr_ = Unknown{"needs more samples than tasks"};
  else
    out.stderr_ = weight_by_size ? std::sqrt(variance / (total - k) / total) : std::sqrt(variance) / k;
  return out;
}

}  // namespace

Known<Statistic> score_sample(const Task& task, const Sample& sample, const MetricUse& use, const Metric& metric,
                              const Responses& responses) {
  std::vector<Answer> answers;
  std::vector<std::string> texts;
  for (uint32_t i = sample.first_request; i < sample.first_request + sample.n_requests; ++i) {
    if (i >= responses.size() || !responses[i]) return Unknown{"not answered"};
    if (!responses[i]->error.empty()) return Unknown{responses[i]->error};
    answers.push_back({&*responses[i], {}});
    texts.push_back(responses[i]->text);
  }
  if (const FilterPipeline* pipeline = find_pipeline(task, use.filter)) {
    try {
      for (const FilterPipeline::Step& step : pipeline->steps)
        texts = Registry<Filter>::instance().get(step.function).apply(step.args, sample, std::move(texts));
    } catch (const Error& e) {
      if (e.code != "E0314") throw;  // a pattern that ran into its step limit on this text: this sample's failure
      return Unknown{e.problem};
    }
  }
  answers.resize(std::min(answers.size(), texts.size()));
  for (size_t i = 0; i < answers.size(); ++i) answers[i].text = std::move(texts[i]);
  return metric.score(use, sample, answers);
}

TaskScores pool(const Group& group, const std::vector<TaskScores>& tasks) {
  std::vector<const TaskScores*> members;
  for (const std::string& id : group.tasks)
    for (const TaskScores& task : tasks)
      if (task.id == id) members.push_back(&task);
  TaskScores out;
  out.id = group.id;
  if (members.empty()) return out;
  for (const MetricUse& use : members.front()->metrics) {
    std::vector<const Estimate*> parts;
    for (const TaskScores* m : members)
      if (const Estimate* e = find_estimate(*m, use)) parts.push_back(e);
    if (parts.size() != members.size()) continue;
    out.metrics.push_back(use);
    out.estimates.push_back(pool_estimates(parts, group.weight_by_size));
  }
  return out;
}

}  // namespace samebits
