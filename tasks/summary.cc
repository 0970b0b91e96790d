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

bool is_task_json(const std::string& file) {
  const std::string text = read_data_bytes(file);
  const std::string_view head = std::string_view(text).substr(0, std::min<size_t>(text.size(), 4096));
  return head.find("\"samebits-task/") != std::string_view::npos ||
         head.find("\"samebits-group/") != std::string_view::npos;
}

}  // namespace samebits
