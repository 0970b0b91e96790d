#include "tasks/plan.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "harness/core/error.h"
#include "harness/core/registry.h"
#include "tasks/suite.h"
#include "tasks/task_file.h"

namespace samebits {
namespace {

// The source of the shipped packs comes last: the user's own files override them, whatever their format, and it alone
// refuses a name that only a file that cannot be read may define.
constexpr std::string_view kLastSource = "json";
constexpr int kMaxGroupDepth = 16, kMaxGroupMembers = 8192;

// Of this thread: plans are made concurrently, and a group's parts come from several sources.
thread_local int open_groups = 0, members_met = 0;

std::vector<const TaskSource*> sources() {
  std::vector<const TaskSource*> out;
  const Registry<TaskSource>& registry = Registry<TaskSource>::instance();
  for (const PluginInfo& info : registry.list())
    if (info.name != kLastSource) out.push_back(registry.find(info.name));
  if (const TaskSource* last = registry.find(kLastSource)) out.push_back(last);
  return out;
}

// Shell patterns: * any run of characters, ? one. Linear in practice: one point to go back to.
bool matches(std::string_view pattern, std::string_view name) {
  size_t p = 0, n = 0, star = std::string_view::npos, resume = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = n;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == name[n])) {
      ++p, ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++resume;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

[[noreturn]] void unknown_task(std::string_view name, const PlanOptions& options) {
  std::vector<std::string> ids;
  for (const TaskSummary& t : list_tasks(options)) ids.push_back(t.id);
  throw Error("E0401", fmt::format("no task or group is called \"{}\"{}", name, did_you_mean(name, ids)), "",
              "`samebits list` prints the tasks there are; --include-path DIR adds your own.");
}

std::vector<std::string> split_commas(const std::vector<std::string>& names) {
  std::vector<std::string> out;
  for (const std::string& list : names) {
    size_t from = 0;
    while (from <= list.size()) {
      const size_t comma = std::min(list.find(',', from), list.size());
      // an empty name between two commas is nobody's
      if (comma > from) out.push_back(list.substr(from, comma - from));
      from = comma + 1;
    }
  }
  return out;
}

void add_pattern(const std::string& pattern, const PlanOptions& options, Plan& plan) {
  // Lists every source: a pattern means all there is, in the order of ids.
  bool any = false;
  for (const TaskSummary& t : list_tasks(options))
    if (matches(pattern, t.id)) any = add_by_name(t.id, options, plan) || any;
  if (!any) unknown_task(pattern, options);
}

void add_selection(const std::string& name, const PlanOptions& options, Plan& plan) {
  if (name.find_first_of("*?") != std::string::npos)
    add_pattern(name, options, plan);
  else
    add_known(name, options, plan);
}

// A name that no plugin has is found before the model works, not after.
void check_plugins(const Plan& plan) {
  for (const Task& task : plan.tasks) {
    if (!Registry<Metric>::instance().list().empty())
      for (const MetricUse& m : task.metrics) Registry<Metric>::instance().get(m.metric);
    if (!Registry<Filter>::instance().list().empty())
      for (const FilterPipeline& f : task.filters)
        for (const FilterPipeline::Step& step : f.steps) Registry<Filter>::instance().get(step.function);
    if (!Registry<Stage>::instance().list().empty())
      for (const StageUse& s : task.stages) Registry<Stage>::instance().get(s.stage);
  }
}

}  // namespace

GroupGuard::GroupGuard(const std::string& id) {
  if (open_groups >= kMaxGroupDepth)
    throw Error("E0417",
                fmt::format("the group \"{}\" contains itself, or groups nest deeper than {}", id, kMaxGroupDepth), id,
                "Remove the group from its own members.");
  if (open_groups++ == 0) members_met = 0;
}

GroupGuard::~GroupGuard() { --open_groups; }

void GroupGuard::count_member(std::string_view id) {
  if (open_groups > 0 && ++members_met > kMaxGroupMembers)
    throw Error("E0417", fmt::format("the group comes to more than {} members", kMaxGroupMembers), std::string(id),
                "Name each task and group once.");
}

bool add_by_name(std::string_view id, const PlanOptions& options, Plan& plan) {
  GroupGuard::count_member(id);
  for (const TaskSource* source : sources())
    if (source->add(id, options, plan)) return true;
  return false;
}

void add_known(const std::string& id, const PlanOptions& options, Plan& plan) {
  if (!add_by_name(id, options, plan)) unknown_task(id, options);
}

void add_group(Group group, const PlanOptions& options, Plan& plan) {
  const GroupGuard guard(group.id);
  // lm_eval.api.group: a group's mean is over the tasks below it, through groups within it.
  std::vector<std::string> leaves;
  for (const std::string& member : group.tasks) {
    Plan part;
    add_known(member, options, part);
    for (const Task& t : part.tasks) leaves.push_back(t.id);
    append_plan(plan, std::move(part));
  }
  group.tasks = std::move(leaves);
  const auto same_id = [&](const Group& g) { return g.id == group.id; };
  if (std::none_of(plan.groups.begin(), plan.groups.end(), same_id)) plan.groups.push_back(std::move(group));
}

bool has_task(const Plan& plan, const Task& task) {
  for (const Task& have : plan.tasks) {
    if (have.id != task.id) continue;
    if (have.digest == task.digest && have.num_fewshot == task.num_fewshot && have.partial == task.partial) return true;
    throw Error("E0406", fmt::format("the task \"{}\" is selected twice, with different definitions", task.id), task.id,
                "Select it once, or give one of them an id of its own.");
  }
  return false;
}

void append_plan(Plan& plan, Plan part) {
  // (task of part) its position in `plan`
  std::vector<uint32_t> new_task(part.tasks.size());
  std::vector<bool> taken(part.tasks.size());
  for (size_t t = 0; t < part.tasks.size(); ++t) {
    taken[t] = !has_task(plan, part.tasks[t]);
    if (!taken[t]) continue;
    new_task[t] = static_cast<uint32_t>(plan.tasks.size());
    plan.tasks.push_back(std::move(part.tasks[t]));
  }
  for (Sample& sample : part.samples) {
    if (!taken[sample.task]) continue;
    // in `part`
    const uint32_t first = sample.first_request;
    sample.task = new_task[sample.task];
    sample.first_request = static_cast<uint32_t>(plan.requests.size());
    for (uint32_t i = first; i < first + sample.n_requests; ++i) {
      Request& r = part.requests[i];
      r.index = static_cast<uint32_t>(plan.requests.size());
      r.task = sample.task;
      r.sample = static_cast<uint32_t>(plan.samples.size());
      plan.requests.push_back(std::move(r));
    }
    plan.samples.push_back(std::move(sample));
  }
  for (Group& group : part.groups) {
    const auto same_id = [&](const Group& g) { return g.id == group.id; };
    if (std::none_of(plan.groups.begin(), plan.groups.end(), same_id)) plan.groups.push_back(std::move(group));
  }
  // A part with a system instruction and no template does not hide another part's template.
  if (part.chat.is_object() && (plan.chat.is_null() || !part.chat["template_sha256"].is_null()))
    plan.chat = std::move(part.chat);
}

std::vector<TaskSummary> list_tasks(const PlanOptions& options) {
  std::map<std::string, TaskSummary> by_id;
  for (const TaskSource* source : sources())
    for (TaskSummary& t : source->list(options)) by_id.try_emplace(t.id, std::move(t));
  std::vector<TaskSummary> out;
  for (auto& [id, t] : by_id) out.push_back(std::move(t));
  return out;
}

Plan make_plan(const std::vector<std::string>& names, const PlanOptions& options, const nlohmann::json& suite) {
  Plan plan;
  if (!suite.is_null()) {
    if (!names.empty())
      throw Error("E0420", "a suite names its own tasks", "-t", "Leave -t away, or run without --suite.");
    plan = make_suite_plan(parse_suite(suite, "the suite"), options);
  } else {
    plan.seed = options.seed.value_or(kDefaultSeed);
    for (const std::string& name : split_commas(names)) add_selection(name, options, plan);
  }
  if (plan.requests.empty())
    throw Error("E0402", "no task is selected", "-t", "Name tasks: `samebits list` prints them.");
  check_plugins(plan);
  return plan;
}

}  // namespace samebits
