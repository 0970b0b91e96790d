#include "results/plan_check.h"

#include <fmt/format.h>

#include <algorithm>

#include "harness/core/canonical_json.h"
#include "harness/core/digest.h"
#include "harness/core/error.h"
#include "harness/core/limits.h"
#include "results/difference.h"
#include "results/encoding.h"
#include "results/fields.h"
#include "results/records.h"

namespace samebits {
namespace {

using nlohmann::json;

constexpr const char* kEditedPlan = "the bundle was edited: its parts contradict each other";
constexpr const char* kOtherData = "the bundle was edited: the task and its data at hand say otherwise";

std::string task_place(const Task& task) { return "task " + task.id; }

std::string doc_place(const Task& task, const Sample& sample) {
  return fmt::format("task {}, doc {}", task.id, sample.doc_id);
}

// The samples of one task, in plan order (they are contiguous).
std::vector<const Sample*> samples_of(const Plan& plan, uint32_t task) {
  std::vector<const Sample*> out;
  for (const Sample& s : plan.samples)
    if (s.task == task) out.push_back(&s);
  return out;
}

// ---- The suite, as foreign JSON: whatever is not as expected is not there ----

const json* value_of(const json& object, const char* key) {
  if (!object.is_object()) return nullptr;
  const auto it = object.find(key);
  return it == object.end() ? nullptr : &*it;
}

bool lists(const json* words, const std::string& word) {
  return words && words->is_array() && std::find(words->begin(), words->end(), json(word)) != words->end();
}

// Whether the name of a suite's entry means this task: by its id, a group that it is in, or one of its tags.
bool means(const Plan& plan, const std::string& name, const Task& task) {
  if (name == task.id) return true;
  for (const Group& g : plan.groups)
    if (g.id == name) return std::find(g.tasks.begin(), g.tasks.end(), task.id) != g.tasks.end();
  return lists(value_of(task.definition, "tags"), name);
}

// Documents that the whole run has: all of the set, or as many as the suite takes. E0610 for a limit that no suite has.
int64_t official_docs(const Plan& plan, const Task& task) {
  const json* entries = value_of(plan.suite, "tasks");
  if (!entries || !entries->is_array()) return task.n_docs;
  for (const json& entry : *entries) {
    const json *name = value_of(entry, "task"), *limit = value_of(entry, "limit");
    if (!name || !name->is_string() || !means(plan, *name, task)) continue;
    if (!limit) return task.n_docs;
    const std::string where = "claims/run.json: key/suite/tasks, limit of " + canonical(*name);
    const auto most = Fields::integer_of<int64_t>(*limit, where);
    if (most < 1 || most > kMaxSuiteLimit) fail_field(fmt::format("not from 1 to {}", kMaxSuiteLimit), where);
    return std::min(most, task.n_docs);
  }
  return task.n_docs;
}

std::optional<Difference> inconsistent_suite(const Plan& plan) {
  const std::string where = "claims/run.json";
  if (const json* seed = value_of(plan.suite, "seed"); seed && *seed != plan.seed)
    return Difference{where, "key/seed", fmt::to_string(plan.seed), canonical(*seed) + " (the suite)", kEditedPlan};
  const json* entries = value_of(plan.suite, "tasks");
  if (!entries || !entries->is_array()) return std::nullopt;
  for (size_t i = 0; i < entries->size(); ++i) {
    const json *name = value_of((*entries)[i], "task"), *digest = value_of((*entries)[i], "digest");
    if (!name || !name->is_string()) continue;
    bool there = false;
    for (const Task& task : plan.tasks) {
      if (!means(plan, *name, task)) continue;
      there = true;
      if (digest && digest->is_string() && *digest != "" && *digest != task.digest)
        return Difference{task_place(task), "digest", task.digest, digest->get<std::string>() + " (the suite)",
                          "the task is not the one that the suite pins"};
    }
    if (!there)
      return Difference{where, fmt::format("key/suite/tasks/{}", i), canonical(*name), "no such task in the bundle",
                        "a task of the suite was left out"};
  }
  for (const Task& task : plan.tasks) {
    const auto brings = [&](const json& entry) {
      const json* name = value_of(entry, "task");
      return name && name->is_string() && means(plan, *name, task);
    };
    if (std::none_of(entries->begin(), entries->end(), brings))
      return Difference{task_place(task), "id", task.id, "not of the suite", "a task was added to those of the suite"};
  }
  return std::nullopt;
}

// ---- One task ----

std::optional<Difference> inconsistent_task(const Plan& plan, uint32_t t) {
  const Task& task = plan.tasks[t];
  if (const std::string digest = sha256_hex(canonical(task.definition)); digest != task.digest)
    return Difference{task_place(task), "digest", task.digest, digest + " (of its definition)", kEditedPlan};
  const std::vector<const Sample*> samples = samples_of(plan, t);
  const auto n = static_cast<int64_t>(samples.size());
  const int64_t official = official_docs(plan, task);
  if (n < official && !task.partial)
    return Difference{task_place(task), "partial", "false", fmt::format("true: {} of {} documents", n, official),
                      "a part of the documents passed as the whole run"};
  if (task.n_docs > 0 && n > task.n_docs)
    return Difference{task_place(task), "n_docs", fmt::to_string(task.n_docs), fmt::format("{} documents", n),
                      kEditedPlan};
  // Ascending and below n_docs: of a whole set these are all, each once. A cut one has the first.
  for (int64_t i = 0; i < n; ++i) {
    const int64_t doc = samples[i]->doc_id;
    const bool moved = (i > 0 && doc <= samples[i - 1]->doc_id) || (task.n_docs > 0 && doc >= task.n_docs);
    if (moved || (task.partial && doc != i))
      return Difference{doc_place(task, *samples[i]), "doc_id", fmt::to_string(doc), fmt::format("{} is next", i),
                        "documents were moved, doubled or left out"};
  }
  return std::nullopt;
}

}  // namespace

std::optional<Difference> inconsistent_plan(const Plan& plan) {
  for (uint32_t t = 0; t < plan.tasks.size(); ++t) {
    const auto same_id = [&](const Task& other) { return other.id == plan.tasks[t].id; };
    if (std::count_if(plan.tasks.begin(), plan.tasks.end(), same_id) > 1)
      return Difference{task_place(plan.tasks[t]), "id", "twice", "once", kEditedPlan};
    if (auto difference = inconsistent_task(plan, t)) return difference;
  }
  for (const Group& group : plan.groups)
    for (const std::string& id : group.tasks)
      if (std::none_of(plan.tasks.begin(), plan.tasks.end(), [&](const Task& t) { return t.id == id; }))
        return Difference{"group " + group.id, "tasks", id, "no such task in the bundle",
                          "a task of the group was left out"};
  return inconsistent_suite(plan);
}

std::optional<Difference> group_difference(const Group& stored, const Group& here) {
  return json_difference("group " + stored.id, group_json(stored), group_json(here), kOtherData);
}

std::string suite_name(const Plan& plan) {
  const json* id = value_of(plan.suite, "id");
  return id && id->is_string() ? id->get<std::string>() : "";
}

std::optional<Difference> suite_difference(const Plan& stored, const json& here) {
  return json_difference(
      "claims/run.json, key/suite", stored.suite, here,
      "not the shipped suite of this id and version: a suite that was changed has a name of its own");
}

std::optional<Difference> task_difference(const Plan& stored, uint32_t task, const Plan& here) {
  const Task& theirs = stored.tasks[task];
  const auto ours =
      std::find_if(here.tasks.begin(), here.tasks.end(), [&](const Task& t) { return t.id == theirs.id; });
  SAMEBITS_ASSERT(ours != here.tasks.end());
  if (auto d = json_difference(task_place(theirs), task_json(theirs), task_json(*ours), kOtherData)) return d;
  if (const json* chat_template = value_of(here.chat, "template_sha256"); chat_template && chat_template->is_string())
    if (auto d = json_difference("claims/run.json, key/chat", stored.chat, here.chat, kOtherData)) return d;
  const auto left = samples_of(stored, task);
  const auto right = samples_of(here, static_cast<uint32_t>(ours - here.tasks.begin()));
  for (size_t s = 0; s < std::min(left.size(), right.size()); ++s) {
    if (auto d =
            json_difference(doc_place(theirs, *left[s]), sample_json(*left[s]), sample_json(*right[s]), kOtherData))
      return d;
    for (uint32_t slot = 0; slot < std::max(left[s]->n_requests, right[s]->n_requests); ++slot) {
      const std::string where = fmt::format("{}, request {}", doc_place(theirs, *left[s]), slot);
      const auto request = [slot](const Plan& plan, const Sample& sample) {
        return slot < sample.n_requests ? request_json(plan.requests[sample.first_request + slot]) : json();
      };
      if (auto d = json_difference(where, request(stored, *left[s]), request(here, *right[s]), kOtherData)) return d;
    }
  }
  if (left.size() == right.size()) return std::nullopt;
  return Difference{task_place(theirs), "documents", fmt::to_string(left.size()), fmt::to_string(right.size()),
                    kOtherData};
}

}  // namespace samebits
