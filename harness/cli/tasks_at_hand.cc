#include "harness/cli/tasks_at_hand.h"

#include <fmt/format.h>

#include <algorithm>

#include "harness/core/error.h"
#include "harness/core/resources.h"
#include "tasks/plan.h"
#include "tasks/suite.h"
#include "tasks/task_file.h"

namespace samebits {
namespace {

using nlohmann::json;

bool uses_chat(const Plan& plan, uint32_t task) {
  return std::any_of(plan.requests.begin(), plan.requests.end(),
                     [task](const Request& r) { return r.task == task && r.chat; });
}

// --limit of the run: every task that it cut has this many documents.
std::optional<int64_t> limit_of(const Plan& plan) {
  for (uint32_t t = 0; t < plan.tasks.size(); ++t)
    if (plan.tasks[t].partial)
      return std::count_if(plan.samples.begin(), plan.samples.end(), [t](const Sample& s) { return s.task == t; });
  return std::nullopt;
}

const Task* find_task(const Plan& plan, const std::string& id) {
  for (const Task& task : plan.tasks)
    if (task.id == id) return &task;
  return nullptr;
}

// The flags that shaped the prompts of a run without a suite. A bundle is untrusted: what does not fit throws, and the
// caller says so.
PlanOptions flags_of(const StoredRun& run, uint32_t task, PlanOptions options) {
  const Plan& plan = run.plan;
  options.num_fewshot = plan.tasks[task].num_fewshot;
  if (plan.seed != kDefaultSeed) options.seed = plan.seed;  // the default may stand for no --seed: each task's own
  if (!plan.chat.is_object()) return options;
  options.apply_chat_template = uses_chat(plan, task);
  options.system_instruction = plan.chat.at("system_instruction").get<std::string>();
  options.fewshot_as_multiturn = plan.chat.at("fewshot_as_multiturn").get<bool>();
  return options;
}

// With the default seed nobody can tell --seed 1234 from no --seed, which matters to a task with another one of its
// own.
bool seed_is_ambiguous(const Plan& plan, const Task& task) {
  return plan.suite.is_null() && plan.seed == kDefaultSeed && task.num_fewshot > 0 && task.definition.is_object() &&
         task.definition.value("seed", json(kDefaultSeed)) != kDefaultSeed;
}

}  // namespace

TasksAtHand::TasksAtHand(PlanOptions options, const ModelInfo* model) : options_(std::move(options)) {
  options_.model = model;
}

Known<Plan> TasksAtHand::task(const StoredRun& run, uint32_t task) {
  const Task& stored = run.plan.tasks[task];
  if (!options_.model && uses_chat(run.plan, task))
    return Unknown{"its prompts are in the model's chat template; levels 3 and 4 compare them"};
  if (seed_is_ambiguous(run.plan, stored)) return Unknown{"the bundle does not say whether --seed was given"};
  try {
    PlanOptions options = run.plan.suite.is_null() ? flags_of(run, task, options_) : options_;
    options.limit = limit_of(run.plan);
    Known<Plan> here = plan(run, stored, options);
    if (!is_known(here)) return here;
    const Task* ours = find_task(std::get<Plan>(here), stored.id);
    if (!ours) return Unknown{"no such task here"};
    if (ours->digest != stored.digest)
      return Unknown{fmt::format("the task here is another one: version {}, digest {}", ours->version, ours->digest)};
    return here;
  } catch (const Error& e) {
    return Unknown{e.what()};
  } catch (const json::exception&) {
    return Unknown{"the run's chat record has another form than samebits writes"};
  }
}

Known<Group> TasksAtHand::group(const std::string& id) {
  try {
    PlanOptions least = options_;  // the group's own record is wanted, not its prompts
    least.limit = 1;
    least.num_fewshot = 0;
    Plan plan;
    add_by_name(id, least, plan);
    for (const Group& group : plan.groups)
      if (group.id == id) return group;
    return Unknown{"no such group here"};
  } catch (const Error& e) {
    return Unknown{e.what()};
  }
}

Known<json> TasksAtHand::suite(const json& stored) {
  const auto same = [&](const Suite& shipped) {
    return stored.is_object() && stored.value("id", json()) == shipped.id &&
           stored.value("version", json()) == shipped.version;
  };
  try {
    for (const std::string& name : list_suites())
      if (const Suite shipped = load_suite(resource_path("tasks/suites") + "/" + name + ".json"); same(shipped))
        return shipped.definition;
    return Unknown{"no suite of this id and version is shipped; its digest is its name"};
  } catch (const Error& e) {
    return Unknown{e.what()};
  }
}

// Of a suite the entry that brings the task: the one of its name, else the first whose group or tag holds it.
Known<Plan> TasksAtHand::plan(const StoredRun& run, const Task& task, const PlanOptions& options) {
  Plan part;
  if (run.plan.suite.is_null()) {
    if (!add_by_name(task.id, options, part)) return Unknown{"no such task here"};
    return part;
  }
  const Suite whole = parse_suite(run.plan.suite, "the bundle's suite");
  std::vector<SuiteTask> entries = whole.tasks;
  std::stable_partition(entries.begin(), entries.end(), [&](const SuiteTask& e) { return e.id == task.id; });
  for (const SuiteTask& entry : entries) {
    if (entry.id != task.id && find_task(run.plan, entry.id)) continue;  // another task's own entry
    const std::tuple key(whole.digest, entry.id, options.limit);
    auto it = of_suite_.find(key);
    if (it == of_suite_.end()) {
      Suite one = whole;
      one.tasks = {entry};
      one.gate = nullptr;  // speaks of the other entries too
      it = of_suite_.emplace(key, make_suite_plan(one, options)).first;
    }
    if (find_task(it->second, task.id)) return it->second;
  }
  return Unknown{"the suite's tasks here do not hold it"};
}

}  // namespace samebits
