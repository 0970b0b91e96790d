#include "results/show.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

#include "harness/core/canonical_json.h"
#include "harness/core/error.h"
#include "results/claims.h"
#include "results/encoding.h"
#include "results/fields.h"
#include "results/notes.h"
#include "results/verify.h"

namespace samebits {
namespace {

using nlohmann::json;

// A number of the claims as a JSON number; null when unknown or not finite.
json number(const json& claim) {
  if (!claim.is_string()) return nullptr;
  const double v = f64_from_bits(claim.get_ref<const std::string&>());
  return std::isfinite(v) ? json(v) : json();
}

json metrics_json(const json& scores, const std::string& where) {
  json out = json::object();
  for (const json& m : scores.at("metrics"))
    out[metric_key(text_of_json(m.at("metric"), where), text_of_json(m.at("filter"), where))] = {
        {"value", number(m.at("value"))}, {"stderr", number(m.at("stderr"))}, {"n", m.at("n")}};
  return out;
}

json shown_request(const Request& request, const Response& response) {
  static constexpr const char* kKinds[] = {"loglikelihood", "loglikelihood_rolling", "generate"};
  // As the model saw them: context and continuation in one list, n_context says where the second begins.
  std::vector<int32_t> ids = response.context_ids;
  ids.insert(ids.end(), response.output_ids.begin(), response.output_ids.end());
  json out = {{"kind", kKinds[static_cast<size_t>(request.kind)]},
              {"context", text_json(request.context)},
              {"token_ids", ids},
              {"n_context", response.context_ids.size()}};
  if (!response.error.empty()) out["error"] = text_json(response.error);
  if (request.kind == RequestKind::generate) {
    out["until"] = texts_json(request.until);
    out["text"] = text_json(response.text);
    return out;
  }
  if (request.kind == RequestKind::loglikelihood) out["continuation"] = text_json(request.continuation);
  // JSON has no NaN or infinity; the claims keep their bits.
  const double* ll = std::get_if<double>(&response.loglikelihood);
  out["loglikelihood"] = ll && std::isfinite(*ll) ? json(*ll) : json();
  out["greedy"] = response.greedy;
  return out;
}

// Only the aggregate of these is what their name says: of one sample they know its log-likelihood.
bool aggregates_loglikelihoods(const std::string& metric) {
  for (const char* name : {"perplexity", "word_perplexity", "byte_perplexity", "bits_per_byte"})
    if (metric == name) return true;
  return false;
}

// The first number of each statistic is the sample's own score (types.h).
json shown_scores(const json& rows, const std::vector<MetricUse>& metrics, const Sample& sample) {
  json out = json::object();
  for (size_t m = 0; m < metrics.size(); ++m) {
    const std::string& metric = metrics[m].metric;
    const bool part = aggregates_loglikelihoods(metric);
    const json& row = rows.at(m);
    out[part ? "loglikelihood" : metric_key(metric, metrics[m].filter)] =
        row.is_array() && !row.empty() ? number(row[0]) : json();
    // What the sums of log-likelihoods are divided by.
    if (metric == "word_perplexity") out["words"] = sample.words;
    if (metric == "byte_perplexity" || metric == "bits_per_byte") out["bytes"] = sample.bytes;
  }
  return out;
}

}  // namespace

std::string metric_key(const std::string& metric, const std::string& filter) {
  return filter == "none" ? metric : metric + "," + filter;
}

json results_json(const json& claims) {
  return with_shape_errors("claims", [&] {
    json results = json::object();
    for (const json& task : claims.at("tasks")) {
      const json& scores = task.at("scores");
      results[text_of_json(scores.at("id"), "scores.json")] = metrics_json(scores, "scores.json");
    }
    if (!claims.at("groups").is_null())
      for (const json& group : claims.at("groups").at("groups"))
        results[text_of_json(group.at("id"), "groups.json")] = metrics_json(group, "groups.json");
    json out = {
        {"claims_digest", claims.at("claims_digest")}, {"results", results}, {"warnings", warnings_json(claims)}};
    if (const json& run = claims.at("run"); run.contains("logits_digest")) out["logits_digest"] = run["logits_digest"];
    return out;
  });
}

json show_json(const Bundle& bundle) { return results_json(bundle.claims()); }

std::string why_unchecked(const std::string& dir) try {
  const std::optional<Difference> d = verify_bundle(dir, {}, nullptr, nullptr).difference;
  if (!d) return "";
  throw Error("E0611",
              fmt::format("the scores do not follow from the answers in the bundle: {} is {}, computed here {} ({})",
                          d->field, d->stored, d->computed, d->cause),
              dir + ": " + d->where, "do not trust it; `samebits verify " + dir + "` says more");
} catch (const Error& e) {
  if (e.code != "E0902") throw;
  return e.problem;
}

void show_samples(const Bundle& bundle, const std::string& task, const std::function<void(const json&)>& sample) {
  const StoredRun run = load_run(bundle);
  std::vector<std::string> ids;
  size_t t = 0;
  for (const Task& candidate : run.plan.tasks) ids.push_back(candidate.id);
  while (t < ids.size() && ids[t] != task) ++t;
  for (const Group& group : run.plan.groups)
    if (t == ids.size() && group.id == task)
      throw Error("E0616", fmt::format("\"{}\" is a group of tasks: it has no samples of its own", task), bundle.dir(),
                  fmt::format("name one of its members: {}", fmt::join(group.tasks, ", ")));
  if (t == ids.size())
    throw Error("E0616", fmt::format("the bundle has no task \"{}\"{}", task, did_you_mean(task, ids)), bundle.dir(),
                "name one of the tasks that `samebits show` prints");
  const std::string path = task_folder(task) + "/items.jsonl";
  const std::string items = bundle.read(path);
  size_t s = 0;
  while (s < run.plan.samples.size() && run.plan.samples[s].task != t) ++s;  // samples are grouped by task
  for_each_line(items, path, items.size(), [&](std::string_view line, const std::string& where) {
    const Sample& here = run.plan.samples[s++];
    json requests = json::array();
    for (uint32_t i = here.first_request; i < here.first_request + here.n_requests; ++i)
      requests.push_back(shown_request(run.plan.requests[i], *run.responses[i]));
    const json stored = parse_json(line, where);
    const json scores =
        with_shape_errors(where, [&] { return shown_scores(stored.at("scores"), run.plan.tasks[t].metrics, here); });
    sample({{"task", task}, {"doc_id", here.doc_id}, {"requests", requests}, {"scores", scores}});
  });
}

}  // namespace samebits
