// A task file and its data → samples and requests in the plan.
#pragma once

#include "harness/core/interfaces.h"
#include "tasks/task_file.h"

namespace samebits {

// Appends the task with its samples and requests (indices continue the plan's). Does nothing when the plan has
// the task already. Throws E0406 … E0418.
void add_task(const TaskFile&, const PlanOptions&, Plan&);

// The definition as it stands in bundles: data pinned by sha256, no paths of this machine, no floats.
nlohmann::json pinned_definition(const TaskFile&, const std::vector<std::string>& data_dirs);

// JSON without floats (canonical claims hold none): each becomes its bit string.
nlohmann::json without_floats(nlohmann::json);

}  // namespace samebits
