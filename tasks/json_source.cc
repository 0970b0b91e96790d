// Task files in samebits' own format: the shipped packs, and the .json files of --include-path.

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
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
  bool is_tag = false, own = false;  // own: of --include-path
  std::shared_ptr<Error> broken;     // two files define it: thrown when it is asked for
};
using JsonEntries = std::map<std::string, JsonEntry, std::less<>>;

struct JsonIndex {
  JsonEntries entries;
  std::vector<UnreadableFile> unreadable;  // of --include-path
};

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

void put(JsonEntries& index, const std::string& id, JsonEntry entry) {
  const auto [it, added] = index.try_emplace(id, entry);
  if (!added) throw defined_twice(id, it->second.file, entry.file);
}

void put_task(JsonEntries& index, const json& definition, const std::string& id, const std::string& file) {
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
void put_members(JsonEntries& index, ObjectReader& reader, GroupFile& shared, Group& group) {
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
std::string put_group(JsonEntries& index, ObjectReader& reader, GroupFile& shared, const JsonEntry& outer) {
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

void put_group_file(JsonEntries& index, const json& definition, const std::string& file) {
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

JsonEntries entries_of(const json& definition, const std::string& file) {
  JsonEntries out;
  ObjectReader reader(definition, file);
  const std::string format = reader.text("format");
  if (format == "samebits-group/1")
    put_group_file(out, definition, file);
  else if (format == "samebits-task/1")
    put_task(out, definition, reader.text("id"), file);
  else
    reader.fail("format", fmt::format("unknown format \"{}\"", format),
                "Write \"samebits-task/1\" or \"samebits-group/1\" there.");
  return out;
}

// Data files may hold one object a line and have the same extension. A single line may be a whole task file.
bool is_json_lines(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const size_t begin = std::min(text.find_first_not_of(kBlanks), text.size());
  const size_t end = text.find('\n', begin);
  if (text.find_first_not_of(kBlanks, end) == std::string_view::npos) return false;
  try {
    return parse_json(text.substr(begin, end - begin), "").is_object();
  } catch (const Error&) {
    return false;
  }
}

// Whether JSON means to be a task or group: by its format, or by an id with a version, which both formats require and
// of samebits' other files only suites have.
bool is_meant_as_task(const json& v) {
  const auto text = [&](const char* key) {
    const auto it = v.find(key);
    return it != v.end() && it->is_string() ? it->get<std::string>() : "";
  };
  if (!v.is_object()) return false;
  const std::string format = text("format");
  return format.starts_with("samebits-task/") || format.starts_with("samebits-group/") ||
         (!text("id").empty() && !text("version").empty() && !format.starts_with("samebits-suite/"));
}

// A .json file of a user's folder; null for one that is no task: data and notes may lie beside task files. What cannot
// be parsed throws, since it may have been meant as one.
json read_own_file(const std::string& file) {
  constexpr uintmax_t kMaxFileBytes = uintmax_t{64} << 20;  // data sets are larger, task files never
  std::error_code ignored;
  if (std::filesystem::file_size(file, ignored) > kMaxFileBytes) return nullptr;
  const std::string text = read_data_bytes(file);
  if (is_json_lines(text)) return nullptr;
  json definition = parse_json(text, file);
  return is_meant_as_task(definition) ? definition : json();
}

void put_tags(JsonEntries& index) {
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

// The shipped files: each is sound, and ids are unique.
JsonEntries read_packs(const std::vector<std::string>& files) {
  JsonEntries out;
  for (const std::string& file : files)
    for (auto& [id, entry] : entries_of(parse_json(read_data_bytes(file), file), file)) put(out, id, std::move(entry));
  return out;
}

// The files of one folder of the user; nothing in it keeps the others from being used.
JsonEntries read_folder(const std::vector<std::string>& files, std::vector<UnreadableFile>& unreadable) {
  JsonEntries out;
  for (const std::string& file : files) try {
      const json definition = read_own_file(file);
      if (definition.is_null()) continue;
      for (auto& [id, entry] : entries_of(definition, file)) {
        entry.own = true;
        const auto [it, added] = out.try_emplace(id, entry);
        if (!added) it->second.broken = std::make_shared<Error>(defined_twice(id, it->second.file, file));
      }
    } catch (const Error& e) {
      unreadable.push_back({file, e});
    }
  return out;
}

std::shared_ptr<const JsonIndex> find_json_index(const PlanOptions& options) {
  static IndexCache<JsonIndex> cache;
  const std::vector<std::string> packs = files_below(resource_path("tasks/packs"), {".json"});
  std::vector<std::vector<std::string>> folders;
  for (const std::string& folder : options.include_paths) folders.push_back(files_below(folder, {".json"}));
  std::string print = fingerprint(packs);
  for (const auto& files : folders) print += fingerprint(files);
  return cache.get(print, [&] {
    JsonIndex index{read_packs(packs), {}};
    for (const auto& files : folders)
      for (auto& [id, entry] : read_folder(files, index.unreadable))
        index.entries.insert_or_assign(id, std::move(entry));  // later folders override
    put_tags(index.entries);
    return index;
  });
}

class JsonTaskSource : public TaskSource {
 public:
  std::vector<TaskSummary> list(const PlanOptions& options) const override {
    std::vector<TaskSummary> out;
    const std::shared_ptr<const JsonIndex> index = find_json_index(options);
    for (const auto& [id, entry] : index->entries) {
      if (entry.is_tag) continue;
      TaskSummary summary{id, entry.version, "group", "", "", "", entry.about, true, ""};
      try {
        if (entry.broken) throw *entry.broken;
        if (!entry.task.is_null()) summary = summarise(parse_task_file(entry.task, entry.file), options);
      } catch (const Error& e) {
        summary = {id, "", "task", "", "", "", "", false, e.what()};
      }
      out.push_back(std::move(summary));
    }
    for (const UnreadableFile& file : index->unreadable) out.push_back(summarise(file));
    return out;
  }

  bool add(std::string_view id, const PlanOptions& options, Plan& plan) const override {
    const std::shared_ptr<const JsonIndex> index = find_json_index(options);
    const auto it = index->entries.find(id);
    if (it == index->entries.end() || !it->second.own) {
      // Asked last (plan.cc): no readable file of the user defines the name, whatever its format.
      refuse_if_hidden(id, index->unreadable);
      refuse_if_hidden(id, unreadable_yaml_files(options));
    }
    if (it == index->entries.end()) return false;
    const JsonEntry& entry = it->second;
    if (entry.broken) throw *entry.broken;
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
