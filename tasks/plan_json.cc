#include <fmt/core.h>

#include "harness/core/canonical_json.h"
#include "tasks/build.h"
#include "tasks/plan.h"

namespace samebits {
namespace {

using nlohmann::json;

// Floats of arguments become bit strings here; the definition had its own replaced when it was pinned.
json task_json(const Task& task) {
  json metrics = json::array(), filters = json::array(), stages = json::array();
  for (const MetricUse& m : task.metrics)
    metrics.push_back({{"metric", m.metric},
                       {"filter", m.filter},
                       {"args", without_floats(m.args)},
                       {"higher_is_better", m.higher_is_better}});
  for (const FilterPipeline& f : task.filters) {
    json steps = json::array();
    for (const FilterPipeline::Step& s : f.steps)
      steps.push_back({{"function", s.function}, {"args", without_floats(s.args)}});
    filters.push_back({{"name", f.name}, {"steps", steps}});
  }
  for (const StageUse& s : task.stages) stages.push_back({{"point", s.point}, {"stage", s.stage}});
  return {{"id", task.id},
          {"version", task.version},
          {"scoring", task.scoring},
          {"digest", task.digest},
          {"definition", task.definition},
          {"num_fewshot", task.num_fewshot},
          {"n_docs", task.n_docs},
          {"partial", task.partial},
          {"metrics", metrics},
          {"filters", filters},
          {"stages", stages}};
}

json sample_json(const Sample& s) {
  return {{"task", s.task},
          {"doc_id", s.doc_id},
          {"doc_digest", s.doc_digest},
          {"input", s.input},
          {"choices", s.choices},
          {"gold", s.gold},
          {"targets", s.targets},
          {"words", s.words},
          {"bytes", s.bytes},
          {"slices", s.slices},
          {"first_request", s.first_request},
          {"n_requests", s.n_requests}};
}

json request_json(const Request& r) {
  json out = {{"sample", r.sample},
              {"slot", r.slot},
              {"kind", request_kind_name(r.kind)},
              {"context", r.context},
              {"chat", r.chat}};
  if (r.kind == RequestKind::loglikelihood) out["continuation"] = r.continuation;
  if (r.kind != RequestKind::generate) return out;
  out["until"] = r.until;
  out["max_tokens"] = r.max_tokens;
  out["sampling"] = {{"temperature", bits(r.sampling.temperature)},
                     {"top_k", r.sampling.top_k},
                     {"top_p", bits(r.sampling.top_p)},
                     // 64 bits: canonical JSON ends at 2^53
                     {"seed", fmt::format("{}", r.sampling.seed)}};
  return out;
}

template <class T, class F>
json list(const std::vector<T>& items, F one) {
  json out = json::array();
  for (const T& item : items) out.push_back(one(item));
  return out;
}

}  // namespace

std::string_view request_kind_name(RequestKind kind) {
  switch (kind) {
    case RequestKind::loglikelihood:
      return "loglikelihood";
    case RequestKind::loglikelihood_rolling:
      return "loglikelihood_rolling";
    case RequestKind::generate:
      return "generate";
  }
  return "";
}

json plan_json(const Plan& plan) {
  const auto group_json = [](const Group& g) {
    return json{{"id", g.id}, {"tasks", g.tasks}, {"weight_by_size", g.weight_by_size}};
  };
  return {{"format", "samebits-plan/1"},
          {"seed", fmt::format("{}", plan.seed)},
          {"suite", without_floats(plan.suite)},
          {"chat", plan.chat},
          {"tasks", list(plan.tasks, task_json)},
          {"groups", list(plan.groups, group_json)},
          {"samples", list(plan.samples, sample_json)},
          {"requests", list(plan.requests, request_json)}};
}

std::string request_jsonl(const Plan& plan, const Request& r) {
  // The order that people read: the keys of --jsonl are no claim.
  nlohmann::ordered_json line = {{"task", plan.tasks[r.task].id},
                                 {"doc_id", plan.samples[r.sample].doc_id},
                                 {"kind", request_kind_name(r.kind)},
                                 {"context", r.context}};
  if (r.kind == RequestKind::loglikelihood) line["continuation"] = r.continuation;
  if (r.kind == RequestKind::generate) line["until"] = r.until;
  // A prompt may hold invalid UTF-8 where a document does; the plan keeps its bytes, this view shows U+FFFD.
  return line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace samebits
