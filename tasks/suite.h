// A suite: one file that pins tasks, shots, seed, chat, scenario and gate policy. Its digest is the official
// harness and stands in every bundle.
//
// Limits in a suite are part of it; --limit on top makes the run partial. Nothing else of a suite can be changed
// from the command line (E0420), so that the digest always means the same prompts.
// Thread rules: pure functions of the files.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "harness/core/interfaces.h"

namespace samebits {

struct SuiteTask {
  std::string id;
  std::string digest;  // pins the task's definition (Task::digest); empty: not pinned
  std::optional<int64_t> limit;
  std::optional<int> num_fewshot;
};

struct Suite {
  std::string id, version, about;
  std::vector<SuiteTask> tasks;
  std::optional<uint64_t> seed;  // absent: each task's own
  bool apply_chat_template = false, fewshot_as_multiturn = true;
  std::string system_instruction;
  std::string scenario;  // "offline": all requests at once
  nlohmann::json gate;   // policy of `samebits gate`: {"confidence_percent", "no_worse": [{task, metric}]}; or null
  std::string digest;    // sha256 of the canonical definition
  nlohmann::json definition;
};

// A path, or the name of a shipped suite ("smoke"). Throws E0101, E0602, E0403, E0404, E0421 (no such name).
Suite load_suite(const std::string& path_or_name);

Suite parse_suite(const nlohmann::json& definition, const std::string& where);

// The suite's plan. Of the options, data_dirs, include_paths, model and limit count. Throws E0419 when a task is not
// the one that the suite pins, E0420 when an option contradicts the suite.
Plan make_suite_plan(const Suite&, const PlanOptions&);

std::vector<std::string> list_suites();  // names of the shipped ones, sorted

}  // namespace samebits
