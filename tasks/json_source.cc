// Task files in samebits' own format: the shipped packs, and the .json files of --include-path.

#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "harness/core/canonical_json.h"
#include "harness/core/error.h"
#include "harness/core/registry.h"
#include "harness/core/resources.h"
#include "tasks/build.h"
#include "tasks/data_file.h"
#include "tasks/file_index.h"
#include "tasks/json_reader.h"
#include "tasks/plan.h"
#include "tasks/summary.h"

namespace samebits {
namespace {

using nlohmann::json;

// What one id stands for.
struct JsonEntry {
  json task;  // a task's definition; null for a group or tag
  Group group;
  std::string about, version, file;
  bool is_tag = false;
};
using JsonIndex = std::map<std::string, JsonEntry, std::less<>>;

// Bytes that the members of one group may come to.
constexpr size_t kMaxGroupBytes = size_t{64} << 20;

// Takes `bytes` from what is left of kMaxGroupBytes.
void spend(size_t bytes, size_t& left, const ObjectReader& where) {
  if (bytes > left)
    where.fail("", fmt::format("the members come to more than {} MiB", kMaxGroupBytes >> 20), "Make a smaller group.");
  left -= bytes;
}

// "${name}" in every string becomes the member's value of `name`. `left`: bytes that the group may still take.
json substitute(json v, const json& member, const ObjectReader& where, size_t& left) {
  if (v.is_structured())
    for (json& item : v) item = substitute(std::move(item), member, where, left);
  if (!v.is_string()) return v;
  const std::string text = v.get<std::string>();
  std::string out;
  size_t at = 0;
  while (at < text.size()) {
    const size_t open = std::min(text.find("${", at), text.size());
    out.append(text, at, open - at);
    if (open == text.size()) break;
    const size_t close = text.find('}', open);
    if (close == std::string::npos)
      where.fail("", fmt::format("\"${{\" is not closed in \"{}\"", text), "Write ${key}.");
    const std::string name = text.substr(open + 2, close - open - 2);
    if (!member.contains(name) || !member[name].is_string())
      where.fail("", fmt::format("a member has no text \"{}\" for \"{}\"", name, text), "Add the key to the member.");
    const std::string& value = member[name].get_ref<const std::string&>();
    spend(value.size(), left, where);
    out += value;
    at = close + 1;
  }
  return out;
}

void put(JsonIndex& index, const std::string& id, JsonEntry entry) {
  const auto [it, added] = index.try_emplace(id, entry);
  if (!added)
    throw Error("E0406", fmt::format("two task files define \"{}\": {} and {}", id, it->second.file, entry.file),
                entry.file, "Rename one of them.");
}

void put_task(JsonIndex& index, const json& definition, const std::string& id, const std::string& file) {
  JsonEntry entry;
  entry.task = definition;
  entry.file = file;
  put(index, id, std::move(entry));
}

// What the parts of one group file share.
struct GroupFile {
  const std::string& file;
  json each;                     // the definition of every member; null: none
  size_t each_bytes = 0;         // of its text
  size_t left = kMaxGroupBytes;  // bytes that members may still come to
};

// Members share one definition, in which ${key} is their own value and ${group} the id of their group.
void put_members(JsonIndex& index, ObjectReader& reader, GroupFile& shared, Group& group) {
  for (ObjectReader& member : reader.objects("members")) {
    if (shared.each.is_null()) reader.fail("members", "members need a definition", "Add \"each\" to the group.");
    const std::string id = member.text("id");
    json values = member.rest();
    values["group"] = group.id;
    spend(shared.each_bytes, shared.left, member);
    json task = substitute(shared.each, values, member, shared.left);
    // What is left is a task file like any other.
    task["format"] = "samebits-task/1";
    task["id"] = id;
    group.tasks.push_back(id);
    put_task(index, task, id, shared.file);
  }
}

// A group of named tasks, of members, and of groups within it, which take its version and weighting.
std::string put_group(JsonIndex& index, ObjectReader& reader, GroupFile& shared, const JsonEntry& outer) {
  JsonEntry entry = outer;
  entry.group.id = reader.text("id");
  entry.group.tasks = reader.texts("tasks");
  entry.about = reader.text("about", "");
  put_members(index, reader, shared, entry.group);
  for (ObjectReader& inner : reader.objects("groups"))
    entry.group.tasks.push_back(put_group(index, inner, shared, entry));
  reader.done();
  if (entry.group.tasks.empty()) reader.fail("tasks", "the group has no tasks", "Name its \"tasks\".");
  std::string id = entry.group.id;
  put(index, id, std::move(entry));
  return id;
}

void put_group_file(JsonIndex& index, const json& definition, const std::string& file) {
  ObjectReader reader(definition, file);
  reader.text("format");
  JsonEntry outer;
  outer.file = file;
  outer.version = reader.text("version");
  outer.group.weight_by_size = reader.boolean("weight_by_size", true);
  GroupFile shared{file, nullptr};
  if (std::optional<ObjectReader> each = reader.object("each")) {
    shared.each = each->rest();
    shared.each_bytes = shared.each.dump().size();
  }
  put_group(index, reader, shared, outer);
}

void put_json_file(JsonIndex& index, const std::string& file) {
  const json definition = parse_json(read_data_bytes(file), file);
  ObjectReader reader(definition, file);
  const std::string format = reader.text("format");
  if (format == "samebits-group/1")
    put_group_file(index, definition, file);
  else if (format == "samebits-task/1")
    put_task(index, definition, reader.text("id"), file);
  else
    reader.fail("format", fmt::format("unknown format \"{}\"", format),
                "Write \"samebits-task/1\" or \"samebits-group/1\" there.");
}

void put_tags(JsonIndex& index) {
  std::map<std::string, JsonEntry> tags;
  for (const auto& [id, entry] : index) {
    if (!entry.task.is_object() || !entry.task.contains("tags") || !entry.task["tags"].is_array()) continue;
    for (const json& tag : entry.task["tags"]) {
      if (!tag.is_string()) continue;  // the task's own parser says so
      JsonEntry& e = tags[tag.get<std::string>()];
      e.is_tag = true;
      e.group.tasks.push_back(id);
    }
  }
  for (auto& [tag, entry] : tags) index.try_emplace(tag, std::move(entry));  // a task or group of that name wins
}

// The files of one folder: ids are unique within it.
JsonIndex read_folder(const std::vector<std::string>& files) {
  JsonIndex index;
  for (const std::string& file : files) put_json_file(index, file);
  return index;
}

std::shared_ptr<const JsonIndex> find_json_index(const PlanOptions& options) {
  static IndexCache<JsonIndex> cache;
  std::vector<std::vector<std::string>> folders = {files_below(resource_path("tasks/packs"), {".json"})};
  for (const std::string& folder : options.include_paths) {
    folders.emplace_back();
    for (std::string& file : files_below(folder, {".json"}))
      if (is_task_json(file)) folders.back().push_back(std::move(file));
  }
  std::string print;
  for (const auto& files : folders) print += fingerprint(files);
  return cache.get(print, [&] {
    JsonIndex index;
    for (const auto& files : folders)
      for (auto& [id, entry] : read_folder(files)) index.insert_or_assign(id, entry);  // later folders override
    put_tags(index);
    return index;
  });
}

class JsonTaskSource : public TaskSource {
 public:
  std::vector<TaskSummary> list(const PlanOptions& options) const override {
    std::vector<TaskSummary> out;
    for (const auto& [id, entry] : *find_json_index(options)) {
      if (entry.is_tag) continue;
      TaskSummary summary{id, entry.version, "group", "", "", "", entry.about, true, ""};
      if (!entry.task.is_null()) try {
          summary = summarise(parse_task_file(entry.task, entry.file), options);
        } catch (const Error& e) {
          summary = {id, "", "task", "", "", "", "", false, e.what()};
        }
      out.push_back(std::move(summary));
    }
    return out;
  }

  bool add(std::string_view id, const PlanOptions& options, Plan& plan) const override {
    const std::shared_ptr<const JsonIndex> index = find_json_index(options);
    const auto it = index->find(id);
    if (it == index->end()) return false;
    const JsonEntry& entry = it->second;
    if (!entry.task.is_null()) {
      add_task(parse_task_file(entry.task, entry.file), options, plan);
    } else if (entry.is_tag) {
      for (const std::string& task : entry.group.tasks) add_by_name(task, options, plan);
    } else {
      add_group(entry.group, options, plan);
    }
    return true;
  }
};

SAMEBITS_REGISTER(TaskSource, JsonTaskSource, "json", 1, "task files in samebits' own JSON, and the shipped tasks");

}  // namespace
}  // namespace samebits
