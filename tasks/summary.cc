#include "tasks/summary.h"

#include <fmt/core.h>

#include <algorithm>

#include "tasks/data_file.h"

namespace samebits {

TaskSummary summarise(const TaskFile& task, const PlanOptions& options) {
  TaskSummary out{task.id,
                  task.version,
                  std::string(output_type_name(task.request)),
                  task.language,
                  task.data.licence,
                  task.data.source,
                  task.about,
                  false,
                  ""};
  for (const auto& [split, file] : task.data.files)
    if (out.missing.empty() && find_data_file(file, task.folder, options.data_dirs).empty())
      out.missing =
          fmt::format("{} is not here: get it from {} and pass its folder with --data", file.file, task.data.source);
  return out;
}

TaskSummary summarise(const UnreadableFile& unreadable) {
  return {unreadable.file, "", "task", "", "", "", "", false, unreadable.error.what()};
}

void refuse_if_hidden(std::string_view id, const std::vector<UnreadableFile>& unreadable) {
  if (unreadable.empty()) return;
  const Error& e = unreadable.front().error;
  throw Error(e.code, fmt::format("\"{}\" may stand in a task file that cannot be read: {}", id, e.problem), e.where,
              e.hint);
}

}  // namespace samebits
