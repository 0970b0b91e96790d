// Task names → plan: the first station.
//
// Thread rules: functions may run concurrently on different plans. Determinism: the plan depends on the task files,
// their data, the options and, with a chat template, the model's template alone; never on folders or file times.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "harness/core/interfaces.h"

namespace samebits {

// `names`: ids of tasks and groups, tags, comma lists of them, or patterns with * and ?. `suite`: the suite's
// definition (suite.h), which then names the tasks itself; null for none. Throws E0401 unknown name, E0402 nothing
// selected, E0419 and E0420 (suite.h), and what the tasks themselves throw.
Plan make_plan(const std::vector<std::string>& names, const PlanOptions&, const nlohmann::json& suite);

// Every task and group that a registered source can see, sorted by id; the first source that knows an id wins.
std::vector<TaskSummary> list_tasks(const PlanOptions&);

// Appends the task or group `id` to the plan, from the first source that knows it. False when none does.
bool add_by_name(std::string_view id, const PlanOptions&, Plan&);

// The same, which must be known: E0401 with the nearest names.
void add_known(const std::string& id, const PlanOptions&, Plan&);

// Stands on the stack while a group is open. Counts depth and members of the outermost group of this thread, whatever
// sources its parts come from: groups that name the next one twice would double the work at every level.
class GroupGuard {
 public:
  explicit GroupGuard(const std::string& id);  // throws E0417 when groups nest too deeply
  ~GroupGuard();
  GroupGuard(const GroupGuard&) = delete;
  GroupGuard& operator=(const GroupGuard&) = delete;

  static void count_member(std::string_view id);  // throws E0417 when there are too many
};

// Appends a group of the named tasks, groups or tags. Throws E0401 for an unknown member, E0417 for a group that
// contains itself.
void add_group(Group, const PlanOptions&, Plan&);

// Whether the plan has the task already. Throws E0406 when it has another one under the same id.
bool has_task(const Plan&, const Task&);

// Appends `part`, renumbered; tasks and groups that the plan has already are left out.
void append_plan(Plan&, Plan part);

// Everything a re-run needs, as canonical JSON can hold it (no floats: temperatures are bit strings).
nlohmann::json plan_json(const Plan&);

// One line without line end: {"task","doc_id","kind","context","continuation"} or "until" (rolling: the text is
// the context).
std::string request_jsonl(const Plan&, const Request&);

std::string_view request_kind_name(RequestKind);  // "loglikelihood" | "loglikelihood_rolling" | "generate"

}  // namespace samebits
