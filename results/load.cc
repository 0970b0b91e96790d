// From a checked bundle back to the plan, the responses and the model they came from.
#include <algorithm>
#include <filesystem>
#include <iterator>

#include "harness/core/canonical_json.h"
#include "harness/core/error.h"
#include "results/bundle.h"
#include "results/encoding.h"
#include "results/fields.h"
#include "results/journal.h"
#include "results/read.h"
#include "results/records.h"

namespace samebits {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr const char* kRunPath = "claims/run.json";
constexpr const char* kEvidence[] = {"exact", "recorded", "imported"};  // types.h
constexpr size_t kMaxLineBytes = BundleLimits{}.line_bytes;

ModelInfo model_of_json(const json& v, const std::string& where) {
  Fields f(v, where);
  ModelInfo m;
  m.digest = f.text("digest");
  m.arch = f.text("arch");
  m.quantisation = f.text("quantisation");
  m.contract = f.text("contract");
  m.context_length = f.integer<int>("context_length");
  m.bos = f.text("bos");
  m.eos = f.text("eos");
  m.details = json::object();  // of all details the claims keep the digests only
  for (const json& pin : f.array("pins")) {
    Fields p(pin, f.where("pins"));
    const std::string name = p.text("name");
    m.details[name] = p.text("digest");
    p.done();
  }
  f.done();
  return m;
}

void load_task(const Bundle& bundle, const std::string& id, StoredRun& run) {
  const auto index = static_cast<uint32_t>(run.plan.tasks.size());
  const std::string folder = task_folder(id), path = folder + "/task.json", items = folder + "/items.jsonl";
  if (!bundle.has(path) || !bundle.has(items)) fail_field("a task's file is missing", bundle.dir() + "/" + folder);
  const json stored = bundle.read_json(path);
  Fields f(stored, path);
  run.plan.tasks.push_back(task_of_json(f.get("task"), path));  // n, root and warnings: open() and verify look
  if (run.plan.tasks.back().id != id) fail_field("the task has another id than run.json says", f.where("task"));
  for_each_line(bundle.read(items), items, kMaxLineBytes, [&](std::string_view line, const std::string& where) {
    append_item(parse_json(line, where), index, where, run.plan, run.responses);
  });
}

}  // namespace

StoredRun load_run(const Bundle& bundle) {
  return with_shape_errors(kRunPath, [&] {
    const json stored = bundle.read_json(kRunPath);
    Fields f(stored, kRunPath);
    StoredRun run;
    run.model = model_of_json(f.get("model"), f.where("model"));
    run.model.evidence = f.text("evidence");
    if (std::none_of(std::begin(kEvidence), std::end(kEvidence),
                     [&](const char* e) { return run.model.evidence == e; }))
      fail_field("evidence that is not exact, recorded or imported", f.where("evidence"));
    Fields key(f.get("key"), f.where("key"));
    run.plan.seed = key.u64("seed");
    run.plan.suite = json_of_embedded(key.get("suite"), key.where("suite"));
    run.plan.chat = json_of_embedded(key.get("chat"), key.where("chat"));
    run.logits_digest = key.find("logits_digest") && key.boolean("logits_digest");
    for (const json& task : key.array("tasks")) {
      Fields t(task, key.where("tasks"));
      load_task(bundle, t.text("id"), run);
    }
    for (const json& group : f.array("groups")) run.plan.groups.push_back(group_of_json(group, f.where("groups")));
    return run;
  });
}

bool holds_run(const std::string& dir, const Plan& plan, const ModelInfo& model, bool logits_digest) {
  std::error_code ignored;
  if (fs::exists(fs::path(dir) / kJournalName, ignored) || !fs::exists(fs::path(dir) / kSumsName, ignored))
    return false;
  // A damaged bundle throws here: it is neither this run's nor another's.
  const Bundle bundle = Bundle::open(dir);
  const json key = run_key(plan, model, logits_digest);
  const std::string difference =
      with_shape_errors(kRunPath, [&] { return key_difference(key, bundle.read_json(kRunPath).at("key")); });
  if (difference.empty()) return true;
  throw Error("E0701", "the folder holds the bundle of another run: " + difference, dir,
              "choose another folder with -o");
}

}  // namespace samebits
