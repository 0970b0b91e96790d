// samebits explain: the long text for an error code, a registered plugin or a task.
#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "harness/cli/flags.h"
#include "harness/cli/names.h"
#include "harness/cli/terminal.h"
#include "harness/cli/verbs.h"

namespace samebits {
namespace {

struct ExplainFlags {
  std::string name;
  std::vector<std::string> plugins;
  PlanOptions plan;
  bool json = false;
};

nlohmann::json explain_code(const ErrorCode& e) {
  return {{"kind", "error"},
          {"name", e.code},
          {"title", e.title},
          {"exit_code", static_cast<int>(e.exit)},
          {"explanation", e.explanation}};
}

// What is known under `name`, nothing when there is no such thing.
nlohmann::json find_explanations(const ExplainFlags& flags) {
  nlohmann::json found = nlohmann::json::array();
  std::string upper = flags.name;  // "e0901" is meant as the code
  for (char& c : upper)
    if (c >= 'a' && c <= 'z') c -= 'a' - 'A';
  if (const ErrorCode* code = find_error_code(upper)) found.push_back(explain_code(*code));
  const nlohmann::json things = named_things(flags.plan);
  // One name may mean several things: a metric and a filter, say. All are shown.
  for (const auto& [kind, entries] : things.items())
    for (const nlohmann::json& entry : entries)
      if (entry["name"] == flags.name) {
        found.push_back(entry);
        found.back()["kind"] = kind;
      }
  return found;
}

std::string explained_text(const nlohmann::json& found) {
  std::string out;
  for (const nlohmann::json& entry : found) {
    const std::string kind = entry["kind"], name = entry["name"];
    if (kind == "error") {
      out += name + ": " + entry["title"].get<std::string>() + " (exit " + entry["exit_code"].dump() + ")\n\n" +
             wrapped(entry["explanation"].get<std::string>(), 100) + "\n";
      continue;
    }
    out += name + " (" + kind + ")\n";
    for (const auto& [key, value] : entry.items())
      if (key != "kind" && key != "name" && value != "")
        out += "  " + key + ": " + (value.is_string() ? value.get<std::string>() : value.dump()) + "\n";
  }
  return out;
}

// What a mistyped name may have meant.
std::vector<std::string> all_names(const ExplainFlags& flags) {
  std::vector<std::string> names;
  for (const ErrorCode& code : error_codes()) names.emplace_back(code.code);
  const nlohmann::json things = named_things(flags.plan);
  for (const auto& [kind, entries] : things.items())
    for (const nlohmann::json& entry : entries) names.push_back(entry["name"]);
  return names;
}

Exit explain_all_codes(bool as_json) {
  nlohmann::json all = nlohmann::json::array();
  std::string text;
  for (const ErrorCode& e : error_codes()) {
    all.push_back(explain_code(e));
    text += std::string(e.code) + "  " + std::string(e.title) + " (exit " + std::to_string(int(e.exit)) + ")\n";
  }
  print(as_json ? all.dump() + "\n" : text);
  return Exit::success;
}

Exit explain(const ExplainFlags& flags) {
  load_plugins(flags.plugins);
  if (flags.name.empty()) return explain_all_codes(flags.json);
  const nlohmann::json found = find_explanations(flags);
  if (found.empty())
    throw Error("E0112", "nothing is called \"" + flags.name + "\"" + did_you_mean(flags.name, all_names(flags)), "",
                "`samebits explain` prints every error code, `samebits list` everything else");
  print(flags.json ? found.dump() + "\n" : safe_text(explained_text(found)));
  return Exit::success;
}

}  // namespace

void add_explain(CLI::App& app, Action& action) {
  auto flags = std::make_shared<ExplainFlags>();
  CLI::App* verb = app.add_subcommand("explain", "what an error code, metric, filter or task means");
  verb->footer("Example:  samebits explain E0901");
  verb->add_option("NAME", flags->name, "an error code or a registered name (default: all error codes)");
  add_plugin_flag(*verb, flags->plugins);
  add_task_folder_flags(*verb, flags->plan);
  add_json_flag(*verb, flags->json);
  verb->callback([flags, &action] { action = [flags] { return explain(*flags); }; });
}

}  // namespace samebits
