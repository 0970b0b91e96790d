#include "results/claims.h"

#include <fmt/format.h>

#include "harness/core/canonical_json.h"
#include "harness/core/digest.h"
#include "harness/core/error.h"
#include "results/encoding.h"
#include "results/records.h"

namespace samebits {
namespace {

using nlohmann::json;

// claims/run.json: what decided every bit, and what the model says of itself.
json run_json(const ClaimsInput& in) {
  bool partial = false;
  for (const Task& t : in.plan.tasks) partial = partial || t.partial;
  json groups = json::array();
  for (const Group& g : in.plan.groups) groups.push_back(group_json(g));
  json out = {{"format", kBundleFormat},
              {"key", run_key(in.plan, in.model, in.logits_digest)},
              {"evidence", text_json(in.model.evidence)},
              {"partial", partial},
              {"suite_sha256", in.plan.suite.is_null() ? json() : json(sha256_hex(canonical(in.plan.suite)))},
              {"model", model_json(in.model)},
              {"groups", groups}};
  if (in.logits_digest) out["logits_digest"] = run_logits_digest(in.responses);
  return out;
}

// The items of a task as JSONL, and task.json with their Merkle root and a count of each kind of warning.
void emit_items(const ClaimsInput& in, uint32_t t, const EmitFile& emit) {
  std::string lines;
  MerkleRoot root;
  size_t n = 0;
  std::map<std::string, uint64_t> warnings;
  for (const Sample& sample : in.plan.samples) {
    if (sample.task != t) continue;
    for (uint32_t i = sample.first_request; i < sample.first_request + sample.n_requests; ++i)
      for (const std::string& code : in.responses[i]->warnings) ++warnings[code];
    const std::string line = canonical(item_json(in.plan, sample, in.responses, &in.scores.tasks[t], n++));
    root.add(line);
    lines += line;
    lines += '\n';
  }
  const std::string folder = task_folder(in.plan.tasks[t].id);
  json task = {{"task", task_json(in.plan.tasks[t])}, {"n", n}, {"items_root", root.hex()}};
  for (const auto& [code, count] : warnings) task["warnings"].push_back({{"code", text_json(code)}, {"n", count}});
  emit(folder + "/items.jsonl", std::move(lines));
  emit(folder + "/task.json", canonical(task));
}

std::string estimates_text(const TaskScores& scores) {
  json metrics = json::array();
  for (size_t m = 0; m < scores.metrics.size(); ++m)
    metrics.push_back(estimate_json(scores.metrics[m], scores.estimates[m]));
  return canonical({{"id", text_json(scores.id)}, {"metrics", metrics}});
}

// ---- Energy proxies: exact work of every request as if computed alone ----

struct Work {
  // 128 bits: sums of 64-bit counts cannot wrap, however many requests a bundle claims.
  unsigned __int128 macs = 0, weight_bytes = 0, kv_bytes = 0;
  uint64_t n = 0, unknown = 0;  // requests
};

json work_json(const std::string& task, const Work& w) {
  return {{"task", text_json(task)},
          {"requests", w.n},
          {"unknown", w.unknown},
          {"macs", fmt::to_string(w.macs)},
          {"weight_bytes", fmt::to_string(w.weight_bytes)},
          {"kv_bytes", fmt::to_string(w.kv_bytes)}};
}

void emit_energy(const ClaimsInput& in, const EmitFile& emit) {
  std::vector<Work> work(in.plan.tasks.size());
  bool any = false;
  for (const Request& request : in.plan.requests) {
    Work& w = work[request.task];
    const Known<Cost>& cost = in.responses[request.index]->cost;
    if (!is_known(cost)) {
      ++w.unknown;
      continue;
    }
    any = true;
    ++w.n;
    w.macs += std::get<Cost>(cost).macs;
    w.weight_bytes += std::get<Cost>(cost).weight_bytes;
    w.kv_bytes += std::get<Cost>(cost).kv_bytes;
  }
  if (!any) return;
  json tasks = json::array();
  for (size_t t = 0; t < work.size(); ++t) tasks.push_back(work_json(in.plan.tasks[t].id, work[t]));
  emit("claims/energy_proxies.json", canonical({{"tasks", tasks}}));
}

// ---- Safety: what each stage did, by label ----

struct StageCount {
  uint64_t blocked = 0, passed = 0;
};
// (point, stage, digest, label of the sample)
using StageKey = std::tuple<std::string, std::string, std::string, std::string>;

json stages_json(const std::map<StageKey, StageCount>& counts) {
  json out = json::array();
  for (const auto& [key, count] : counts) {
    const auto& [point, stage, digest, label] = key;
    out.push_back({{"point", text_json(point)},
                   {"stage", text_json(stage)},
                   {"digest", text_json(digest)},
                   {"label", text_json(label)},
                   {"blocked", count.blocked},
                   {"passed", count.passed}});
  }
  return out;
}

void emit_safety(const ClaimsInput& in, const EmitFile& emit) {
  json tasks = json::array();
  for (uint32_t t = 0; t < in.plan.tasks.size(); ++t) {
    if (in.plan.tasks[t].stages.empty()) continue;
    std::map<StageKey, StageCount> counts;
    uint64_t requests = 0, errors = 0;
    for (const Request& request : in.plan.requests) {
      if (request.task != t) continue;
      const Response& response = *in.responses[request.index];
      ++requests;
      errors += !response.error.empty();
      const auto& slices = in.plan.samples[request.sample].slices;
      const auto label = slices.find("label");  // "safe" or "unsafe"; "" where the task has none
      for (const StageRecord& s : response.stages) {
        StageCount& count = counts[{s.point, s.stage, s.digest, label == slices.end() ? "" : label->second}];
        ++(s.block ? count.blocked : count.passed);
      }
    }
    json metrics = json::array();
    for (size_t m = 0; m < in.scores.tasks[t].metrics.size(); ++m)
      metrics.push_back(estimate_json(in.scores.tasks[t].metrics[m], in.scores.tasks[t].estimates[m]));
    tasks.push_back({{"task", text_json(in.plan.tasks[t].id)},
                     {"requests", requests},
                     {"errors", errors},
                     {"stages", stages_json(counts)},
                     {"metrics", metrics}});
  }
  if (!tasks.empty()) emit("claims/safety.json", canonical({{"tasks", tasks}}));
}

}  // namespace

namespace {

// {"tokenizer": {"digest": D}} and {"tokenizer_digest": D} both pin D as "tokenizer_digest".
std::map<std::string, std::string> pinned_digests(const json& details) {
  std::map<std::string, std::string> out;
  if (!details.is_object()) return out;
  for (const auto& [key, value] : details.items()) {
    if (value.is_string() && (key.ends_with("_sha256") || key.ends_with("_digest"))) out[key] = value;
    if (!value.is_object()) continue;
    for (const char* name : {"digest", "sha256"})
      if (const auto it = value.find(name); it != value.end() && it->is_string()) out[key + "_" + name] = *it;
  }
  return out;
}

}  // namespace

std::string run_logits_digest(const Responses& responses) {
  std::string lines;
  for (const auto& response : responses) lines += (response ? response->logits_digest : "") + "\n";
  return sha256_hex(lines);
}

std::string task_folder(const std::string& task_id) { return "claims/tasks/" + path_name(task_id); }

json model_json(const ModelInfo& model) {
  std::map<std::string, std::string> digests = pinned_digests(model.details);
  if (!model.chat_template.empty()) digests["chat_template_sha256"] = sha256_hex(model.chat_template);
  json pins = json::array();
  for (const auto& [name, digest] : digests) pins.push_back({{"name", text_json(name)}, {"digest", text_json(digest)}});
  return {{"digest", text_json(model.digest)},
          {"arch", text_json(model.arch)},
          {"quantisation", text_json(model.quantisation)},
          {"contract", text_json(model.contract)},
          {"context_length", model.context_length},
          {"bos", text_json(model.bos)},
          {"eos", text_json(model.eos)},
          {"pins", pins}};
}

void render_claims(const ClaimsInput& in, const EmitFile& emit) {
  size_t missing = in.plan.requests.size() - std::min(in.plan.requests.size(), in.responses.size());
  for (const auto& response : in.responses) missing += !response.has_value();
  if (missing > 0)
    throw Error("E0705", fmt::format("{} of {} requests have no response", missing, in.plan.requests.size()), "",
                "run the same command again to answer the rest");
  for (uint32_t t = 0; t < in.plan.tasks.size(); ++t) {
    emit_items(in, t, emit);
    emit(task_folder(in.plan.tasks[t].id) + "/scores.json", estimates_text(in.scores.tasks[t]));
  }
  if (!in.scores.groups.empty()) {
    json groups = json::array();
    for (const TaskScores& g : in.scores.groups) groups.push_back(parse_json(estimates_text(g), "claims/groups.json"));
    emit("claims/groups.json", canonical({{"groups", groups}}));
  }
  emit_energy(in, emit);
  emit_safety(in, emit);
  emit("claims/run.json", canonical(run_json(in)));
}

}  // namespace samebits
