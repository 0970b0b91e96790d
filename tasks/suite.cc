#include "tasks/suite.h"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "harness/core/canonical_json.h"
#include "harness/core/digest.h"
#include "harness/core/error.h"
#include "harness/core/limits.h"
#include "harness/core/resources.h"
#include "tasks/data_file.h"
#include "tasks/json_reader.h"
#include "tasks/plan.h"
#include "tasks/task_file.h"

namespace samebits {
namespace {

namespace fs = std::filesystem;

SuiteTask read_suite_task(ObjectReader& reader) {
  SuiteTask out;
  out.id = reader.text("task");
  out.digest = reader.text("digest", "");
  if (reader.find("limit")) out.limit = reader.integer("limit", 0, 1, kMaxSuiteLimit);
  if (reader.find("num_fewshot")) out.num_fewshot = static_cast<int>(reader.integer("num_fewshot", 0, 0, kMaxFewshot));
  reader.done();
  return out;
}

// Only checked here; the gate reads it from the definition.
nlohmann::json read_gate(std::optional<ObjectReader> reader) {
  if (!reader) return nullptr;
  nlohmann::json out = {{"confidence_percent", reader->integer("confidence_percent", 95, 50, 99)}};
  out["no_worse"] = nlohmann::json::array();
  for (ObjectReader& rule : reader->objects("no_worse")) {
    out["no_worse"].push_back({{"task", rule.text("task")}, {"metric", rule.text("metric")}});
    rule.done();
  }
  reader->done();
  return out;
}

// The suite decides; of the user's options only those that cannot change a prompt are left, and a smaller limit.
PlanOptions options_of(const Suite& suite, const SuiteTask& task, const PlanOptions& user) {
  PlanOptions out = user;
  out.seed = suite.seed;
  out.num_fewshot = task.num_fewshot;
  out.apply_chat_template = suite.apply_chat_template;
  out.fewshot_as_multiturn = suite.fewshot_as_multiturn;
  out.system_instruction = suite.system_instruction;
  out.limit = task.limit;
  if (user.limit) out.limit = std::min(*user.limit, task.limit.value_or(*user.limit));
  return out;
}

void refuse_contradictions(const Suite& suite, const PlanOptions& user) {
  // the defaults: what a user who gave no flag has
  const PlanOptions none;
  const auto refuse = [&](bool given, const char* flag) {
    if (given)
      throw Error("E0420", fmt::format("{} contradicts the suite \"{}\", which pins it", flag, suite.id), flag,
                  "Leave the flag away, or run the tasks with -t.");
  };
  refuse(user.num_fewshot.has_value(), "--num-fewshot");
  // Repeating what the suite says is no contradiction.
  refuse(user.seed && user.seed != suite.seed.value_or(kDefaultSeed), "--seed");
  refuse(user.apply_chat_template && !suite.apply_chat_template, "--apply-chat-template");
  refuse(
      user.fewshot_as_multiturn != none.fewshot_as_multiturn && user.fewshot_as_multiturn != suite.fewshot_as_multiturn,
      "--fewshot-as-multiturn");
  refuse(!user.system_instruction.empty() && user.system_instruction != suite.system_instruction,
         "--system-instruction");
}

void check_entries(const Suite& suite) {
  if (suite.tasks.empty())
    throw Error("E0402", fmt::format("the suite \"{}\" names no task", suite.id), suite.id,
                "Name its tasks: `samebits list` prints those there are.");
  std::set<std::string> ids;
  for (const SuiteTask& task : suite.tasks)
    if (!ids.insert(task.id).second)
      throw Error("E0406", fmt::format("the suite \"{}\" has two entries \"{}\"", suite.id, task.id), suite.id,
                  "Leave one of them away.");
}

// A rule about a score that no run of the suite has would pass, or fail, whatever the model does.
void check_gate(const Suite& suite, const Plan& plan) {
  for (const nlohmann::json& rule : suite.gate.is_null() ? nlohmann::json::array() : suite.gate["no_worse"]) {
    const std::string id = rule["task"], metric = rule["metric"];
    const auto group = std::find_if(plan.groups.begin(), plan.groups.end(), [&](const Group& g) { return g.id == id; });
    const bool scored = std::any_of(plan.tasks.begin(), plan.tasks.end(), [&](const Task& task) {
      const bool member = task.id == id || (group != plan.groups.end() &&
                                            std::count(group->tasks.begin(), group->tasks.end(), task.id) > 0);
      return member && std::any_of(task.metrics.begin(), task.metrics.end(),
                                   [&](const MetricUse& use) { return use.metric == metric; });
    });
    if (!scored)
      throw Error(
          "E0404",
          fmt::format("the gate of the suite \"{}\" names the score {} of \"{}\", which no task of the suite has",
                      suite.id, metric, id),
          "gate.no_worse", "Name a task or group of the suite, and a metric that it has.");
  }
}

}  // namespace

Suite parse_suite(const nlohmann::json& definition, const std::string& where) {
  ObjectReader reader(definition, where);
  Suite out;
  if (reader.text("format") != "samebits-suite/1")
    reader.fail("format", "not a suite of format \"samebits-suite/1\"", "Write \"samebits-suite/1\" there.");
  out.id = reader.text("id");
  out.version = reader.text("version");
  out.about = reader.text("about", "");
  if (reader.find("seed")) out.seed = static_cast<uint64_t>(reader.integer("seed", 0, 0, INT64_MAX));
  out.apply_chat_template = reader.boolean("apply_chat_template", false);
  out.fewshot_as_multiturn = reader.boolean("fewshot_as_multiturn", true);
  out.system_instruction = reader.text("system_instruction", "");
  out.scenario = reader.text("scenario", "offline");
  if (out.scenario != "offline")
    reader.fail("scenario", fmt::format("unknown scenario \"{}\"", out.scenario), "Write \"offline\" there.");
  out.gate = read_gate(reader.object("gate"));
  reader.require("tasks");
  for (ObjectReader& task : reader.objects("tasks")) out.tasks.push_back(read_suite_task(task));
  reader.done();
  out.definition = definition;
  out.digest = sha256_hex(canonical(definition));
  return out;
}

Suite load_suite(const std::string& path_or_name) {
  std::string path = path_or_name;
  std::error_code ignored;
  if (!fs::is_regular_file(path, ignored)) {
    // No such file: perhaps the name of a shipped one.
    path = (fs::path(resource_path("tasks/suites")) / (path_or_name + ".json")).string();
    if (path_or_name.find('/') != std::string::npos || !fs::is_regular_file(path, ignored))
      throw Error("E0421",
                  fmt::format("no suite file or shipped suite \"{}\"{}", path_or_name,
                              did_you_mean(path_or_name, list_suites())),
                  "--suite", "Give the path of a suite file, or the name of a shipped one.");
  }
  return parse_suite(parse_json(read_data_bytes(path), path), path);
}

Plan make_suite_plan(const Suite& suite, const PlanOptions& user) {
  refuse_contradictions(suite, user);
  check_entries(suite);
  Plan plan;
  plan.seed = suite.seed.value_or(kDefaultSeed);
  plan.suite = suite.definition;
  std::map<std::string, int64_t> n_official;  // documents by task
  for (const SuiteTask& pinned : suite.tasks) {
    Plan part;
    // Not add_known: the suite, not the command line, holds the wrong name.
    if (!add_by_name(pinned.id, options_of(suite, pinned, user), part))
      throw Error("E0401",
                  fmt::format("the suite \"{}\" names the task \"{}\", which is not here", suite.id, pinned.id),
                  suite.id, "`samebits list` prints the tasks there are.");
    for (Task& task : part.tasks) {
      if (!pinned.digest.empty() && task.digest != pinned.digest)
        throw Error("E0419",
                    fmt::format("the task \"{}\" is not the one that the suite \"{}\" pins: digest {} instead "
                                "of {}",
                                task.id, suite.id, task.digest, pinned.digest),
                    suite.id, "Use the task file the suite was made with, or make a new version of the suite.");
      // The suite's own limit is official; only the user's cuts it short.
      const int64_t official = std::min(pinned.limit.value_or(task.n_docs), task.n_docs);
      task.partial = user.limit && *user.limit < official;
      if (const int64_t first = n_official.try_emplace(task.id, official).first->second; first != official)
        throw Error("E0406",
                    fmt::format("the suite \"{}\" takes {} documents of the task \"{}\" in one entry and {} in another",
                                suite.id, first, task.id, official),
                    suite.id, "Give the entries one limit, or name the task once.");
    }
    append_plan(plan, std::move(part));
  }
  check_gate(suite, plan);
  return plan;
}

std::vector<std::string> list_suites() {
  std::vector<std::string> out;
  for (const fs::directory_entry& entry : fs::directory_iterator(resource_path("tasks/suites")))
    if (entry.path().extension() == ".json") out.push_back(entry.path().stem().string());
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace samebits
