// The words of a run as claims, and back: Plan, Sample, Request, Response, Estimate <-> JSON.
//
// Claims form: integers, strings, true, false, null only; floats as bit strings; 64-bit integers as decimal
// strings; text that tools could alter as {"b64"}; foreign JSON (task files, arguments) as the text of its
// canonical form. A field that holds its default is left out. Reading is strict: E0610 names file and key.
// Thread rules: pure functions. Determinism: the JSON is a function of the value alone.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "harness/core/loop.h"
#include "harness/core/types.h"

namespace samebits {

nlohmann::json request_json(const Request&);  // without its indices: the place says them
Request request_of_json(const nlohmann::json&, const std::string& where);

nlohmann::json response_json(const Response&);  // without its index
Response response_of_json(const nlohmann::json&, const std::string& where);

// Without its place in the plan.
nlohmann::json sample_json(const Sample&);

// One line of items.jsonl: the sample, its requests with their responses, and its statistics by metric of the
// task (`scores`, nullptr: none). A context that equals the one before it in the sample is left out.
nlohmann::json item_json(const Plan&, const Sample&, const Responses&, const TaskScores* scores, size_t sample_of_task);

// Appends the item's sample, requests and responses to the plan. `task`: index into Plan::tasks.
void append_item(nlohmann::json item, uint32_t task, const std::string& where, Plan&, Responses&);

nlohmann::json task_json(const Task&);
Task task_of_json(const nlohmann::json&, const std::string& where);

nlohmann::json group_json(const Group&);
Group group_of_json(const nlohmann::json&, const std::string& where);

nlohmann::json estimate_json(const MetricUse&, const Estimate&);

// What decides every bit of a run: contract, model, seed, tasks, suite, chat, and the digest of the whole plan.
// A journal is resumed, and a bundle is re-run, only under an equal key. `logits_digest`: whether responses carry one.
nlohmann::json run_key(const Plan&, const ModelInfo&, bool logits_digest = false);
// Names the first part in which two keys differ: "model: b179… here, 77aa… there". Empty when equal.
std::string key_difference(const nlohmann::json& here, const nlohmann::json& there);

}  // namespace samebits
