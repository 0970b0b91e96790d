#include "harness/cli/plan_notes.h"

#include <fmt/format.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <set>

namespace samebits {
namespace {

using nlohmann::json;

// definition[object][key], when it is true.
bool is_set(const json& definition, const char* object, const char* key) {
  const auto it = definition.find(object);
  return it != definition.end() && it->is_object() && it->value(key, json()) == true;
}

using Wanted = std::function<bool(const Task&, const PlanOptions&)>;

// "a, b, c and 9 more"; empty for none.
std::string names_of(const Plan& plan, const Wanted& wanted, const PlanOptions& options) {
  constexpr size_t kShown = 3;
  std::string out;
  size_t n = 0;
  for (const Task& task : plan.tasks) {
    if (!wanted(task, options)) continue;
    if (++n <= kShown) out += (out.empty() ? "" : ", ") + task.id;
  }
  return n > kShown ? out + fmt::format(" and {} more", n - kShown) : out;
}

bool wants_chat(const Task& task, const PlanOptions&) { return is_set(task.definition, "prompt", "chat"); }

bool keeps_its_shots(const Task& task, const PlanOptions& options) { return task.num_fewshot != *options.num_fewshot; }

bool lacks_version(const Task& task, const PlanOptions&) { return task.version.empty(); }

// "test, standing in for train"; empty when the examples come from the task's own split, or there are none.
std::string stand_in(const Task& task) {
  const json fewshot = task.num_fewshot > 0 ? task.definition.value("fewshot", json()) : json();
  if (!fewshot.is_object() || !fewshot.contains("pool_stands_in_for")) return "";
  return fmt::format("{}, standing in for {}", fewshot.value("pool", ""), fewshot.value("pool_stands_in_for", ""));
}

}  // namespace

std::vector<std::string> plan_notes(const Plan& plan, const PlanOptions& options) {
  std::vector<std::string> notes;
  if (const std::string names = names_of(plan, wants_chat, options); !names.empty()) {
    if (!options.model)
      notes.push_back(
          fmt::format("note: {} uses the model's chat template; without -m the prompts are shown without one", names));
    else if (options.model->chat_template.empty())
      notes.push_back(
          fmt::format("warning: {} wants the model's chat template, and the model file has none: its prompts "
                      "are sent as plain text, and its scores do not compare with those of chat models",
                      names));
  }
  if (options.num_fewshot)
    if (const std::string names = names_of(plan, keeps_its_shots, options); !names.empty())
      notes.push_back(fmt::format("note: --num-fewshot {} does not apply to {}: the task fixes its number of examples",
                                  *options.num_fewshot, names));
  if (const std::string names = names_of(plan, lacks_version, options); !names.empty())
    notes.push_back(fmt::format("note: {} has no version: the task file gives no metadata.version", names));
  std::set<std::string> stand_ins;
  for (const Task& task : plan.tasks) stand_ins.insert(stand_in(task));
  stand_ins.erase("");
  for (const std::string& pool : stand_ins) {
    const auto drawn_here = [&](const Task& task, const PlanOptions&) { return stand_in(task) == pool; };
    notes.push_back(fmt::format("note: few-shot examples of {} from {}", names_of(plan, drawn_here, options), pool));
  }
  return notes;
}

}  // namespace samebits
