// lm-eval 0.4 YAML tasks of --include-path: tasks, groups and tags. Names override shipped ones.

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <set>

#include "harness/core/error.h"
#include "harness/core/registry.h"
#include "tasks/build.h"
#include "tasks/file_index.h"
#include "tasks/plan.h"
#include "tasks/summary.h"
#include "tasks/yaml_task.h"

namespace samebits {
namespace {

using Config = nlohmann::ordered_json;

struct YamlEntry {
  Config config;  // null for a tag
  std::string file;
  std::vector<std::string> tagged;  // of a tag: its tasks
  std::shared_ptr<Error> broken;    // two files define it: thrown when it is asked for

  // As lm_eval.tasks._index says: a file with a class is a task in Python, whatever else it has.
  bool is_group() const { return config.is_object() && config.contains("group") && !config.contains("class"); }
};
using YamlEntries = std::map<std::string, YamlEntry, std::less<>>;

struct YamlIndex {
  YamlEntries entries;
  std::vector<UnreadableFile> unreadable;
};

std::string text_or_empty(const Config& config, const char* key) {
  const auto it = config.find(key);
  return it != config.end() && it->is_string() ? it->get<std::string>() : "";
}

std::vector<std::string> tags_of(const Config& config) {
  std::vector<std::string> out;
  const auto it = config.find("tag");
  if (it == config.end()) return out;
  for (const Config& tag : it->is_array() ? *it : Config::array({*it}))
    if (tag.is_string()) out.push_back(tag.get<std::string>());
  return out;
}

// Throws E0405 or E0417 for a file that cannot be read.
void put_yaml_file(YamlEntries& index, const std::string& file) {
  YamlEntry entry;
  entry.file = file;
  entry.config = load_yaml_config(file);
  const std::string id = text_or_empty(entry.config, entry.is_group() ? "group" : "task");
  if (id.empty()) return;  // a file for others to include
  const auto [it, added] = index.try_emplace(id, entry);
  if (!added) it->second.broken = std::make_shared<Error>(defined_twice(id, it->second.file, file));
}

std::shared_ptr<const YamlIndex> find_yaml_index(const PlanOptions& options) {
  static IndexCache<YamlIndex> cache;
  std::vector<std::vector<std::string>> folders;
  std::string print;
  for (const std::string& folder : options.include_paths) {
    folders.push_back(files_below(folder, {".yaml", ".yml"}));
    print += fingerprint(folders.back());
  }
  return cache.get(print, [&] {
    YamlIndex index;
    for (const auto& files : folders) {
      YamlEntries own;
      for (const std::string& file : files) try {
          put_yaml_file(own, file);
        } catch (const Error& e) {
          index.unreadable.push_back({file, e});
        }
      for (auto& [id, entry] : own) index.entries.insert_or_assign(id, std::move(entry));  // later folders override
    }
    YamlEntries tags;
    for (const auto& [id, entry] : index.entries)
      if (entry.config.is_object() && !entry.is_group())
        for (const std::string& tag : tags_of(entry.config)) tags[tag].tagged.push_back(id);
    for (auto& [tag, entry] : tags)
      index.entries.try_emplace(tag, std::move(entry));  // a task or group of that name wins
    return index;
  });
}

// lm-eval gives a group's other keys, and a member's own, to the tasks below it.
Config overrides_of(const Config& from, const std::set<std::string>& structural) {
  Config out = Config::object();
  for (const auto& [key, v] : from.items())
    if (!structural.contains(key)) out[key] = v;
  return out;
}

class YamlPlanner {
 public:
  YamlPlanner(const YamlIndex& index, const PlanOptions& options) : index_(index), options_(options) {}

  bool add(std::string_view id, const Config& overrides, Plan& plan) const {
    const auto it = index_.entries.find(id);
    if (it == index_.entries.end()) return false;
    GroupGuard::count_member(id);
    const YamlEntry& entry = it->second;
    if (entry.broken) throw *entry.broken;
    if (entry.is_group())
      add_yaml_group(entry.config, std::string(id), entry.file, overrides, plan);
    else if (entry.config.is_object())
      add_yaml_task(entry.config, entry.file, overrides, plan);
    else
      for (const std::string& task : entry.tagged) add(task, overrides, plan);
    return true;
  }

 private:
  void add_yaml_task(Config config, const std::string& file, const Config& overrides, Plan& plan) const {
    config.update(overrides);
    add_task(parse_task_file(task_from_yaml(config, file), file), options_, plan);
  }

