// What `samebits list` says about a task, without reading its data.
#pragma once

#include <string_view>
#include <vector>

#include "harness/core/interfaces.h"
#include "tasks/file_index.h"
#include "tasks/task_file.h"

namespace samebits {

// `missing` names the data file that is not here, and where to get it.
TaskSummary summarise(const TaskFile&, const PlanOptions&);

// A row under the file's path that says why no task of it is listed.
TaskSummary summarise(const UnreadableFile&);

// The YAML files of --include-path that cannot be read.
std::vector<UnreadableFile> unreadable_yaml_files(const PlanOptions&);

// For a name that no readable file of the user defines: one that cannot be read may, and then the shipped task of that
// name is not the one that is meant. Throws the first file's error, saying so.
void refuse_if_hidden(std::string_view id, const std::vector<UnreadableFile>&);

}  // namespace samebits
