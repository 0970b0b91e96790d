// What `samebits list` says about a task, without reading its data.
#pragma once

#include "harness/core/interfaces.h"
#include "tasks/task_file.h"

namespace samebits {

// `missing` names the data file that is not here, and where to get it.
TaskSummary summarise(const TaskFile&, const PlanOptions&);

// Whether a .json file of a user's folder means to be a task or group: its "format" begins with "samebits-task" or
// "samebits-group". Other JSON (data, notes) may lie beside task files.
bool is_task_json(const std::string& file);

}  // namespace samebits
