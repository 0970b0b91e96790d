#include "harness/cli/names.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "harness/cli/terminal.h"
#include "harness/core/registry.h"
#include "harness/core/resources.h"
#include "inference/catalogue.h"
#include "tasks/suite.h"

namespace samebits {
namespace {

// Built-in ones and those of --plugin stand in one registry.
template <class Interface>
nlohmann::json plugins() {
  nlohmann::json out = nlohmann::json::array();
  for (const PluginInfo& info : Registry<Interface>::instance().list())
    out.push_back({{"name", info.name}, {"version", std::to_string(info.version)}, {"doc", info.doc}});
  return out;
}

std::string why_no_version(const TaskSummary& task) {
  if (task.group) return "its tasks have their own";
  return task.missing.empty() ? "its task file has none" : "not known where the task cannot run";
}

nlohmann::json as_json(const TaskSummary& task) {
  nlohmann::json out = {{"name", task.id},       {"version", task.version},   {"group", task.group},
                        {"kind", task.kind},     {"language", task.language}, {"licence", task.licence},
                        {"source", task.source}, {"doc", task.description},   {"missing", task.missing}};
  if (task.version.empty()) {
    out["version"] = nullptr;
    out["version_reason"] = why_no_version(task);
  }
  return out;
}

// A task that cannot run here is listed with the reason: to see that it exists helps more than silence.
nlohmann::json tasks(const PlanOptions& options) {
  std::map<std::string, nlohmann::json> by_id;
  const auto& sources = Registry<TaskSource>::instance();
  for (const PluginInfo& source : sources.list())
    for (const TaskSummary& task : sources.get(source.name).list(options))  // the first source wins, as in a plan
      by_id.try_emplace(task.id, as_json(task));
  nlohmann::json out = nlohmann::json::array();
  for (auto& [id, task] : by_id) out.push_back(std::move(task));
  return out;
}

nlohmann::json suites() {
  nlohmann::json out = nlohmann::json::array();
  for (const std::string& name : list_suites()) {
    const Suite suite = load_suite(resource_path("tasks/suites") + "/" + name + ".json");
    out.push_back({{"name", name}, {"version", suite.version}, {"doc", suite.about}});
  }
  return out;
}

// Of the catalogue, pulled or not.
nlohmann::json models() {
  std::map<std::string, nlohmann::json> by_name;
  for (const CatalogueModel& m : shipped_catalogue())
    by_name[m.name] = {
        {"name", m.name}, {"doc", m.description}, {"licence", m.licence}, {"bytes", m.bytes}, {"sha256", m.sha256}};
  nlohmann::json out = nlohmann::json::array();
  for (auto& [name, model] : by_name) out.push_back(std::move(model));
  return out;
}

}  // namespace

nlohmann::json named_things(const PlanOptions& options) {
  return {{"suites", suites()},
          {"models", models()},
          {"tasks", tasks(options)},
          {"metrics", plugins<Metric>()},
          {"filters", plugins<Filter>()},
          {"stages", plugins<Stage>()},
          {"backends", plugins<BackendFactory>()},
          {"runners", plugins<Runner>()},
          {"reporters", plugins<Reporter>()}};
}

std::string wrapped(const std::string& text, int width) {
  std::string out;
  int column = 0;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find(' ', begin), text.size());
    const std::string word = text.substr(begin, end - begin);
    const bool fits = column + 1 + columns(word) <= width;
    // A word that is wider than the line stays whole: cut, it could not be copied.
    if (column > 0) out += fits ? " " : "\n";
    column = column > 0 && fits ? column + 1 + columns(word) : columns(word);
    out += word;
    begin = end + 1;
  }
  return out;
}

}  // namespace samebits
