// What `samebits show` prints of a bundle, as JSON.
//
// Thread rules: const access to the bundle only. Errors: E0610 when its claims have another shape, E0616 for a task
// that it does not have.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "results/read.h"

namespace samebits {

// {"claims_digest", "results": {TASK: {METRIC or "METRIC,FILTER": {"value", "stderr", "n"}}}, "warnings": {TASK:
// {CODE: requests}}}; groups stand among the tasks; numbers, null where unknown.
nlohmann::json show_json(const Bundle&);
nlohmann::json results_json(const nlohmann::json& claims);  // the same over Bundle::claims()

// One value a sample, in order: {"task", "doc_id", "requests": [{"kind", "context", "continuation", "token_ids",
// "n_context", "loglikelihood", "greedy"} or {…, "text"}], "scores": {METRIC: number or null}}. token_ids: context,
// then output; n_context: how many are context.
void show_samples(const Bundle&, const std::string& task, const std::function<void(const nlohmann::json&)>& sample);

// Scores that a reader sees must follow from the answers stored beside them, so they are computed again (level 2 of
// verify.h, without task files): sums that fit are easily forged. Throws E0611 with the first difference. Returns why
// that cannot be told here (a plugin that is not loaded); empty when they do follow.
std::string why_unchecked(const std::string& dir);

// "acc", or "exact_match,strict-match" for a filtered one.
std::string metric_key(const std::string& metric, const std::string& filter);

}  // namespace samebits
