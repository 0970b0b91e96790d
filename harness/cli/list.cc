// samebits list: what can be named on the command line.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "harness/cli/flags.h"
#include "harness/cli/names.h"
#include "harness/cli/terminal.h"
#include "harness/cli/verbs.h"
#include "harness/core/error.h"

namespace samebits {
namespace {

// In the order of a newcomer's questions.
const std::vector<std::string> kKinds = {"tasks",  "suites",   "models",  "metrics",  "filters",
                                         "stages", "backends", "runners", "reporters"};

struct ListFlags {
  std::string kind;
  std::vector<std::string> plugins;
  PlanOptions plan;
  bool json = false;
};

// `width`: columns of the longest name of its kind.
std::string row(const nlohmann::json& entry, size_t width) {
  const std::string name = entry["name"], missing = entry.value("missing", "");
  std::string line = "  " + name + std::string(width - name.size() + 2, ' ');
  line += entry.value("group", false) ? "group: " : "";
  line += entry["doc"].get<std::string>();
  if (!missing.empty()) line += " [cannot run here: " + missing + "]";
  return line + "\n";
}

std::string list_text(const nlohmann::json& things, const Terminal& terminal) {
  std::string out;
  for (const std::string& kind : kKinds) {
    if (!things.contains(kind)) continue;
    size_t width = 0;
    for (const auto& entry : things[kind]) width = std::max(width, entry["name"].get_ref<const std::string&>().size());
    out += paint(terminal, "1", kind) + "\n";
    for (const auto& entry : things[kind]) out += safe_text(row(entry, width));
  }
  return out;
}

// Empty, or why nothing can be listed.
std::string unknown_kind(const std::string& kind) {
  if (std::find(kKinds.begin(), kKinds.end(), kind) != kKinds.end()) return "";
  return fmt::format("\"{}\" cannot be listed{}; what can: {}", kind, did_you_mean(kind, kKinds),
                     fmt::join(kKinds, ", "));
}

Exit list(const ListFlags& flags) {
  load_plugins(flags.plugins);
  nlohmann::json things = named_things(flags.plan);
  if (!flags.kind.empty()) things = {{flags.kind, things[flags.kind]}};
  print(flags.json ? things.dump() + "\n" : list_text(things, terminal_of(1)));
  return Exit::success;
}

}  // namespace

void add_list(CLI::App& app, Action& action) {
  auto flags = std::make_shared<ListFlags>();
  CLI::App* verb = app.add_subcommand("list", "tasks, suites, models and everything else that has a name");
  verb->footer("Example:  samebits list tasks");
  verb->add_option("KIND", flags->kind,
                   "tasks, suites, models, metrics, filters, stages, backends, runners or reporters (default: all)")
      ->check(CLI::Validator(unknown_kind, ""));
  add_plugin_flag(*verb, flags->plugins);
  add_task_folder_flags(*verb, flags->plan);
  add_json_flag(*verb, flags->json);
  verb->callback([flags, &action] { action = [flags] { return list(*flags); }; });
}

}  // namespace samebits