  static bool weight_by_size(const Config& config, const std::string& file) {
    const auto it = config.find("aggregate_metric_list");
    if (it == config.end() || it->is_null()) return true;
    bool first = true, weighted = true;
    for (const Config& metric : it->is_array() ? *it : Config::array({*it})) {
      const bool w = !metric.is_object() || metric.value("weight_by_size", true);
      const bool plain_mean = metric.is_object() && metric.value("aggregation", Config("mean")) == "mean";
      if (!plain_mean || (!first && w != weighted))
        throw Error("E0416", "a group pools its metrics in different ways", file + ": aggregate_metric_list",
                    "Use aggregation: mean and one weight_by_size for all.");
      weighted = w;
      first = false;
    }
    return weighted;
  }

  void add_yaml_group(const Config& config, const std::string& id, const std::string& file, const Config& overrides,
                      Plan& plan) const {
    const GroupGuard guard(id);
    const auto members = config.find("task");
    if (members == config.end() || !members->is_array())
      throw Error("E0416", fmt::format("the group \"{}\" has no list of tasks", id), file + ": task",
                  "Write a list of names; a \"tag\" is what collects single tasks.");
    Config below = overrides_of(config, {"group", "group_alias", "task", "aggregate_metric_list", "metadata", "tag"});
    below.update(overrides);
    Plan part;
    for (const Config& member : *members) add_member(member, id, file, below, part);
    Group group{id, {}, weight_by_size(config, file)};
    for (const Task& task : part.tasks) group.tasks.push_back(task.id);
    part.groups.push_back(std::move(group));
    append_plan(plan, std::move(part));
  }

  void add_member(const Config& member, const std::string& group, const std::string& file, Config overrides,
                  Plan& plan) const {
    if (member.is_object() && member.contains("group") && !index_.entries.contains(text_or_empty(member, "group"))) {
      add_yaml_group(member, group + "::" + text_or_empty(member, "group"), file, overrides, plan);
      return;
    }
    std::string name = member.is_string() ? member.get<std::string>() : "";
    if (member.is_object()) {
      name = text_or_empty(member, member.contains("group") ? "group" : "task");
      overrides.update(overrides_of(member, {"group", "task"}));
    }
    if (name.empty())
      throw Error("E0416", fmt::format("a member of the group \"{}\" has no name", group), file + ": task",
                  "Write a name, or a mapping with \"task\" or \"group\".");
    if (add(name, overrides, plan)) return;
    if (member.is_object() && member.size() > 1 && member.contains("dataset_path")) {  // defined on the spot
      overrides["task"] = group + "::" + name;
      add_yaml_task(Config::object(), file, overrides, plan);
      return;
    }
    if (!overrides.empty())
      throw Error("E0416", fmt::format("the group \"{}\" changes the task \"{}\", which is no YAML task", group, name),
                  file, "Copy the task into a YAML file of your own.");
    add_known(name, options_, plan);
  }

  const YamlIndex& index_;
  const PlanOptions& options_;
};

class YamlTaskSource : public TaskSource {
 public:
  std::vector<TaskSummary> list(const PlanOptions& options) const override {
    std::vector<TaskSummary> out;
    const std::shared_ptr<const YamlIndex> index = find_yaml_index(options);
    for (const auto& [id, entry] : index->entries) {
      if (entry.config.is_null()) continue;  // a tag
      TaskSummary summary{id, "", entry.is_group() ? "group" : "task", "", "", "", "lm-eval task", entry.is_group(),
                          ""};
      try {
        if (entry.broken) throw *entry.broken;
        if (!entry.is_group())
          summary = summarise(parse_task_file(task_from_yaml(entry.config, entry.file), entry.file), options);
      } catch (const Error& e) {
        summary.missing = fmt::format("{}: {}", e.code, e.problem);
      }
      out.push_back(std::move(summary));
    }
    for (const UnreadableFile& file : index->unreadable) out.push_back(summarise(file));
    return out;
  }

  bool add(std::string_view id, const PlanOptions& options, Plan& plan) const override {
    const std::shared_ptr<const YamlIndex> index = find_yaml_index(options);
    return YamlPlanner(*index, options).add(id, Config::object(), plan);
  }
};

SAMEBITS_REGISTER(TaskSource, YamlTaskSource, "yaml", 1, "lm-evaluation-harness 0.4 YAML tasks that need no Python");

}  // namespace

std::vector<UnreadableFile> unreadable_yaml_files(const PlanOptions& options) {
  return find_yaml_index(options)->unreadable;
}

}  // namespace samebits
