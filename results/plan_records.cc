// Tasks and groups <-> JSON, and the key of a run.
#include <fmt/format.h>

#include <algorithm>

#include "harness/core/canonical_json.h"
#include "harness/core/digest.h"
#include "harness/core/registry.h"
#include "results/encoding.h"
#include "results/fields.h"
#include "results/records.h"

namespace samebits {
namespace {

using nlohmann::json;

// Version of a registered plugin; 0 when it is not registered here.
template <class Interface>
int plugin_version(const std::string& name) {
  for (const PluginInfo& p : Registry<Interface>::instance().list())
    if (p.name == name) return p.version;
  return 0;
}

}  // namespace

json task_json(const Task& t) {
  json metrics = json::array(), filters = json::array(), stages = json::array();
  for (const MetricUse& m : t.metrics)
    metrics.push_back({{"metric", text_json(m.metric)},
                       {"version", plugin_version<Metric>(m.metric)},
                       {"filter", text_json(m.filter)},
                       {"args", embedded_json(m.args)},
                       {"higher_is_better", m.higher_is_better}});
  for (const FilterPipeline& p : t.filters) {
    json steps = json::array();
    for (const FilterPipeline::Step& s : p.steps)
      steps.push_back({{"function", text_json(s.function)},
                       {"version", plugin_version<Filter>(s.function)},
                       {"args", embedded_json(s.args)}});
    filters.push_back({{"name", text_json(p.name)}, {"steps", steps}});
  }
  for (const StageUse& s : t.stages) stages.push_back({{"point", text_json(s.point)}, {"stage", text_json(s.stage)}});
  return {{"id", text_json(t.id)},
          {"version", text_json(t.version)},
          {"scoring", text_json(t.scoring)},
          {"digest", text_json(t.digest)},
          {"definition", embedded_json(t.definition)},
          {"num_fewshot", t.num_fewshot},
          {"n_docs", t.n_docs},
          {"partial", t.partial},
          {"metrics", metrics},
          {"filters", filters},
          {"stages", stages}};
}

namespace {

MetricUse metric_of_json(const json& v, const std::string& where) {
  Fields f(v, where);
  MetricUse m{f.text("metric"), f.text("filter"), json_of_embedded(f.get("args"), f.where("args")),
              f.boolean("higher_is_better")};
  f.integer<int>("version");  // compared by verify
  f.done();
  return m;
}

FilterPipeline pipeline_of_json(const json& v, const std::string& where) {
  Fields f(v, where);
  FilterPipeline p;
  p.name = f.text("name");
  for (const json& step : f.array("steps")) {
    Fields s(step, f.where("steps"));
    p.steps.push_back({s.text("function"), json_of_embedded(s.get("args"), s.where("args"))});
    s.integer<int>("version");
    s.done();
  }
  f.done();
  return p;
}

}  // namespace

Task task_of_json(const json& v, const std::string& where) {
  Fields f(v, where);
  Task t;
  t.id = f.text("id");
  t.version = f.text("version");
  t.scoring = f.text("scoring");
  t.digest = f.text("digest");
  t.definition = json_of_embedded(f.get("definition"), f.where("definition"));
  t.num_fewshot = f.integer<int>("num_fewshot");
  t.n_docs = f.integer<int64_t>("n_docs");
  t.partial = f.boolean("partial");
  for (const json& m : f.array("metrics")) t.metrics.push_back(metric_of_json(m, f.where("metrics")));
  for (const json& p : f.array("filters")) t.filters.push_back(pipeline_of_json(p, f.where("filters")));
  for (const json& s : f.array("stages")) {
    Fields stage(s, f.where("stages"));
    t.stages.push_back({stage.text("point"), stage.text("stage")});
    stage.done();
  }
  f.done();
  return t;
}

json group_json(const Group& g) {
  return {{"id", text_json(g.id)}, {"tasks", texts_json(g.tasks)}, {"weight_by_size", g.weight_by_size}};
}

Group group_of_json(const json& v, const std::string& where) {
  Fields f(v, where);
  Group g{f.text("id"), f.texts("tasks"), f.boolean("weight_by_size")};
  f.done();
  return g;
}

// ---- The key of a run ----

json run_key(const Plan& plan, const ModelInfo& model, bool logits_digest) {
  std::vector<int64_t> n(plan.tasks.size(), 0);
  for (const Sample& s : plan.samples) ++n[s.task];
  json tasks = json::array();
  Sha256 digest;
  for (size_t t = 0; t < plan.tasks.size(); ++t) {
    const Task& task = plan.tasks[t];
    tasks.push_back({{"id", text_json(task.id)},
                     {"version", text_json(task.version)},
                     {"digest", text_json(task.digest)},
                     {"num_fewshot", task.num_fewshot},
                     {"n", n[t]},
                     {"n_docs", task.n_docs},
                     {"partial", task.partial}});
    digest.update(canonical(task_json(task)) + '\n');
  }
  for (const Group& g : plan.groups) digest.update(canonical(group_json(g)) + '\n');
  for (const Sample& s : plan.samples) {
    digest.update(fmt::format("{} {}\n", s.task, canonical(sample_json(s))));
    for (uint32_t i = s.first_request; i < s.first_request + s.n_requests; ++i)
      digest.update(canonical(request_json(plan.requests[i])) + '\n');
  }
  json key = {{"contract", text_json(model.contract)}, {"model", text_json(model.digest)},
              {"seed", fmt::to_string(plan.seed)},     {"tasks", tasks},
              {"suite", embedded_json(plan.suite)},    {"chat", embedded_json(plan.chat)}};
  if (logits_digest) key["logits_digest"] = true;
  digest.update(canonical(key));
  key["plan"] = digest.hex();
  return key;
}

namespace {

// The value of a key part for a sentence; long texts are cut.
std::string spoken_part(const json& v) {
  constexpr size_t kMaxPartBytes = 80;
  return cut_text(v.is_string() ? v.get<std::string>() : canonical(v), kMaxPartBytes);
}

std::string part_difference(const std::string& name, const json& here, const json& there) {
  return fmt::format("{}: {} here, {} there", name, spoken_part(here), spoken_part(there));
}

}  // namespace

std::string key_difference(const json& here, const json& there) {
  if (here == there) return "";
  for (const char* part : {"model", "contract", "seed", "chat", "suite", "logits_digest"})
    if (here.value(part, json()) != there.value(part, json()))
      return part_difference(part, here.value(part, json()), there.value(part, json()));
  const json mine = here.value("tasks", json::array()), theirs = there.value("tasks", json::array());
  for (size_t t = 0; t < std::min(mine.size(), theirs.size()); ++t)
    for (const char* part : {"id", "version", "digest", "num_fewshot", "n", "n_docs", "partial"})
      if (mine[t].value(part, json()) != theirs[t].value(part, json()))
        return part_difference(fmt::format("task {}, {}", spoken_part(mine[t].value("id", json())), part),
                               mine[t].value(part, json()), theirs[t].value(part, json()));
  if (mine.size() != theirs.size()) return part_difference("number of tasks", mine.size(), theirs.size());
  return part_difference("exact prompts (plan digest)", here.value("plan", json()), there.value("plan", json()));
}

}  // namespace samebits
