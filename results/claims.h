// The files under claims/, as a pure function of plan, responses, scores and model.
//
// verify calls the same function over what it read back and compares every byte.
// Thread rules: pure. Determinism: the bytes are the same on every machine and for every order of answering.
#pragma once

#include <functional>
#include <string>

#include "harness/core/loop.h"

namespace samebits {

inline constexpr const char* kBundleFormat = "samebits-bundle/1";

struct ClaimsInput {
  const Plan& plan;
  const Responses& responses;  // complete: every request has one
  const Scores& scores;
  const ModelInfo& model;
  bool logits_digest = false;  // the responses carry one
};

using EmitFile = std::function<void(const std::string& path, std::string&& bytes)>;

// Calls `emit` once a file, paths relative to the bundle. Throws E0705 when a request has no response.
void render_claims(const ClaimsInput&, const EmitFile& emit);

// One digest over the logits of a whole run (inference/NUMERICS.md §6): SHA-256 over the digests of its responses, each
// followed by a line feed, in the order of the requests; an empty line for a response without logits.
std::string run_logits_digest(const Responses&);

// "claims/tasks/arc_easy"
std::string task_folder(const std::string& task_id);

// The model as claims name it. Its pins are the digests of its chat template and of every part of
// ModelInfo::details that has one: {"tokenizer": {"digest": …}}.
nlohmann::json model_json(const ModelInfo&);

}  // namespace samebits
